import {describe, expect, it} from 'vitest';
import {type Scheduled, Scheduler} from '../src/audio/scheduler';
import type {Clip} from '../src/types';
import {clip, hit, note} from './music';

/** Plays with a timer of 25 ms and a look-ahead of 100 ms, as the page does. */
class Stage {
  readonly events: Scheduled[] = [];
  readonly scheduler = new Scheduler((event) => this.events.push(event));
  now = 10;

  start(one: Clip): this {
    this.scheduler.start(one, this.now);
    return this;
  }

  run(seconds: number): this {
    const end = this.now + seconds;
    while (this.now < end - 1e-9) {
      this.scheduler.advance(this.now, 0.1);
      this.now += 0.025;
    }
    return this;
  }

  of(kind: Scheduled['kind']): [number, number][] {
    return this.events.flatMap((event) =>
      event.kind === kind ? [[Number((event.time - 10).toFixed(4)), 'note' in event ? event.note.pitch : 0] as [number, number]] : []);
  }
}

describe('the scheduler', () => {
  it('hands out every note once, at its time, ahead of the clock', () => {
    const stage = new Stage().start(clip([hit(36, 0), hit(38, 1), hit(42, 1.5), hit(36, 3.75)])).run(1.9);
    expect(stage.of('on')).toEqual([[0, 36], [0.5, 38], [0.75, 42], [1.875, 36]]);
  });

  it('loops', () => {
    const stage = new Stage().start(clip([hit(36, 0.5)], {length: 2})).run(3);
    expect(stage.of('on').map(([time]) => time)).toEqual([0.25, 1.25, 2.25]);
  });

  it('never hands out a note after its time', () => {
    const late: number[] = [];
    const stage = new Stage();
    const scheduler = new Scheduler((event) => event.kind === 'on' && event.time < stage.now && late.push(event.time));
    scheduler.start(clip(Array.from({length: 16}, (_, k) => hit(42, k / 4))), stage.now);
    for (let k = 0; k < 200; k += 1, stage.now += 0.025) scheduler.advance(stage.now, 0.1);
    expect(late).toEqual([]);
  });

  it('changes clips on the next beat and keeps the position', () => {
    const stage = new Stage().start(clip([hit(36, 0), hit(36, 1), hit(36, 2), hit(36, 3)])).run(0.3);
    stage.scheduler.replace(clip([hit(50, 0.5), hit(51, 1), hit(52, 2), hit(53, 3)]));
    stage.run(1.7);
    expect(stage.of('on')).toEqual([[0, 36], [0.5, 51], [1, 52], [1.5, 53]]);
    expect(stage.of('swap')).toEqual([[0, 0], [0.5, 0]]);
  });

  it('plays another piece from its top if asked to', () => {
    const stage = new Stage().start(clip([])).run(0.3);
    stage.scheduler.replace(clip([hit(60, 0)], {length: 8}), {from: 0});
    stage.run(0.6);
    expect(stage.of('on')).toEqual([[0.5, 60]]);
    expect(stage.scheduler.positionAt(10.75)).toBeCloseTo(0.5);
  });

  it('goes to a place of the piece', () => {
    const stage = new Stage().start(clip([hit(60, 5)], {length: 8})).run(0.3);
    stage.scheduler.replace(clip([hit(60, 5)], {length: 8}), {from: 4});
    stage.run(1);
    expect(stage.of('on')).toEqual([[1, 60]]);
  });

  it('ends notes, also those that a new clip cuts off, once each', () => {
    const stage = new Stage().start(clip([note(60, 0, 4), note(64, 0.25, 0.5)])).run(0.3);
    stage.scheduler.replace(clip([note(67, 2, 3)]));
    stage.run(2);
    expect(stage.of('off')).toEqual([[0.25, 64], [0.5, 60], [1.5, 67]]);
  });

  it('holds a note that the new clip holds too', () => {
    const stage = new Stage().start(clip([note(60, 0, 4)])).run(0.3);
    stage.scheduler.replace(clip([note(60, 0, 2)]));
    stage.run(1.5);
    expect(stage.of('on')).toEqual([[0, 60]]);
    expect(stage.of('off')).toEqual([[1, 60]]);
  });

  it('ends a note before the same key begins again', () => {
    const stage = new Stage().start(clip([note(60, 0, 3), note(60, 1, 2)])).run(1);
    const kinds = stage.events.filter(({kind}) => kind === 'on' || kind === 'off').map(({kind, time}) => [kind, time - 10]);
    expect(kinds).toEqual([['on', 0], ['off', 0.5], ['on', 0.5], ['off', 1]]);
  });

  it('keeps in time when the tempo changes', () => {
    const stage = new Stage().start(clip([0, 1, 2, 3].map((beat) => hit(36, beat)))).run(0.45);
    stage.scheduler.setTempo(60);
    stage.run(2.5);
    const times = stage.of('on').map(([time]) => time);
    expect(times[1]).toBe(0.5);
    expect(times[2]).toBeGreaterThan(1.4);
    expect(times[3]! - times[2]!).toBeCloseTo(1, 3);
  });

  it('follows the tempo changes of a piece, and begins anew with its loop', () => {
    expect(new Stage().start(clip([hit(36, 0)], {tempos: null})).run(0.1).of('on')).toHaveLength(1);
    const piece = clip([0, 1, 2, 3].map((beat) => hit(36, beat)), {tempos: [[2, 240]]});
    const stage = new Stage().start(piece).run(2.2);
    const times = stage.of('on').map(([time]) => time);
    expect(times.slice(0, 6)).toEqual([0, 0.5, 1, 1.25, 1.5, 2]);
  });

  it('swings the second of a pair', () => {
    const stage = new Stage();
    stage.scheduler.setSwing({amount: 2 / 3, step: 0.5});
    stage.start(clip([hit(42, 0), hit(42, 0.5), hit(42, 1)])).run(0.6);
    expect(stage.of('on').map(([time]) => time)).toEqual([0, 0.3333, 0.5]);
  });

  it('sends 24 clocks to a quarter note between start and stop', () => {
    const stage = new Stage().start(clip([])).run(1);
    stage.scheduler.stop(stage.now);
    const clocks = stage.of('clock').map(([time]) => time);
    expect(clocks[0]).toBe(0);
    expect(clocks.filter((time) => time < 1)).toHaveLength(48);
    clocks.slice(1).forEach((time, k) => expect(time - clocks[k]!).toBeCloseTo(0.5 / 24, 3));
    expect(stage.events[0]!.kind).toBe('start');
    expect(stage.events.at(-1)!.kind).toBe('stop');
  });

  it('leaves nothing sounding when it stops', () => {
    const stage = new Stage().start(clip([note(60, 0, 4), hit(36, 0)])).run(0.1);
    stage.scheduler.stop(stage.now);
    expect(stage.of('off').map(([, pitch]) => pitch).sort()).toEqual([36, 60]);
  });

  it('skips what it missed while the page was held up', () => {
    const stage = new Stage().start(clip(Array.from({length: 16}, (_, k) => hit(42, k / 4)))).run(0.3);
    const before = stage.of('on').length;
    stage.now += 2;
    stage.run(0.1);
    expect(stage.of('on').length - before).toBeLessThan(4);
  });
});
