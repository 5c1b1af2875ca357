// Clips that the tests share.
import type {Clip, Note} from '../src/types';

export function note(pitch: number, start: number, end: number, more: Partial<Note> = {}): Note {
  return {pitch, start, end, velocity: 90, drum: false, program: 0, part: 0, ...more};
}

export function hit(pitch: number, start: number, velocity = 90): Note {
  return note(pitch, start, start + 0.25, {drum: true, velocity});
}

export function clip(notes: Note[], more: Partial<Clip> = {}): Clip {
  return {
    ...{id: 'k1', z: [0.5, -1], notes, tempo: 120, beats_per_bar: 4, beat_unit: 4},
    ...{length: 4, name: 'test', seed: 1, ...more},
  };
}
