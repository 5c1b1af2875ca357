// When each note of a looping clip sounds. It looks a little ahead of a clock that only rises, and
// hands out what begins until then; a clip that was put in changes places at the next beat.
import {type Swing, STRAIGHT, swungClip} from '../music/swing';
import type {Clip, Note} from '../types';

export const TICKS_PER_QUARTER = 24;
/** How far behind the clock it may fall before it leaves out what it missed, in seconds. */
const LATE = 0.15;
const EPSILON = 1e-7;

export type Scheduled =
  | {kind: 'on' | 'off'; time: number; beat: number; note: Note}
  | {kind: 'clock' | 'start' | 'stop'; time: number; beat: number}
  | {kind: 'swap'; time: number; beat: number; clip: Clip};

interface Sounding {
  note: Note;
  end: number;
}

export class Scheduler {
  private clip: Clip | null = null;
  private played: Clip | null = null;
  private waiting: {clip: Clip; from: number | null} | null = null;
  private sounding: Sounding[] = [];
  private swing: Swing = STRAIGHT;
  private tempo = 120;
  /** How the tempo stands to that of the clip's start: pieces may change theirs. */
  private factor = 1;
  private anchorTime = 0;
  private anchorBeat = 0;
  private frontier = 0;
  private origin = 0;
  private running = false;

  constructor(private readonly emit: (event: Scheduled) => void) {}

  get playing(): boolean {
    return this.running;
  }

  get current(): Clip | null {
    return this.clip;
  }

  /** Starts at the top of the clip. */
  start(clip: Clip, time: number): void {
    this.stop(time);
    this.running = true;
    this.waiting = null;
    this.anchorTime = time;
    this.anchorBeat = this.frontier = this.origin = 0;
    this.factor = 1;
    this.use(clip);
    this.emit({kind: 'start', time, beat: 0});
    this.emit({kind: 'swap', time, beat: 0, clip});
  }

  /** Ends every note that sounds. What was handed out already lies before `time` or is ended then. */
  stop(time: number): void {
    if (!this.running) return;
    const end = Math.max(time, this.timeAt(this.frontier));
    for (const {note} of this.sounding) this.emit({kind: 'off', time: end, beat: this.frontier, note});
    this.sounding = [];
    this.running = false;
    this.emit({kind: 'stop', time: end, beat: this.frontier});
  }

  /** Puts in a clip from the next beat on: at the position that the music has then, or from a beat of the clip. */
  replace(clip: Clip, {from = null}: {from?: number | null} = {}): void {
    if (this.running) this.waiting = {clip, from: from ?? this.waiting?.from ?? null};
    else this.use(clip);
  }

  /** Sets the tempo of the clip's start, from what is handed out next on. */
  setTempo(tempo: number): void {
    this.anchor();
    this.tempo = tempo;
  }

  setSwing(swing: Swing): void {
    this.swing = swing;
    if (this.clip) this.use(this.clip);
  }

  /** Hands out everything that begins before `now + horizon` seconds. */
  advance(now: number, horizon: number): void {
    if (!this.running) return;
    if (this.timeAt(this.frontier) < now - LATE) this.catchUp(now);
    for (;;) {
      this.followTempo();
      const until = this.beatAt(now + horizon);
      if (this.frontier >= until - EPSILON) return;
      this.handOut(Math.min(Math.floor(this.frontier + EPSILON) + 1, until));
    }
  }

  /** Position within the clip, in quarter notes, at a time; null while it stands still. */
  positionAt(time: number): number | null {
    if (!this.running || !this.clip) return null;
    return modulo(this.beatAt(time) - this.origin, this.clip.length);
  }

  beatAt(time: number): number {
    return this.anchorBeat + ((time - this.anchorTime) * this.tempo * this.factor) / 60;
  }

  private timeAt(beat: number): number {
    return this.anchorTime + ((beat - this.anchorBeat) * 60) / (this.tempo * this.factor);
  }

  private anchor(): void {
    this.anchorTime = this.timeAt(this.frontier);
    this.anchorBeat = this.frontier;
  }

  /** Takes the tempo that the clip has at the frontier: looked at with every beat. */
  private followTempo(): void {
    const {tempos, tempo, length} = this.clip!;
    const position = modulo(this.frontier - this.origin, length) + EPSILON;
    const factor = (tempos?.filter(([beat]) => beat <= position).at(-1)?.[1] ?? tempo) / tempo;
    if (factor === this.factor) return;
    this.anchor();
    this.factor = factor;
  }

  private use(clip: Clip): void {
    this.clip = clip;
    this.played = swungClip(clip, this.swing);
  }

  private catchUp(now: number): void {
    const beat = this.beatAt(now);
    for (const {note} of this.sounding) this.emit({kind: 'off', time: now, beat, note});
    this.sounding = [];
    this.frontier = beat;
  }

  private handOut(to: number): void {
    const from = this.frontier;
    const found: Scheduled[] = [];
    if (this.waiting && Math.abs(from - Math.round(from)) < EPSILON) found.push(...this.swap(from));
    const clip = this.played!;
    for (let tick = Math.ceil(from * TICKS_PER_QUARTER - EPSILON); tick / TICKS_PER_QUARTER < to - EPSILON; tick += 1) {
      const beat = tick / TICKS_PER_QUARTER;
      found.push({kind: 'clock', beat, time: this.timeAt(beat)});
    }
    for (const note of clip.notes) {
      // The first pass of the loop in which the note does not lie before this slice.
      const place = modulo(note.start, clip.length);
      const beat = this.origin + place + clip.length * Math.ceil((from - this.origin - place - EPSILON) / clip.length);
      if (beat < to - EPSILON) found.push(...this.begin(note, beat));
    }
    this.sounding = this.sounding.filter(({note, end}) => {
      if (end >= to - EPSILON) return true;
      found.push({kind: 'off', beat: end, time: this.timeAt(end), note});
      return false;
    });
    found.sort((a, b) => a.beat - b.beat || ORDER[a.kind] - ORDER[b.kind]);
    this.frontier = to;
    found.forEach(this.emit);
  }

  private begin(note: Note, beat: number): Scheduled[] {
    const found: Scheduled[] = [];
    this.sounding = this.sounding.filter((other) => {
      if (!sameKey(other.note, note) || other.end <= beat) return true;
      found.push({kind: 'off', beat, time: this.timeAt(beat), note: other.note});
      return false;
    });
    this.sounding.push({note, end: beat + Math.max(note.end - note.start, 1 / 64)});
    found.push({kind: 'on', beat, time: this.timeAt(beat), note});
    return found;
  }

  /** Ends notes that the new clip does not go on with. */
  private swap(beat: number): Scheduled[] {
    const {clip, from} = this.waiting!;
    this.waiting = null;
    this.use(clip);
    if (from !== null) this.origin = beat - from;
    const position = modulo(beat - this.origin, clip.length);
    const found: Scheduled[] = [{kind: 'swap', time: this.timeAt(beat), beat, clip}];
    this.sounding = this.sounding.filter((old) => {
      const heir = this.played!.notes.find(
        (note) => sameKey(note, old.note) && note.start < position && note.end > position,
      );
      if (heir) old.end = beat + heir.end - position;
      else if (old.end > beat) found.push({kind: 'off', beat, time: this.timeAt(beat), note: old.note});
      else return true;
      return heir !== undefined;
    });
    return found;
  }
}

const ORDER = {start: 0, swap: 1, clock: 2, off: 3, on: 4, stop: 5} as const;

function sameKey(a: Note, b: Note): boolean {
  return a.pitch === b.pitch && a.drum === b.drum && a.part === b.part;
}

function modulo(value: number, length: number): number {
  const rest = value % length;
  return rest < 0 ? rest + length : rest;
}
