// What the page knows, as signals. Actions change it; components show it.
import {computed, effect, signal} from '@preact/signals';
import {type Job, sourceOf} from '../api';
import {basicBeat} from '../music/clip';
import {swungClip} from '../music/swing';
import {placeColour, type Theme} from '../pad/colours';
import type {Clip, LatentMap, Model, ModelName, Options, Point} from '../types';
import {History} from './history';
import {DEFAULT_KNOBS, type FileSource, type Knobs, type Prior, readClip, readKnobs} from './session';

/** Where the clip in the editor comes from, which says what a knob can do to it. */
export type Origin =
  | {kind: 'pad'}
  | {kind: 'map'; point: Point}
  | {kind: 'style'}
  | {kind: 'z'; z: number[]}
  | {kind: 'job'; job: Job}
  | {kind: 'notes'};

export interface MusicFile {
  key: number;
  name: string;
  source: FileSource;
  state: 'reading' | 'ready' | 'refused';
  notes: string[];
  piece: Clip | null;
  windows: Clip[];
}

export interface Message {
  kind: 'error' | 'done';
  text: string;
}

export const model = signal<Model | null>(null);
export const models = signal<ModelName[]>([]);
export const connection = signal<'starting' | 'loading' | 'ready' | 'gone'>('starting');
/** What the server says while it loads its first model. */
export const starting = signal('');
export const message = signal<Message | null>(null);
/** What the page waits for, in words; newest last. */
export const waits = signal<string[]>([]);
/** How far that is, in words. */
export const howFar = signal('');

export const corners = signal<(Clip | null)[]>([null, null, null, null]);
export const palette = signal<{size: number; clips: Clip[]} | null>(null);
export const point = signal<Point>([0.5, 0.5]);
export const path = signal<Point[]>([]);
export const clip = signal<Clip | null>(null);
export const origin = signal<Origin>({kind: 'pad'});
/** The hits that a model plays which plays given hits. */
export const control = signal<Clip>(basicBeat());
export const shelf = signal<Clip[]>([]);
export const favourites = signal<Clip[]>(kept('favourites', readFavourites, []));
export const files = signal<MusicFile[]>([]);
export const map = signal<LatentMap | null>(null);
/** Place in the studio's style, in standard deviations along its axes, and the music around it. */
export const stylePosition = signal<number[]>([]);
export const styleClips = signal<Clip[]>([]);
export const knobs = signal<Knobs>(DEFAULT_KNOBS);
export const volume = signal(kept('volume', (value) => Math.min(1, Math.max(0, Number(value) || 0)), 0.85));

const darkWanted = window.matchMedia('(prefers-color-scheme: dark)');
const systemTheme = signal<Theme>(darkWanted.matches ? 'dark' : 'light');
darkWanted.addEventListener('change', ({matches}) => (systemTheme.value = matches ? 'dark' : 'light'));
export const chosenTheme = signal<Theme | ''>(
  kept('theme', (value) => (value === 'dark' || value === 'light' ? value : ''), ''),
);
export const theme = computed<Theme>(() => chosenTheme.value || systemTheme.value);

/** Where the place in the style lies in the square of its first two axes. */
export const stylePoint = computed<Point>(() => {
  const reach = model.value?.style?.reach ?? 2;
  const [x = 0, y = 0] = stylePosition.value;
  const share = (value: number) => Math.min(1, Math.max(0, (value / reach + 1) / 2));
  return [share(x), share(y)];
});

/** The colour of the place where the music comes from: the page's accent. */
export const accent = computed(() => {
  const {kind} = origin.value;
  return placeColour(kind === 'pad' ? point.value : kind === 'style' ? stylePoint.value : [0.62, 0.3], theme.value);
});
export const isDrums = computed(() => ['drums', 'groove'].includes(model.value?.family ?? ''));
export const swing = computed(() => ({amount: knobs.value.swing, step: knobs.value.swingStep}));

effect(() => keep('favourites', favourites.value));
effect(() => keep('volume', volume.value));
effect(() => keep('theme', chosenTheme.value));

/** What new samples are drawn from, of what the model has. */
export function priorOf(wanted: Prior, known: Model | null): Prior {
  if (wanted === 'style' && known?.style) return wanted;
  return known?.prior && wanted !== 'standard' ? 'learned' : 'standard';
}

/** Options of a request: those of the knobs that the model has. */
export function options(): Options {
  const {temperature, seed, attributes, chords, key, tempo, closeness, conditions} = knobs.value;
  const known = model.value;
  const prior = priorOf(knobs.value.prior, known);
  const moved = Object.entries(attributes).filter(
    ([name, move]) => Math.abs(move) > 1e-3 && known?.attributes.some((attribute) => attribute.name === name),
  );
  const asked = Object.entries(conditions).filter(([name]) => known?.prior_conditions.includes(name));
  return {
    ...{temperature, seed, tempo, closeness},
    ...(asked.length && prior === 'learned' ? {prior_condition: Object.fromEntries(asked)} : {}),
    ...(known?.style ? {style: prior === 'style'} : {}),
    ...(known?.prior && prior !== 'style' ? {prior} : {}),
    ...(moved.length ? {attributes: Object.fromEntries(moved)} : {}),
    ...(known?.chords && chords.trim() ? {chords: chords.trim()} : {}),
    ...(key && (known?.key || (known?.chords && chords.trim())) ? {key} : {}),
    ...(known?.hits ? {control: sourceOf({...control.value, z: null})} : {}),
  };
}

/** A clip as it leaves the page: at the page's tempo, and swung. */
export function asHeard(one: Clip): Clip {
  const {tempo} = knobs.value;
  const tempos = one.tempos?.map(([beat, other]) => [beat, (other * tempo) / one.tempo] as [number, number]);
  return {...swungClip(one, swing.value), tempo, ...(tempos ? {tempos} : {})};
}

/** A clip's place in the latent space of the model that is meant; null if it has none there. */
export function placeOf({z, model: own}: Clip): number[] | null {
  return own === undefined || own === model.value?.name ? z : null;
}

export function originOf(one: Clip): Origin {
  const z = placeOf(one);
  return z ? {kind: 'z', z} : {kind: 'notes'};
}

interface Snapshot {
  knobs: Knobs;
  corners: (Clip | null)[];
  palette: {size: number; clips: Clip[]} | null;
  point: Point;
  clip: Clip | null;
  origin: Origin;
  stylePosition: number[];
}

const FIRST_CHORDS = 'C G Am F';
const FIRST_KEY = 'C';

const history = new History<Snapshot>();
const changes = signal(0);
let lastTag = '';
let lastTime = 0;

export const canUndo = computed(() => changes.value >= 0 && history.canUndo);
export const canRedo = computed(() => changes.value >= 0 && history.canRedo);

function snapshot(): Snapshot {
  return {
    ...{knobs: knobs.peek(), corners: corners.peek(), palette: palette.peek(), point: point.peek()},
    ...{clip: clip.peek(), origin: origin.peek(), stylePosition: stylePosition.peek()},
  };
}

/** Keeps the state before a change; changes of one gesture (the same tag, close in time) are one step. */
export function remember(tag: string): void {
  const now = performance.now();
  const sameGesture = tag === lastTag && now - lastTime < 900;
  [lastTag, lastTime] = [tag, now];
  if (sameGesture) return;
  history.keep(snapshot());
  changes.value += 1;
}

export function timeTravel(direction: 'undo' | 'redo'): boolean {
  const state = history[direction](snapshot());
  if (!state) return false;
  lastTag = '';
  changes.value += 1;
  knobs.value = state.knobs;
  corners.value = state.corners;
  palette.value = state.palette;
  point.value = state.point;
  origin.value = state.origin;
  stylePosition.value = state.stylePosition;
  clip.value = state.clip;
  return true;
}

function readFavourites(value: unknown): Clip[] {
  return Array.isArray(value) ? value.map((one) => readClip(one, 'a favourite')) : [];
}

/** A value of the browser's store; what cannot be read counts as not there. */
function kept<Value>(name: string, read: (value: unknown) => Value, otherwise: Value): Value {
  try {
    const text = localStorage.getItem(`musicvae-${name}`);
    return text === null ? otherwise : read(JSON.parse(text));
  } catch {
    return otherwise;
  }
}

function keep(name: string, value: unknown): void {
  try {
    localStorage.setItem(`musicvae-${name}`, JSON.stringify(value));
  } catch {
    // A full or forbidden store: the page works on, and forgets when it is closed.
  }
}

export function freshKnobs(found: Model): Knobs {
  const prior = priorOf(found.style ? 'style' : 'learned', found);
  // A model that plays over chords, or in a key, has some from the start.
  const chords = knobs.peek().chords || (found.chords ? FIRST_CHORDS : '');
  const key = knobs.peek().key || (found.key ? FIRST_KEY : '');
  return readKnobs({...knobs.peek(), prior, chords, key, temperature: found.temperature, tempo: found.tempo, attributes: {}, conditions: {}});
}
