import {describe, expect, it} from 'vitest';
import {ClockOffset} from '../src/audio/clock_offset';
import {Horizon} from '../src/audio/horizon';
import {channelOf, midiMessages, noteOn} from '../src/audio/midi_messages';
import {placeColour} from '../src/pad/colours';
import {arrowed, cornerWeights, nearestCell, simplified} from '../src/pad/geometry';
import {History} from '../src/state/history';
import {latest} from '../src/state/latest';
import {DEFAULT_KNOBS, readKnobs, readSession, type Session, writeSession} from '../src/state/session';
import {TapTake} from '../src/state/taps';
import {said} from '../src/state/how_far';
import {barRanges} from '../src/music/bars';
import {add, drag, find, keyed, stretch, toggle} from '../src/ui/roll_edit';
import {rowIndex, rowsOf} from '../src/ui/rows';
import {clip, hit, note} from './music';

describe('a session', () => {
  const session: Session = {
    ...{model: 'cat-mel_2bar_small', corners: [clip([hit(36, 0)]), null, clip([]), clip([])], favourites: [clip([note(60, 0, 1)])]},
    ...{knobs: {...DEFAULT_KNOBS, seed: 7, attributes: {density: -1.5}}, point: [0.25, 1], clip: clip([note(61, 0, 2)]), control: null},
    ...{shelf: [clip([hit(38, 1)])], path: [[0, 0], [1, 0.5]], style: [0.5, -2], files: [{midi: 'TVRoZA==', name: 'a.mid'}]},
  };

  it('reads what it wrote', () => {
    expect(readSession(writeSession(session))).toEqual(session);
  });

  it.each([
    ['no JSON', '{', 'not JSON'],
    ['another kind', '{}', 'no session'],
    ['three corners', '{"musicvae_session":1,"corners":[null,null,null]}', '4 corners'],
    ['a pitch of 300', writeSession({...session, clip: clip([note(300, 0, 1)])}), 'pitch of the clip: 300'],
    ['a file without bytes', '{"musicvae_session":1,"corners":[null,null,null,null],"files":[{"name":"a.mid"}]}', 'no bytes'],
    ['a style too far', writeSession({...session, style: [99]}), 'style: 99'],
    ['a length of nothing', writeSession({...session, clip: clip([], {length: 0})}), 'length of the clip'],
  ])('says in one line what is wrong with %s', (_, text, says) => {
    expect(() => readSession(text)).toThrow(says);
  });

  it('brings knobs into range', () => {
    expect(readKnobs({temperature: 99, tempo: 'fast', seed: 1.5, attributes: {a: 9, b: 'x'}})).toMatchObject({
      ...{temperature: 2, tempo: 120, seed: 2, attributes: {a: 3}},
    });
  });
});

describe('undo', () => {
  it('goes back and forth, and forgets the future after a change', () => {
    const history = new History<number>(2);
    history.keep(1);
    history.keep(2);
    history.keep(3);
    expect(history.undo(4)).toBe(3);
    expect(history.redo(3)).toBe(4);
    expect(history.undo(4)).toBe(3);
    history.keep(9);
    expect(history.canRedo).toBe(false);
    expect([history.undo(10), history.undo(9), history.undo(2)]).toEqual([9, 2, null]);
  });
});

describe('a dragged pointer', () => {
  it('asks for the newest place once the last answer is there, and for no other', async () => {
    const asked: number[] = [];
    let answer: (() => void) | undefined;
    const ask = latest((place: number) => {
      asked.push(place);
      return new Promise<number>((resolve) => (answer = () => resolve(place)));
    });
    const answers = [ask(1), ask(2), ask(3)];
    answer!();
    expect(await answers[0]).toBe(1);
    expect(await answers[1]).toBeUndefined();
    await Promise.resolve();
    answer!();
    expect(await answers[2]).toBe(3);
    expect(asked).toEqual([1, 3]);
  });

  it('goes on after a request that failed', async () => {
    const ask = latest(async (place: number) => {
      if (place === 1) throw new Error('no');
      return place;
    });
    const [first, second] = [ask(1), ask(2)];
    await expect(first).rejects.toThrow('no');
    expect(await second).toBe(2);
  });
});

describe('what takes long', () => {
  it('says how far it is once a part of it is done, and how long it will take if that is long', () => {
    expect(said({done: 0, total: 4, remaining: null})).toBe('');
    expect(said({done: 3, total: 4, remaining: 0.6})).toBe('75 %');
    expect(said({done: 1, total: 4, remaining: 11.7})).toBe('25 %, about 12 s left');
  });

  it('keeps bars as ranges', () => {
    expect(barRanges([1, 2, 3, 7])).toBe('1-3,7');
    expect(barRanges([2])).toBe('2');
  });
});

describe('the pad', () => {
  it('weighs corners so that they sum to one', () => {
    expect(cornerWeights([0.25, 0.5])).toEqual([0.375, 0.125, 0.375, 0.125]);
    expect(cornerWeights([1, 0])).toEqual([0, 1, 0, 0]);
  });

  it('moves by arrows and stays inside', () => {
    expect(arrowed([0.5, 0.5], 'ArrowUp', 0.1)).toEqual([0.5, 0.4]);
    expect(arrowed([0.99, 0], 'ArrowRight', 0.1)).toEqual([1, 0]);
    expect(arrowed([0, 0], 'x', 0.1)).toBeNull();
  });

  it('snaps to the palette', () => {
    expect(nearestCell([0.6, 0.9], 5)).toEqual({row: 4, column: 2, point: [0.5, 1]});
  });

  it('keeps the bends of a path', () => {
    expect(simplified([[0, 0], [0.5, 0.001], [1, 0], [1, 1]], 0.01)).toEqual([[0, 0], [1, 0], [1, 1]]);
  });

  it('has a colour for each corner and no grey in the middle', () => {
    expect(new Set([[0, 0], [1, 0], [0, 1], [1, 1]].map(([x, y]) => placeColour([x!, y!], 'dark'))).size).toBe(4);
    const [r, g, b] = placeColour([0.5, 0.5], 'dark').match(/\d+/g)!.map(Number);
    expect(Math.max(r!, g!, b!) - Math.min(r!, g!, b!)).toBeGreaterThan(25);
  });
});

describe('the horizon', () => {
  it('is near, grows when timers come late, and shrinks again', () => {
    const horizon = new Horizon();
    expect([0, 0.025, 0.05].map((time) => horizon.at(time)).at(-1)).toBe(0.1);
    expect(horizon.at(0.35)).toBeCloseTo(0.45);
    let now = 0.35;
    for (let k = 0; k < 1000; k += 1) horizon.at((now += 0.025));
    expect(horizon.at(now + 0.025)).toBe(0.1);
    expect(horizon.at(now + 9)).toBe(0.6);
    expect(horizon.at(now + 10, true)).toBe(1.3);
  });

  it('does not count a pause as lateness', () => {
    const horizon = new Horizon();
    horizon.at(0);
    horizon.pause();
    expect(horizon.at(60)).toBe(0.1);
  });
});

describe('MIDI', () => {
  const event = {kind: 'on', time: 2, beat: 4, note: hit(36, 0, 99)} as const;

  it('puts drums on channel 10 and skips it for other parts', () => {
    expect(midiMessages(event, true)).toEqual([{time: 2, data: [0x99, 36, 99]}]);
    expect([8, 9, 15].map((part) => channelOf({drum: false, part}))).toEqual([8, 10, 0]);
  });

  it('sends a clock only if it is wanted', () => {
    const tick = {kind: 'clock', time: 1, beat: 0} as const;
    expect(midiMessages(tick, true)).toEqual([{time: 1, data: [0xf8]}]);
    expect(midiMessages(tick, false)).toEqual([]);
  });

  it('hears the notes of a keyboard, and no ends of notes', () => {
    expect(noteOn(Uint8Array.of(0x93, 60, 5))).toEqual({pitch: 60, velocity: 5});
    expect(noteOn(Uint8Array.of(0x93, 60, 0))).toBeNull();
    expect(noteOn(Uint8Array.of(0xf8))).toBeNull();
  });

  it('turns the sound card’s time into that of messages, whatever its clock’s jumps', () => {
    const offset = new ClockOffset();
    for (const late of [0.009, 0.004, 0.0, 0.007]) offset.observe(1 - late, 5000);
    expect(offset.toPerformance(2)).toBeCloseTo(6000);
    expect(offset.toAudio(6500)).toBeCloseTo(2.5);
  });
});

describe('a take of taps', () => {
  const take = () => new TapTake({tempo: 120, bars: 1, beatsPerBar: 4, startTime: 100});

  it('counts in one bar and clicks through the take', () => {
    const clicks = take().clicks();
    expect(clicks).toHaveLength(8);
    expect(clicks.filter(({accent}) => accent).map(({time}) => time)).toEqual([100, 102]);
    expect(take().endTime).toBe(104);
  });

  it('writes taps where they were played, and counts an early one as the first beat', () => {
    const one = take();
    expect([101.9, 102.5, 103.27, 101, 104].map((time) => one.tap(time))).toEqual([true, true, true, false, false]);
    expect(one.notes().map(({start}) => Number(start.toFixed(3)))).toEqual([0, 1, 2.54]);
    expect(one.clip()).toMatchObject({length: 4, z: null, tempo: 120});
  });
});

describe('the roll', () => {
  const model = {
    family: 'drums', drum_classes: [{name: 'kick', pitch: 36, pitches: [35, 36]}, {name: 'snare', pitch: 38, pitches: [38, 40]}],
  } as never;
  const drums = {rows: rowsOf(clip([hit(36, 0)]), model), step: 0.25};
  const keys = {rows: rowsOf(clip([note(60, 0, 1)]), null), step: 0.25};
  const c4 = keys.rows.findIndex(({label}) => label === 'C4');

  it('has a row for each class of drums, kick at the bottom, and one for what no class has', () => {
    expect(drums.rows.map(({label}) => label)).toEqual(['Snare', 'Kick']);
    const rows = rowsOf(clip([hit(35, 0), hit(56, 0)]), model);
    expect(rows.map(({label}) => label)).toEqual(['Cowbell', 'Snare', 'Kick']);
    expect(rowIndex(rows)(hit(40, 0))).toBe(1);
  });

  it('adds a hit and takes it away', () => {
    const added = toggle(clip([]), drums, 0, 1.1);
    expect(added.clip.notes[0]).toMatchObject({pitch: 38, start: 1, end: 1.25, drum: true});
    expect(toggle(added.clip, drums, 0, 1.2).clip.notes).toEqual([]);
  });

  it('finds a hit that was played off the grid', () => {
    expect(find(clip([hit(36, 0.96)]), drums, 1, 1.05)).toBe(0);
  });

  it('adds, moves and stretches notes by steps and rows', () => {
    const added = add(clip([]), keys, c4, 1.3);
    expect(added.clip.notes[added.index]).toMatchObject({pitch: 60, start: 1.25, end: 1.5, drum: false});
    const moved = drag(added.clip, keys, added.index, 0.6, -2);
    expect(moved.clip.notes[moved.index]).toMatchObject({pitch: 62, start: 1.75, end: 2});
    expect(stretch(moved.clip, keys, moved.index, 3.1).clip.notes[0]!.end).toBe(3);
    expect(stretch(moved.clip, keys, moved.index, 0).clip.notes[0]!.end).toBe(2);
  });

  it('does the same by keys', () => {
    const press = (key: string, more = {}) => ({key, shiftKey: false, altKey: false, ...more});
    const cursor = {row: c4, step: 4};
    const {clip: added} = keyed(clip([]), keys, cursor, press('Enter'))!;
    expect(added!.notes[0]).toMatchObject({pitch: 60, start: 1});
    expect(keyed(added!, keys, cursor, press('+'))!.clip!.notes[0]!.velocity).toBe(108);
    expect(keyed(added!, keys, cursor, press('ArrowRight', {shiftKey: true}))!.clip!.notes[0]!.end).toBe(1.5);
    expect(keyed(added!, keys, cursor, press('ArrowUp', {altKey: true}))).toMatchObject({cursor: {row: c4 - 1}});
    expect(keyed(added!, keys, cursor, press('Delete'))!.clip!.notes).toEqual([]);
    expect(keyed(added!, keys, cursor, press('ArrowLeft'))).toEqual({cursor: {row: c4, step: 3}});
    expect(keyed(added!, keys, cursor, press('q'))).toBeNull();
  });
});
