// What a person can do: ask the server, put the answer into the store, say what went wrong.
import {batch} from '@preact/signals';
import {api, type Job, meanModel, Refused, ServerGone, sourceOf} from '../api';
import * as player from '../audio/player';
import {sameMusic} from '../music/clip';
import type {Clip, Options, Point, Source} from '../types';
import {latest} from './latest';
import {watch} from './progress';
import * as store from './store';

export const PAD_SIZE = 5;
const RETRY_MILLISECONDS = 1500;
const PALETTE_DELAY = 250;

/** Runs a request, and shows what it says if it fails. Resolves to null then. */
export async function attempt<Result>(wait: string, run: () => Promise<Result>): Promise<Result | null> {
  if (wait) {
    store.waits.value = [...store.waits.value, wait];
    store.message.value = null;
    watch();
  }
  try {
    return await run();
  } catch (error) {
    if (error instanceof ServerGone) void reconnect();
    else say('error', error instanceof Refused || error instanceof Error ? error.message : String(error));
    return null;
  } finally {
    if (wait) store.waits.value = store.waits.value.filter((_, k, all) => k !== all.lastIndexOf(wait));
  }
}

export function say(kind: 'error' | 'done', text: string): void {
  store.message.value = {kind, text};
}

/** Asks for the model until the server has one. */
export async function connect(): Promise<void> {
  for (;;) {
    try {
      const health = await api.health();
      store.starting.value = health.message;
      if (!health.ready && !store.model.value) store.connection.value = 'starting';
      const [model, {models}] = [await api.model(), await api.models()];
      meanModel(model.name);
      const first = store.model.value === null;
      batch(() => {
        store.models.value = models;
        store.model.value = model;
        store.connection.value = 'ready';
        if (first) store.knobs.value = store.freshKnobs(model);
      });
      if (first) await newCorners();
      return;
    } catch (error) {
      if (error instanceof Refused) {
        // A server that was started anew may lack the model that was meant: its own is taken then.
        meanModel('');
        store.connection.value = 'starting';
        say('error', error.message);
      } else {
        store.connection.value = store.model.value ? 'gone' : 'starting';
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_MILLISECONDS));
    }
  }
}

async function reconnect(): Promise<void> {
  if (store.connection.value === 'gone') return;
  store.connection.value = 'gone';
  await connect();
  store.message.value = {kind: 'done', text: 'The server is back.'};
}

export async function chooseModel(name: string): Promise<boolean> {
  if (name === store.model.value?.name) return true;
  store.connection.value = 'loading';
  const model = await attempt(`Loading ${name}`, () => api.load(name));
  if (store.connection.value === 'loading') store.connection.value = 'ready';
  if (!model) return false;
  meanModel(name);
  batch(() => {
    store.model.value = model;
    store.models.value = store.models.value.map((one) => ({...one, loaded: one.loaded || one.name === name}));
    store.knobs.value = store.freshKnobs(model);
    store.palette.value = null;
    store.map.value = null;
    store.path.value = [];
    store.stylePosition.value = [];
    store.styleClips.value = [];
  });
  return true;
}

/** Four new samples for the corners, and the music between them. */
export async function newCorners(): Promise<void> {
  const found = await attempt('Sampling', () => api.sample(4, store.options()));
  if (!found) return;
  batch(() => {
    store.corners.value = found.clips;
    store.origin.value = {kind: 'pad'};
  });
  await askPoint();
  askPalette();
}

export async function sampleCorner(corner: number): Promise<void> {
  store.remember('corner');
  const seed = randomSeed();
  const found = await attempt('Sampling', () => api.sample(1, {...store.options(), seed}));
  if (found?.clips[0]) putCorner(corner, found.clips[0]);
}

export function randomSeed(): number {
  return Math.floor(Math.random() * 10_000);
}

/** Puts a clip into a corner; one without a place in latent space is encoded first. */
export async function setCorner(corner: number, clip: Clip): Promise<void> {
  store.remember('corner');
  if (store.placeOf(clip)) return putCorner(corner, clip);
  const found = await attempt('Encoding', () => api.encode(sourceOf(clip)));
  if (!found) return;
  found.notes.slice(0, 1).forEach((note) => say('done', note));
  putCorner(corner, {...found.clip, name: clip.name});
}

function putCorner(corner: number, clip: Clip): void {
  batch(() => {
    store.corners.value = store.corners.value.map((old, k) => (k === corner ? clip : old));
    store.origin.value = {kind: 'pad'};
  });
  void askPoint();
  askPalette();
}

function cornerSources(): Source[] | null {
  const found = store.corners.value.flatMap((clip) => (clip ? [sourceOf(clip)] : []));
  return found.length === 4 ? found : null;
}

// The server knows the clips that it gave: their ids make a request short. One that was started anew
// does not know them; then the clips themselves are sent.
const padPoint = latest(async ({corners, point}: {corners: Source[]; point: Point}) => {
  const ids = store.corners.value.flatMap((clip) => (clip?.z && clip.id ? [{id: clip.id}] : []));
  try {
    return await api.padPoint(ids.length === 4 ? ids : corners, point, store.options());
  } catch (error) {
    if (!(error instanceof Refused) || error.status !== 404) throw error;
    return api.padPoint(corners, point, store.options());
  }
});

/** Asks for the music under the pointer; of a fast drag only the newest place is asked for. */
export async function askPoint(): Promise<void> {
  const corners = cornerSources();
  if (!corners) return;
  const point = store.point.value;
  const found = await attempt('', () => padPoint({corners, point}));
  if (found?.clip && store.origin.value.kind === 'pad') show({...found.clip, name: placeName('Pad', point)});
}

function placeName(where: string, [x, y]: Point): string {
  return `${where} ${Math.round(x * 100)} ${Math.round(y * 100)}`;
}

let paletteTimer = 0;
/** Asks for the grid between the corners, once the knobs rest. */
export function askPalette(): void {
  window.clearTimeout(paletteTimer);
  paletteTimer = window.setTimeout(async () => {
    const corners = cornerSources();
    if (!corners) return;
    const found = await attempt('', () => api.pad(corners, PAD_SIZE, store.options()));
    if (found) store.palette.value = found;
  }, PALETTE_DELAY);
}

export function movePoint(point: Point): void {
  store.remember('point');
  batch(() => {
    store.point.value = point;
    store.origin.value = {kind: 'pad'};
  });
  void askPoint();
}

const mapPoint = latest(({map, point}: {map: string; point: Point}) => api.mapPoint(map, point, store.options()));

export async function walkMap(point: Point): Promise<void> {
  const {value: map} = store.map;
  if (!map) return;
  store.remember('map');
  store.origin.value = {kind: 'map', point};
  const found = await attempt('', () => mapPoint({map: map.map, point}));
  if (found && store.origin.value.kind === 'map') show({...found.clip, name: placeName('Map', point)});
}

const stylePoint = latest((position: number[]) => api.stylePoint(position, {...store.options(), style: true}));

/** Goes to a place in the studio's style, in standard deviations along its axes. */
export async function walkStyle(position: number[]): Promise<void> {
  store.remember('style');
  const others = (all: number[]) => all.slice(2).join();
  const elsewhere = others(position) !== others(store.stylePosition.value);
  batch(() => {
    store.stylePosition.value = position;
    store.origin.value = {kind: 'style'};
  });
  if (elsewhere) askStyleMap();
  await askStylePoint();
}

async function askStylePoint(): Promise<void> {
  const position = store.stylePosition.value;
  const found = await attempt('', () => stylePoint(position));
  if (found?.clip && store.origin.value.kind === 'style') show({...found.clip, name: placeName('Style', store.stylePoint.value)});
}

let styleTimer = 0;
/** Asks for the square of the style's first two axes, once the knobs rest. */
export function askStyleMap(): void {
  window.clearTimeout(styleTimer);
  styleTimer = window.setTimeout(async () => {
    if (!store.model.value?.style) return;
    const options = {...store.options(), style: true};
    const found = await attempt('', () => api.styleMap(store.stylePosition.value, PAD_SIZE, options));
    if (found) store.styleClips.value = found.clips;
  }, PALETTE_DELAY);
}

/** Puts a clip into the editor, and into the music that plays at the next beat. */
export function show(clip: Clip, how: {from?: number} = {}): void {
  store.clip.value = clip;
  player.replace(clip, how);
}

/** Takes a clip from a shelf, a corner or a file. */
export function select(clip: Clip): void {
  store.remember('select');
  store.origin.value = store.originOf(clip);
  show(clip, clip.length === store.clip.value?.length ? {} : {from: 0});
}

export function edit(clip: Clip): void {
  store.remember('edit');
  store.origin.value = {kind: 'notes'};
  const name = /\(edited\)$/.test(clip.name) ? clip.name : `${clip.name} (edited)`;
  show({...clip, name});
}

/** A knob that changes what the model says was turned: the clip is asked for again. */
export async function refresh(): Promise<void> {
  const {value: origin} = store.origin;
  if (origin.kind === 'pad') await askPoint();
  if (origin.kind === 'map') await walkMap(origin.point);
  if (origin.kind === 'style') await askStylePoint();
  if (store.styleClips.value.length) askStyleMap();
  if (origin.kind === 'z') {
    const name = store.clip.value?.name ?? 'clip';
    const found = await attempt('', () => decode(origin.z));
    if (found?.clips[0] && store.origin.value === origin) show({...found.clips[0], name});
  }
  if (origin.kind === 'job') await rerun(origin.job);
  askPalette();
}

const decode = latest((z: number[]) => api.decode([z], store.options()));
const askJob = latest((job: Job) => api.job(job, jobOptions(job)));
/** What takes too long to be done again for every turn of a knob. */
const LONG_MODES = ['continue', 'infill', 'compose'];

/** A piece that is given keeps its own tempo. */
function jobOptions(job: Job): Options {
  const {timing, velocity} = store.knobs.value;
  const {tempo, ...others} = store.options();
  return {...others, ...(job.source ? {} : {tempo}), timing, velocity};
}

async function rerun(job: Job): Promise<void> {
  const found = await attempt('', () => askJob(job));
  if (found && store.origin.value.kind === 'job') show(found.clip);
}

/** Runs a mode on music; the piece goes to the editor and the shelf. */
export async function runJob(job: Job, wait: string): Promise<Clip | null> {
  const found = await attempt(wait, () => askJob(job));
  if (!found) return null;
  store.remember('job');
  batch(() => {
    store.origin.value = LONG_MODES.includes(job.mode) ? {kind: 'notes'} : {kind: 'job', job};
    store.knobs.value = {...store.knobs.value, tempo: found.clip.tempo};
  });
  player.setTempo(found.clip.tempo);
  show(found.clip, {from: 0});
  toShelf(found.clips ?? [found.clip]);
  found.notes.slice(0, 1).forEach((note) => say('done', note));
  return found.clip;
}

export async function similar(clip: Clip): Promise<void> {
  const found = await attempt('Looking nearby', () => api.similar(sourceOf(clip), 6, store.options()));
  if (found) toShelf(found.clips);
}

export async function morph(start: Clip, end: Clip): Promise<void> {
  const found = await attempt('Morphing', () => api.morph(sourceOf(start), sourceOf(end), 7, store.options()));
  if (found) toShelf(found.clips);
}

export async function renderPath(bars: number): Promise<void> {
  const corners = cornerSources();
  if (!corners || store.path.value.length < 2) return;
  const found = await attempt('Rendering the path', () => api.path(corners, store.path.value, bars, store.options()));
  if (!found) return;
  const clip = {...found.clip, name: found.clip.name || 'Path'};
  toShelf([clip]);
  store.remember('path');
  store.origin.value = {kind: 'notes'};
  show(clip, {from: 0});
}

export function toShelf(clips: readonly Clip[]): void {
  store.shelf.value = [...clips, ...store.shelf.value].slice(0, 60);
}

export function isFavourite(clip: Clip): boolean {
  return store.favourites.value.some((other) => sameMusic(other, clip));
}

export function toggleFavourite(clip: Clip): void {
  const others = store.favourites.value.filter((other) => !sameMusic(other, clip));
  store.favourites.value = others.length < store.favourites.value.length ? others : [clip, ...others];
}

export async function learnAttributes(): Promise<void> {
  const found = await attempt('Measuring attributes', () => api.attributes());
  if (!found || !store.model.value) return;
  store.model.value = {...store.model.value, attributes: found.attributes};
  if (!found.attributes.length) say('done', found.notes[0] ?? 'This model has no attributes to turn.');
}

export function togglePlay(): void {
  if (player.playing.value) player.stop();
  else if (store.clip.value) void player.play(store.clip.value);
}

export function travel(direction: 'undo' | 'redo'): void {
  if (!store.timeTravel(direction)) return;
  player.setTempo(store.knobs.value.tempo);
  player.setSwing(store.swing.value);
  if (store.clip.value) player.replace(store.clip.value);
}
