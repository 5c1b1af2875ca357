// Arithmetic on clips: everything returns a new clip and leaves its argument alone.
import type {Clip, Note} from '../types';

const SHORTEST = 1 / 64;

export function quartersPerBar(clip: Pick<Clip, 'beats_per_bar' | 'beat_unit'>): number {
  return (clip.beats_per_bar * 4) / clip.beat_unit;
}

export function barsOf(clip: Clip): number {
  return Math.max(1, Math.round(clip.length / quartersPerBar(clip)));
}

export function byTime(a: Note, b: Note): number {
  return a.start - b.start || a.pitch - b.pitch;
}

/** The clip with other notes: its place in latent space no longer holds. */
export function withNotes(clip: Clip, notes: Note[]): Clip {
  return {...clip, notes: [...notes].sort(byTime), z: null};
}

export function snap(beat: number, step: number): number {
  return Math.round(beat / step) * step;
}

export function snapDown(beat: number, step: number): number {
  return Math.floor(beat / step + 1e-6) * step;
}

/** Adds a note, and takes away what the same pitch played at its start. */
export function addNote(clip: Clip, note: Note): Clip {
  const kept = clip.notes.filter((other) => !(same(other, note) && Math.abs(other.start - note.start) < SHORTEST));
  return withNotes(clip, [...kept, inside(clip, note)]);
}

export function removeNote(clip: Clip, index: number): Clip {
  return withNotes(clip, clip.notes.filter((_, k) => k !== index));
}

/** Replaces some fields of one note, kept within the clip. Returns the clip and the note's new index. */
export function changeNote(clip: Clip, index: number, change: Partial<Note>): {clip: Clip; index: number} {
  const old = clip.notes[index];
  if (!old) return {clip, index};
  const note = inside(clip, {...old, ...change});
  const changed = withNotes(clip, clip.notes.map((other, k) => (k === index ? note : other)));
  return {clip: changed, index: changed.notes.indexOf(note)};
}

export function moveNote(clip: Clip, index: number, beats: number, semitones: number): {clip: Clip; index: number} {
  const note = clip.notes[index];
  if (!note) return {clip, index};
  const length = note.end - note.start;
  const start = Math.min(Math.max(0, note.start + beats), Math.max(0, clip.length - length));
  return changeNote(clip, index, {start, end: start + length, pitch: note.pitch + semitones});
}

/** The note that sounds at a beat on one of some pitches: the index of the latest start, or -1. */
export function noteAt(clip: Clip, beat: number, pitches: readonly number[]): number {
  let found = -1;
  clip.notes.forEach((note, k) => {
    if (pitches.includes(note.pitch) && note.start <= beat + 1e-6 && beat < note.end - 1e-6) found = k;
  });
  return found;
}

/** The drum hit whose start is nearest to a grid step, within half a step; -1 if there is none. */
export function hitAt(clip: Clip, step: number, width: number, pitches: readonly number[]): number {
  let found = -1;
  let nearest = width / 2;
  clip.notes.forEach((note, k) => {
    const distance = Math.abs(note.start - step);
    if (note.drum && pitches.includes(note.pitch) && distance <= nearest + 1e-9) {
      nearest = distance;
      found = k;
    }
  });
  return found;
}

/** Puts clips after each other as one. */
export function joinClips(clips: readonly Clip[], name: string): Clip {
  const [first] = clips;
  if (!first) throw new Error('nothing to join');
  const notes: Note[] = [];
  let length = 0;
  for (const clip of clips) {
    for (const note of clip.notes) notes.push({...note, start: note.start + length, end: note.end + length});
    length += clip.length;
  }
  return {...first, id: `${first.id}-joined`, name, z: null, notes: notes.sort(byTime), length};
}

export function emptyClip(like: Pick<Clip, 'tempo' | 'beats_per_bar' | 'beat_unit' | 'length'>, name: string): Clip {
  return {...like, id: 'drawn', z: null, notes: [], name, seed: null};
}

/** Two bars of kick, snare and hi-hats. */
export function basicBeat(): Clip {
  const notes: Note[] = [];
  const hit = (pitch: number, start: number) =>
    notes.push({pitch, start, end: start + 0.25, velocity: 96, drum: true, program: 0, part: 9});
  for (let eighth = 0; eighth < 16; eighth += 1) hit(42, eighth / 2);
  for (const beat of [0, 2.5, 4, 6, 6.5]) hit(36, beat);
  for (const beat of [1, 3, 5, 7]) hit(38, beat);
  return {
    ...{id: 'basic', z: null, notes: notes.sort(byTime), tempo: 120, beats_per_bar: 4, beat_unit: 4},
    ...{length: 8, name: 'A basic beat', seed: null},
  };
}

/** Lowest and highest pitch to draw: those of the notes, widened to an octave and a half at least. */
export function pitchRange(notes: readonly Note[], least = 18): {low: number; high: number} {
  const pitches = notes.map((note) => note.pitch);
  let low = pitches.length ? Math.min(...pitches) - 2 : 55;
  let high = pitches.length ? Math.max(...pitches) + 2 : 55 + least;
  while (high - low < least) {
    if (low > 0) low -= 1;
    if (high - low < least && high < 127) high += 1;
  }
  return {low: Math.max(0, low), high: Math.min(127, high)};
}

export function sameMusic(a: Clip, b: Clip): boolean {
  const fields = ({pitch, start, end, velocity}: Note) => `${pitch} ${start.toFixed(4)} ${end.toFixed(4)} ${velocity}`;
  return a.length === b.length && a.notes.map(fields).join() === b.notes.map(fields).join();
}

function same(a: Note, b: Note): boolean {
  return a.pitch === b.pitch && a.drum === b.drum && a.part === b.part;
}

function inside(clip: Clip, note: Note): Note {
  const start = Math.min(Math.max(0, note.start), Math.max(0, clip.length - SHORTEST));
  return {
    ...note,
    start,
    end: Math.min(Math.max(note.end, start + SHORTEST), clip.length),
    pitch: Math.min(127, Math.max(0, Math.round(note.pitch))),
    velocity: Math.min(127, Math.max(1, Math.round(note.velocity))),
  };
}
