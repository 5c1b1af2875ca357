// A session is one JSON file, which the page alone writes and reads. A file may come from a stranger:
// what it holds is checked, and bounded, before it is used.
import type {Clip, Level, Note, Point, Source} from '../types';

export type Prior = 'learned' | 'standard' | 'style';

export interface Knobs {
  temperature: number;
  closeness: number;
  timing: number;
  velocity: number;
  attributes: Record<string, number>;
  key: string;
  chords: string;
  /** What new samples are drawn from; with the studio's style the pad moves in it as well. */
  prior: Prior;
  /** What new samples are to have, for a learned prior. */
  conditions: Record<string, Level>;
  tempo: number;
  /** How much of a pair of steps the first one takes, 0.5 to 0.75. */
  swing: number;
  swingStep: number;
  seed: number;
}

export interface Session {
  model: string;
  corners: (Clip | null)[];
  favourites: Clip[];
  knobs: Knobs;
  point: Point;
  clip: Clip | null;
  /** The hits that a model plays which plays given hits. */
  control: Clip | null;
  shelf: Clip[];
  path: Point[];
  /** Place in the studio's style. */
  style: number[];
  files: FileSource[];
}

/** A file that was dropped: its bytes in base64, and its name. */
export type FileSource = Extract<Source, {midi: string}>;

export const RANGES = {
  temperature: [0.05, 2],
  closeness: [0, 1],
  timing: [0, 1],
  velocity: [0, 1],
  tempo: [30, 300],
  swing: [0.5, 0.75],
  seed: [0, 2 ** 31 - 1],
} as const;

const MOST_NOTES = 100_000;
const MOST_CLIPS = 2_000;
const MOST_FILES = 256;
const MOST_POINTS = 4096;
const MOST_AXES = 64;

export const DEFAULT_KNOBS: Knobs = {
  ...{temperature: 0.5, closeness: 0.7, timing: 1, velocity: 1, attributes: {}, key: '', chords: ''},
  ...{prior: 'learned', conditions: {}, tempo: 120, swing: 0.5, swingStep: 0.5, seed: 1},
};

export function writeSession(session: Session): string {
  return `${JSON.stringify({musicvae_session: 1, ...session}, null, 1)}\n`;
}

/** Raises an Error with one plain line if the text is no session. */
export function readSession(text: string): Session {
  const data = parsed(text);
  if (data['musicvae_session'] !== 1) {
    throw new Error('This is no session of musicvae studio: the file does not say "musicvae_session": 1.');
  }
  const corners = list(data['corners'] ?? [], 'corners');
  if (corners.length !== 4) throw new Error(`A session has 4 corners; this file has ${corners.length}.`);
  const clips = (name: string, what: string) =>
    list(data[name] ?? [], name, MOST_CLIPS).map((clip, k) => readClip(clip, `${what} ${k + 1}`));
  return {
    model: typeof data['model'] === 'string' ? data['model'] : '',
    corners: corners.map((corner, k) => (corner === null ? null : readClip(corner, `corner ${k + 1}`))),
    favourites: clips('favourites', 'favourite'),
    shelf: clips('shelf', 'the shelf’s clip'),
    path: list(data['path'] ?? [], 'path', MOST_POINTS).map(readPoint),
    style: list(data['style'] ?? [], 'style', MOST_AXES).map((one) => number(one, 'style', -10, 10)),
    files: list(data['files'] ?? [], 'files', MOST_FILES).map(readFile),
    knobs: readKnobs(data['knobs']),
    point: readPoint(data['point']),
    clip: data['clip'] ? readClip(data['clip'], 'the clip') : null,
    control: data['control'] ? readClip(data['control'], 'the control') : null,
  };
}

export function readClip(value: unknown, what: string): Clip {
  const clip = record(value, what);
  const notes = list(clip['notes'], `the notes of ${what}`);
  if (notes.length > MOST_NOTES) throw new Error(`${what} has more than ${MOST_NOTES} notes.`);
  const z = clip['z'];
  return {
    id: String(clip['id'] ?? ''),
    z: z === null || z === undefined ? null : list(z, `z of ${what}`).map((one) => number(one, `z of ${what}`, -1e3, 1e3)),
    notes: notes.map((note) => readNote(note, what)),
    tempo: number(clip['tempo'] ?? 120, `tempo of ${what}`, 1, 1000),
    beats_per_bar: number(clip['beats_per_bar'] ?? 4, `beats_per_bar of ${what}`, 1, 64),
    beat_unit: number(clip['beat_unit'] ?? 4, `beat_unit of ${what}`, 1, 64),
    length: number(clip['length'], `length of ${what}`, 1 / 64, 1e5),
    name: String(clip['name'] ?? 'clip').slice(0, 200),
    seed: typeof clip['seed'] === 'number' ? clip['seed'] : null,
    ...(typeof clip['model'] === 'string' ? {model: clip['model'].slice(0, 200)} : {}),
    ...changes(clip['tempos'], `tempos of ${what}`, 'tempos', (one) => number(one, what, 1, 1000)),
    ...changes(clip['chords'], `chords of ${what}`, 'chords', (one) => String(one).slice(0, 40)),
  };
}

function changes<Name extends string, Value>(value: unknown, what: string, name: Name, read: (one: unknown) => Value) {
  if (value === null || value === undefined) return {};
  const pairs = list(value, what).map((pair) => {
    const [beat, one] = list(pair, what);
    return [number(beat, what, -64, 1e5), read(one)] as [number, Value];
  });
  return {[name]: pairs} as Record<Name, [number, Value][]>;
}

function readNote(value: unknown, what: string): Note {
  const note = record(value, `a note of ${what}`);
  return {
    pitch: number(note['pitch'], `a pitch of ${what}`, 0, 127),
    start: number(note['start'], `a start of ${what}`, -64, 1e5),
    end: number(note['end'], `an end of ${what}`, -64, 1e5),
    velocity: number(note['velocity'] ?? 80, `a velocity of ${what}`, 0, 127),
    drum: note['drum'] === true,
    program: number(note['program'] ?? 0, `a program of ${what}`, 0, 127),
    part: number(note['part'] ?? 0, `a part of ${what}`, 0, 1000),
  };
}

/** Knobs that are missing or no numbers stand at their defaults; the others are brought within range. */
export function readKnobs(value: unknown): Knobs {
  const data = typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  const bounded = (name: keyof typeof RANGES): number => {
    const found = data[name];
    const [low, high] = RANGES[name];
    return typeof found === 'number' && Number.isFinite(found) ? Math.min(high, Math.max(low, found)) : DEFAULT_KNOBS[name];
  };
  const attributes: Record<string, number> = {};
  for (const [name, move] of Object.entries((data['attributes'] as object | undefined) ?? {})) {
    if (typeof move === 'number' && Number.isFinite(move)) attributes[name] = Math.min(3, Math.max(-3, move));
  }
  const conditions: Record<string, Level> = {};
  for (const [name, level] of Object.entries((data['conditions'] as object | undefined) ?? {})) {
    if (level === 'low' || level === 'medium' || level === 'high') conditions[name] = level;
  }
  return {
    ...{temperature: bounded('temperature'), closeness: bounded('closeness'), timing: bounded('timing')},
    ...{velocity: bounded('velocity'), tempo: bounded('tempo'), swing: bounded('swing'), attributes, conditions},
    seed: Math.round(bounded('seed')),
    swingStep: data['swingStep'] === 0.25 ? 0.25 : 0.5,
    key: typeof data['key'] === 'string' ? data['key'] : '',
    chords: typeof data['chords'] === 'string' ? data['chords'].slice(0, 2000) : '',
    prior: data['prior'] === 'standard' || data['prior'] === 'style' ? data['prior'] : 'learned',
  };
}

function readFile(value: unknown): FileSource {
  const {midi, name} = record(value, 'a file');
  if (typeof midi !== 'string' || typeof name !== 'string') throw new Error('A file of the session has no bytes or no name.');
  return {midi, name: name.slice(0, 200)};
}

function readPoint(value: unknown): Point {
  const [x, y] = Array.isArray(value) ? (value as unknown[]) : [];
  const inside = (one: unknown): one is number => typeof one === 'number' && one >= 0 && one <= 1;
  return inside(x) && inside(y) ? [x, y] : [0.5, 0.5];
}

function parsed(text: string): Record<string, unknown> {
  try {
    return record(JSON.parse(text), 'the file');
  } catch {
    throw new Error('This is no session of musicvae studio: the file is not JSON.');
  }
}

function record(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error(`${what} is not an object.`);
  return value as Record<string, unknown>;
}

function list(value: unknown, what: string, most = Infinity): unknown[] {
  if (!Array.isArray(value)) throw new Error(`${what}: a list is missing.`);
  if (value.length > most) throw new Error(`${what}: more than ${most} are too many for a session.`);
  return value;
}

function number(value: unknown, what: string, low: number, high: number): number {
  if (typeof value !== 'number' || !(value >= low && value <= high)) {
    throw new Error(`${what}: ${JSON.stringify(value)} is not between ${low} and ${high}.`);
  }
  return value;
}
