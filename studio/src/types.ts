// The server's vocabulary, as docs/studio.md describes it. Times are in quarter notes.

export interface Note {
  pitch: number;
  start: number;
  end: number;
  velocity: number;
  drum: boolean;
  program: number;
  part: number;
}

export interface Clip {
  id: string;
  z: number[] | null;
  notes: Note[];
  tempo: number;
  beats_per_bar: number;
  beat_unit: number;
  length: number;
  name: string;
  seed: number | null;
  /** Whose latent space z is a place of. */
  model?: string;
  /** Beats and quarter notes a minute, only where the tempo changes. */
  tempos?: [number, number][] | null;
  chords?: [number, string][] | null;
}

export type Source = {clip: Clip} | {z: number[]} | {id: string} | {midi: string; name: string};

export type Family = 'melody' | 'drums' | 'groove' | 'trio' | 'multitrack';

export interface DrumClass {
  name: string;
  pitch: number;
  pitches: number[];
}

export interface Part {
  name: string;
  program: number;
  drum: boolean;
}

export interface Attribute {
  name: string;
  mean: number;
  deviation: number;
}

export interface StyleAxis {
  /** How much of what differs lies along it. */
  share: number;
  /** What grows along it, in words; may be empty. */
  meaning: string;
}

/** A small latent space of a few files, with which the studio was started. */
export interface Style {
  name: string;
  files: number;
  windows: number;
  /** How far a map of it goes, in standard deviations. */
  reach: number;
  axes: StyleAxis[];
}

export interface Model {
  name: string;
  description: string;
  family: Family;
  bars: number;
  beats_per_bar: number;
  steps_per_quarter: number;
  tempo: number;
  z_size: number;
  temperature: number;
  lowest_pitch: number;
  highest_pitch: number;
  drum_classes: DrumClass[];
  parts: Part[];
  chords: boolean;
  key: boolean;
  /** Whether it plays hits that it is given. */
  hits: boolean;
  prior: boolean;
  /** Attributes that a learned prior can be asked for. */
  prior_conditions: string[];
  style: Style | null;
  attributes: Attribute[];
  modes: string[];
  version: string;
}

export interface ModelName {
  name: string;
  description: string;
  family: Family;
  loaded: boolean;
  modes?: string[];
}

export interface Options {
  temperature?: number;
  seed?: number;
  prior?: 'learned' | 'standard';
  style?: boolean;
  attributes?: Record<string, number>;
  chords?: string;
  key?: string;
  closeness?: number;
  tempo?: number;
  timing?: number;
  velocity?: number;
  prior_condition?: Record<string, Level>;
  control?: Source;
}

export type Level = 'low' | 'medium' | 'high';

export type FileFormat = 'midi' | 'wav' | 'musicxml';

export interface MapPoint {
  name: string;
  bar: number;
  x: number;
  y: number;
  clip: Clip;
}

/** The user's music in two principal axes; x and y of its points lie between -1 and 1. */
export interface LatentMap {
  map: string;
  points: MapPoint[];
  /** How much of the variance each axis explains. */
  axes: number[];
}

export type Point = readonly [x: number, y: number];
