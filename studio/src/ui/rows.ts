// The rows of a roll: the model's drums, the pitches of a melody, or both above each other.
import {pitchRange} from '../music/clip';
import {isBlackKey, pitchName, plainWords} from '../music/names';
import type {Clip, Model, Note} from '../types';

export interface Row {
  label: string;
  /** Pitches that are drawn in this row; a new note has the first. */
  pitches: number[];
  drum: boolean;
  shaded: boolean;
}

/** Rows from the top down. */
export function rowsOf(clip: Clip, model: Model | null): Row[] {
  const drums = clip.notes.filter(({drum}) => drum);
  const pitched = clip.notes.filter(({drum}) => !drum);
  const drumModel = model?.family === 'drums' || model?.family === 'groove';
  const rows: Row[] = [];
  if (pitched.length || !(drums.length || drumModel)) rows.push(...pitchRows(pitched));
  if (drums.length || (drumModel && !pitched.length)) rows.push(...drumRows(drums, model));
  return rows;
}

function pitchRows(notes: readonly Note[]): Row[] {
  const {low, high} = pitchRange(notes);
  return Array.from({length: high - low + 1}, (_, k) => {
    const pitch = high - k;
    return {label: pitchName(pitch), pitches: [pitch], drum: false, shaded: isBlackKey(pitch)};
  });
}

function drumRows(notes: readonly Note[], model: Model | null): Row[] {
  const classes = (model?.drum_classes ?? []).map(({name, pitch, pitches}) => ({
    label: plainWords(name), pitches: [pitch, ...pitches.filter((other) => other !== pitch)],
  }));
  const covered = new Set(classes.flatMap(({pitches}) => pitches));
  const others = [...new Set(notes.map(({pitch}) => pitch))].filter((pitch) => !covered.has(pitch)).sort((a, b) => a - b);
  const all = [...classes, ...others.map((pitch) => ({label: DRUM_NAMES[pitch] ?? `Drum ${pitch}`, pitches: [pitch]}))];
  return all.reverse().map((row, k) => ({...row, drum: true, shaded: k % 2 === 1}));
}

const DRUM_NAMES: Record<number, string> = {
  35: 'Kick 2', 36: 'Kick', 37: 'Side stick', 38: 'Snare', 39: 'Clap', 40: 'Snare 2', 41: 'Floor tom', 42: 'Closed hi-hat',
  43: 'High floor tom', 44: 'Pedal hi-hat', 45: 'Low tom', 46: 'Open hi-hat', 47: 'Mid tom', 48: 'Mid tom', 49: 'Crash',
  50: 'High tom', 51: 'Ride', 52: 'China', 53: 'Ride bell', 54: 'Tambourine', 55: 'Splash', 56: 'Cowbell', 57: 'Crash 2',
  59: 'Ride 2', 69: 'Cabasa', 70: 'Maracas', 75: 'Claves', 82: 'Shaker',
};

/** Numbers the parts of a clip from 0, for their colours; drums come first. */
export function partIndex(clip: Clip): (note: Note) => number {
  const key = ({drum, part}: Note) => (drum ? -1 : part);
  const keys = [...new Set(clip.notes.map(key))].sort((a, b) => a - b);
  return (note) => keys.indexOf(key(note)) % 4;
}

export function rowIndex(rows: readonly Row[]): (note: Note) => number {
  const drums = new Map<number, number>();
  const pitches = new Map<number, number>();
  rows.forEach((row, k) => row.pitches.forEach((pitch) => (row.drum ? drums : pitches).set(pitch, k)));
  return ({pitch, drum}) => (drum ? drums : pitches).get(pitch) ?? -1;
}
