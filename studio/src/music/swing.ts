// Swing as drum machines count it: how much of a pair of steps the first one takes.
import type {Clip} from '../types';

export interface Swing {
  /** 0.5 is straight, 0.667 triplets, at most 0.75. */
  amount: number;
  /** Length of a step in quarter notes: 0.5 swings eighths, 0.25 sixteenths. */
  step: number;
}

export const STRAIGHT: Swing = {amount: 0.5, step: 0.5};

/** Where a beat falls once it swings. Strictly increasing, so `unswung` undoes it. */
export function swung(beat: number, {amount, step}: Swing): number {
  const pair = Math.floor(beat / (2 * step));
  const phase = beat / (2 * step) - pair;
  const moved = phase < 0.5 ? phase * 2 * amount : amount + (phase - 0.5) * 2 * (1 - amount);
  return (pair + moved) * 2 * step;
}

export function unswung(beat: number, {amount, step}: Swing): number {
  const pair = Math.floor(beat / (2 * step));
  const phase = beat / (2 * step) - pair;
  const moved = phase < amount ? phase / amount / 2 : 0.5 + (phase - amount) / (1 - amount) / 2;
  return (pair + moved) * 2 * step;
}

export function swungClip(clip: Clip, swing: Swing): Clip {
  if (swing.amount === 0.5) return clip;
  const notes = clip.notes.map((note) => ({...note, start: swung(note.start, swing), end: swung(note.end, swing)}));
  return {...clip, notes};
}
