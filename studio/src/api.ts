// Requests to the studio's server, and what goes wrong with them in words that a person can use.
import type {Attribute, Clip, FileFormat, LatentMap, Model, ModelName, Options, Point, Source} from './types';

/** The server said no, in one line that is fit to be shown. */
export class Refused extends Error {
  constructor(text: string, readonly status: number) {
    super(text);
  }
}
/** Nobody answers. */
export class ServerGone extends Error {
  constructor() {
    super('The studio’s server does not answer.');
  }
}

type Corners = readonly Source[];

export interface Job {
  mode: string;
  /** None for a mode that writes new music. */
  source?: Source;
  /** Further inputs: where a morph leads to, whose manner hits follow. */
  sources?: Source[];
  bars?: number;
  form?: string;
  /** Bars that are kept: 1-4,9-16. */
  keep?: string;
  keep_parts?: string[];
}

/** How far the work is that this tab asked for. */
export interface Progress {
  working: boolean;
  done: number;
  total: number;
  remaining: number | null;
}

interface JobAnswer {
  clip: Clip;
  clips?: Clip[];
  notes: string[];
  model?: string;
}

/** The model that requests mean, so that two tabs do not disturb each other. */
let meant: string | undefined;
/** What the server knows this tab by: of its waiting pad points only the newest is computed. */
const tab = Math.random().toString(36).slice(2);

export function meanModel(name: string): void {
  meant = name;
}

export const api = {
  health: () => get<{ready: boolean; model: string; message: string}>('health'),
  model: () => get<Model>(meant ? `model?name=${encodeURIComponent(meant)}` : 'model'),
  models: () => get<{models: ModelName[]}>('models'),
  load: (name: string) => post<Model>('model', {name}, false),
  sample: (count: number, options: Options) => post<{clips: Clip[]; seed: number}>('sample', {count, ...options}),
  read: (source: Source) => post<{clips: Clip[]; piece: Clip; notes: string[]}>('read', {...source}),
  encode: (source: Source) => post<{clip: Clip; notes: string[]}>('encode', {source}),
  decode: (z: number[][], options: Options) => post<{clips: Clip[]}>('decode', {z, ...options}),
  pad: (corners: Corners, size: number, options: Options) =>
    post<{size: number; clips: Clip[]}>('pad', {corners, size, ...options}),
  padPoint: (corners: Corners, [x, y]: Point, options: Options) =>
    post<{clip: Clip | null}>('pad_point', {corners, x, y, tab, ...options}),
  path: (corners: Corners, points: readonly Point[], bars: number, options: Options) =>
    post<{clip: Clip}>('path', {corners, points, bars, tab, ...options}),
  morph: (start: Source, end: Source, count: number, options: Options) =>
    post<{clips: Clip[]}>('morph', {start, end, count, ...options}),
  similar: (source: Source, count: number, options: Options) =>
    post<{clips: Clip[]}>('similar', {source, count, ...options}),
  map: (sources: readonly Source[]) => post<LatentMap>('map', {sources, tab}),
  mapPoint: (map: string, [x, y]: Point, options: Options) =>
    post<{clip: Clip}>('map_point', {map, x, y, ...options}),
  stylePoint: (position: readonly number[], options: Options) =>
    post<{clip: Clip}>('style_point', {position, ...options}),
  styleMap: (position: readonly number[], size: number, options: Options) =>
    post<{clips: Clip[]}>('style_map', {position, size, ...options}),
  /** A mode that the model does not have is done by the usual model for it. */
  job: (job: Job, options: Options) => post<JobAnswer>('job', {...job, tab, ...options}),
  attributes: () => post<{attributes: Attribute[]; notes: string[]}>('attributes', {tab}),
  progress: () => get<Progress>(`progress?tab=${tab}`),

  async file(clips: readonly Clip[], format: FileFormat, joined: boolean): Promise<Blob> {
    const response = await request('file', {clips: clips.map(onWire), format, joined});
    return response.blob();
  },
};

/** A clip as a request carries it: the contract's fields and no other. */
export function onWire(clip: Clip): Clip {
  const {id, z, notes, tempo, beats_per_bar, beat_unit, length, name, seed, model, tempos, chords} = clip;
  const more = {...(model ? {model} : {}), ...(tempos ? {tempos} : {}), ...(chords ? {chords} : {})};
  return {id, z, notes, tempo, beats_per_bar, beat_unit, length, name, seed, ...more};
}

/** A clip as the source of something: by its place in latent space if it has one, else by its notes. */
export function sourceOf(clip: Clip): Source {
  return {clip: onWire(clip)};
}

async function get<Answer>(path: string): Promise<Answer> {
  return (await request(path)).json() as Promise<Answer>;
}

async function post<Answer>(path: string, body: object, own = true): Promise<Answer> {
  return (await request(path, own && meant ? {model: meant, ...body} : body)).json() as Promise<Answer>;
}

async function request(path: string, body?: object): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(`api/${path}`, body && {
      method: 'POST', headers: {'Content-Type': 'application/json'}, body: JSON.stringify(body),
    });
  } catch {
    throw new ServerGone();
  }
  if (response.ok) return response;
  throw new Refused(await reason(response), response.status);
}

async function reason(response: Response): Promise<string> {
  try {
    const {error} = (await response.json()) as {error?: unknown};
    if (typeof error === 'string' && error) return error;
  } catch {
    // Not JSON: the status has to do.
  }
  return `The server answered ${response.status} ${response.statusText}`.trim();
}
