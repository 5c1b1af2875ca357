// What a pointer or a key on the roll does to a clip. No drawing here.
import {addNote, changeNote, hitAt, moveNote, noteAt, removeNote, snap, snapDown} from '../music/clip';
import type {Clip, Note} from '../types';
import type {Row} from './rows';

export interface Grid {
  rows: readonly Row[];
  /** Length of a step in quarter notes. */
  step: number;
}

export interface Edited {
  clip: Clip;
  /** The note that was added or changed; -1 if there is none. */
  index: number;
}

/** How much of a step a hit is drawn over. */
export const HIT_WIDTH = 0.86;
export const NEW_VELOCITY = 100;

/** The note at a place of the grid, or -1. */
export function find(clip: Clip, {rows, step}: Grid, row: number, beat: number): number {
  const {pitches, drum} = rows[row]!;
  if (!drum) return noteAt(clip, beat, pitches);
  const covering = clip.notes.findIndex(
    (note) => note.drum && pitches.includes(note.pitch) && note.start <= beat && beat < note.start + step * HIT_WIDTH,
  );
  return covering >= 0 ? covering : hitAt(clip, snapDown(beat, step), step, pitches);
}

export function add(clip: Clip, {rows, step}: Grid, row: number, beat: number): Edited {
  const {pitches, drum} = rows[row]!;
  const start = Math.min(snapDown(beat, step), clip.length - step);
  const like = clip.notes.find((note) => note.drum === drum);
  const note: Note = {
    ...{pitch: pitches[0]!, start, end: start + step, velocity: NEW_VELOCITY, drum},
    ...{program: like?.program ?? 0, part: like?.part ?? 0},
  };
  const added = addNote(clip, note);
  return {clip: added, index: added.notes.findIndex((other) => other.pitch === note.pitch && other.start === start && other.drum === drum)};
}

export function toggle(clip: Clip, grid: Grid, row: number, beat: number): Edited {
  const index = find(clip, grid, row, beat);
  return index < 0 ? add(clip, grid, row, beat) : {clip: removeNote(clip, index), index: -1};
}

/** Moves a note by what a pointer moved: whole steps and whole rows. */
export function drag(clip: Clip, {rows, step}: Grid, index: number, beats: number, rowsDown: number): Edited {
  const note = clip.notes[index]!;
  const row = rows.findIndex(({pitches, drum}) => drum === note.drum && pitches.includes(note.pitch));
  const target = rows[Math.min(rows.length - 1, Math.max(0, row + rowsDown))];
  const pitch = target && target.drum === note.drum && rowsDown ? target.pitches[0]! : note.pitch;
  return moveNote(clip, index, snap(beats, step), pitch - note.pitch);
}

/** Sets a note's end to the nearest step, one step long at least. */
export function stretch(clip: Clip, {step}: Grid, index: number, end: number): Edited {
  const note = clip.notes[index]!;
  return changeNote(clip, index, {end: Math.max(snap(end, step), note.start + step)});
}

export function setVelocity(clip: Clip, index: number, velocity: number): Edited {
  return changeNote(clip, index, {velocity});
}

export interface Cursor {
  row: number;
  step: number;
}

/** What a key does at the cursor: a new clip, a new cursor, or nothing. */
export function keyed(
  clip: Clip, grid: Grid, cursor: Cursor, {key, shiftKey, altKey}: Pick<KeyboardEvent, 'key' | 'shiftKey' | 'altKey'>,
): {clip?: Clip; cursor?: Cursor} | null {
  const {rows, step} = grid;
  const beat = cursor.step * step;
  const steps = Math.round(clip.length / step);
  const index = find(clip, grid, cursor.row, beat);
  const [right, down] = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]}[key] ?? [0, 0];
  if (right || down) {
    const next = {
      row: Math.min(rows.length - 1, Math.max(0, cursor.row + down!)),
      step: Math.min(steps - 1, Math.max(0, cursor.step + right!)),
    };
    if (altKey && index >= 0) return {clip: drag(clip, grid, index, right! * step, down!).clip, cursor: next};
    if (shiftKey && right && index >= 0) return {clip: stretch(clip, grid, index, clip.notes[index]!.end + right * step).clip};
    return {cursor: next};
  }
  if (key === 'Enter') return {clip: toggle(clip, grid, cursor.row, beat).clip};
  if (index < 0) return null;
  if (key === 'Delete' || key === 'Backspace') return {clip: removeNote(clip, index)};
  const louder = {'+': 8, '=': 8, '-': -8, '_': -8}[key];
  return louder ? {clip: setVelocity(clip, index, clip.notes[index]!.velocity + louder).clip} : null;
}

/** What the cursor stands on, for those who hear it rather than see it. */
export function spoken(clip: Clip, grid: Grid, {row, step}: Cursor): string {
  const beat = step * grid.step;
  const perBar = (clip.beats_per_bar * 4) / clip.beat_unit;
  const index = find(clip, grid, row, beat);
  const place = `${grid.rows[row]!.label}, bar ${Math.floor(beat / perBar) + 1}, beat ${((beat % perBar) + 1).toFixed(2).replace(/\.?0+$/, '')}`;
  return index < 0 ? `${place}: empty` : `${place}: velocity ${clip.notes[index]!.velocity}`;
}
