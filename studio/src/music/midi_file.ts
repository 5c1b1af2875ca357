// A Standard MIDI file of a clip, for dragging it out: a browser wants the bytes when the drag starts.
import type {Clip, Note} from '../types';

export const TICKS_PER_QUARTER = 480;
const DRUM_CHANNEL = 9;

/** The bytes of a format 1 file: a track of tempo and time signature, then one a part. */
export function midiFile(clip: Clip): Uint8Array {
  const parts = new Map<string, Note[]>();
  for (const note of clip.notes) {
    const key = note.drum ? 'drums' : `${note.part}/${note.program}`;
    parts.set(key, [...(parts.get(key) ?? []), note]);
  }
  const tracks = [conductorTrack(clip)];
  let melodic = 0;
  for (const notes of parts.values()) {
    const drum = notes[0]!.drum;
    const channel = drum ? DRUM_CHANNEL : melodicChannel(melodic);
    if (!drum) melodic += 1;
    tracks.push(noteTrack(notes, channel, clip.length));
  }
  const header = [...text('MThd'), ...long(6), ...short(1), ...short(tracks.length), ...short(TICKS_PER_QUARTER)];
  return Uint8Array.from([header, ...tracks.map((track) => [...text('MTrk'), ...long(track.length), ...track])].flat());
}

/** A channel for the nth melodic part: never the drums' channel. */
export function melodicChannel(n: number): number {
  const channel = n % 15;
  return channel < DRUM_CHANNEL ? channel : channel + 1;
}

function conductorTrack(clip: Clip): number[] {
  const name = [...new TextEncoder().encode(clip.name)];
  const perQuarter = Math.round(60e6 / clip.tempo);
  return [
    ...[0, 0xff, 0x03, ...variable(name.length), ...name],
    ...[0, 0xff, 0x51, 3, (perQuarter >> 16) & 255, (perQuarter >> 8) & 255, perQuarter & 255],
    ...[0, 0xff, 0x58, 4, clip.beats_per_bar, Math.round(Math.log2(clip.beat_unit)), 24, 8],
    ...[...variable(tick(clip.length)), 0xff, 0x2f, 0],
  ];
}

function noteTrack(notes: readonly Note[], channel: number, length: number): number[] {
  const program = notes[0]!.program;
  const events: {tick: number; order: number; bytes: number[]}[] = [];
  for (const note of notes) {
    const start = tick(note.start);
    events.push({tick: start, order: 1, bytes: [0x90 | channel, note.pitch, note.velocity]});
    events.push({tick: Math.max(start + 1, tick(note.end)), order: 0, bytes: [0x80 | channel, note.pitch, 0]});
  }
  events.sort((a, b) => a.tick - b.tick || a.order - b.order);
  const track = channel === DRUM_CHANNEL ? [] : [0, 0xc0 | channel, program];
  let last = 0;
  for (const event of events) {
    track.push(...variable(event.tick - last), ...event.bytes);
    last = event.tick;
  }
  return [...track, ...variable(Math.max(0, tick(length) - last)), 0xff, 0x2f, 0];
}

function tick(quarters: number): number {
  return Math.max(0, Math.round(quarters * TICKS_PER_QUARTER));
}

function text(value: string): number[] {
  return [...value].map((letter) => letter.charCodeAt(0));
}

function long(value: number): number[] {
  return [(value >>> 24) & 255, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
}

function short(value: number): number[] {
  return [(value >> 8) & 255, value & 255];
}

function variable(value: number): number[] {
  const bytes = [value & 127];
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) bytes.unshift((rest & 127) | 128);
  return bytes;
}

export function base64(bytes: Uint8Array): string {
  let binary = '';
  for (let k = 0; k < bytes.length; k += 0x8000) binary += String.fromCharCode(...bytes.subarray(k, k + 0x8000));
  return btoa(binary);
}

/** A file name of a clip that every system takes. */
export function fileName(name: string, extension: string): string {
  const plain = name.normalize('NFKD').replace(/[^\w .()-]+/g, '').trim().replace(/\s+/g, '-');
  return `${plain || 'clip'}.${extension}`;
}
