import {describe, expect, it} from 'vitest';
import {addNote, changeNote, hitAt, joinClips, moveNote, noteAt, pitchRange, removeNote, sameMusic} from '../src/music/clip';
import {fileName, midiFile} from '../src/music/midi_file';
import {swung, unswung} from '../src/music/swing';
import {clip, hit, note} from './music';

describe('clip arithmetic', () => {
  it('forgets the place in latent space once a note is changed', () => {
    const one = clip([note(60, 0, 1)]);
    expect(addNote(one, note(62, 1, 2)).z).toBeNull();
    expect(removeNote(one, 0).z).toBeNull();
    expect(one.z).not.toBeNull();
    expect(one.notes).toHaveLength(1);
  });

  it('has one note of a pitch at a start', () => {
    const one = addNote(clip([note(60, 1, 2)]), note(60, 1, 1.5));
    expect(one.notes).toEqual([note(60, 1, 1.5)]);
  });

  it('keeps notes inside the clip and in order of time', () => {
    const {clip: moved, index} = moveNote(clip([note(60, 0, 1), note(62, 2, 3)]), 0, 9, -70);
    expect(moved.notes[index]).toMatchObject({start: 3, end: 4, pitch: 0});
    expect(moved.notes[0]!.pitch).toBe(62);
    expect(changeNote(moved, 0, {velocity: 400}).clip.notes[0]!.velocity).toBe(127);
  });

  it('finds notes and hits under a pointer', () => {
    const one = clip([note(60, 0, 1), hit(36, 1.02)]);
    expect(noteAt(one, 0.99, [60])).toBe(0);
    expect(noteAt(one, 1, [60])).toBe(-1);
    expect(hitAt(one, 1, 0.25, [35, 36])).toBe(1);
    expect(hitAt(one, 1.25, 0.25, [35, 36])).toBe(-1);
  });

  it('joins clips after each other', () => {
    const joined = joinClips([clip([note(60, 0, 1)]), clip([note(62, 1, 2)])], 'both');
    expect(joined.length).toBe(8);
    expect(joined.notes.map(({start}) => start)).toEqual([0, 5]);
  });

  it('draws an octave and a half at least', () => {
    const {low, high} = pitchRange([note(60, 0, 1)]);
    expect(high - low).toBe(18);
    expect(pitchRange([note(2, 0, 1), note(127, 0, 1)])).toEqual({low: 0, high: 127});
  });

  it('knows equal music whatever it is called', () => {
    expect(sameMusic(clip([hit(36, 0)]), clip([hit(36, 0)], {name: 'other', id: 'z'}))).toBe(true);
    expect(sameMusic(clip([hit(36, 0)]), clip([hit(36, 0, 91)]))).toBe(false);
  });
});

describe('swing', () => {
  it('gives the first of a pair its share and can be undone', () => {
    const swing = {amount: 0.6, step: 0.25};
    expect(swung(0.25, swing)).toBeCloseTo(0.3);
    expect(swung(2, swing)).toBe(2);
    for (const beat of [0, 0.1, 0.25, 0.4, 0.75, 3.3]) expect(unswung(swung(beat, swing), swing)).toBeCloseTo(beat);
  });
});

describe('a MIDI file made in the page', () => {
  it('has the bytes of a Standard MIDI File', () => {
    const bytes = [...midiFile(clip([hit(36, 0.5, 77)], {name: 'x', length: 1}))];
    expect(bytes).toEqual([
      ...[0x4d, 0x54, 0x68, 0x64, 0, 0, 0, 6, 0, 1, 0, 2, 0x01, 0xe0],
      ...[0x4d, 0x54, 0x72, 0x6b, 0, 0, 0, 25, 0, 0xff, 3, 1, 0x78, 0, 0xff, 0x51, 3, 0x07, 0xa1, 0x20],
      ...[0, 0xff, 0x58, 4, 4, 2, 24, 8, 0x83, 0x60, 0xff, 0x2f, 0],
      ...[0x4d, 0x54, 0x72, 0x6b, 0, 0, 0, 13, 0x81, 0x70, 0x99, 36, 77, 0x78, 0x89, 36, 0, 0x78, 0xff, 0x2f, 0],
    ]);
  });

  it('has names that every system takes', () => {
    expect(fileName('Sängerin / “2”: a*b', 'mid')).toBe('Sangerin-2-ab.mid');
    expect(fileName('///', 'mid')).toBe('clip.mid');
  });
});
