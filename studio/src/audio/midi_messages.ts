// What a MIDI port is sent for the scheduler's events. Status bytes are those of MIDI 1.0.
import {melodicChannel} from '../music/midi_file';
import type {Scheduled} from './scheduler';

export interface TimedMessage {
  time: number;
  data: number[];
}

/** Messages of one event; clock, start and stop only if the port is to follow our clock. */
export function midiMessages(event: Scheduled, withClock: boolean): TimedMessage[] {
  const {time} = event;
  switch (event.kind) {
    case 'on':
      return [{time, data: [0x90 | channelOf(event.note), event.note.pitch, event.note.velocity]}];
    case 'off':
      return [{time, data: [0x80 | channelOf(event.note), event.note.pitch, 0]}];
    case 'clock':
      return withClock ? [{time, data: [0xf8]}] : [];
    case 'start':
      return withClock ? [{time, data: [0xfa]}] : [];
    case 'stop':
      return withClock ? [{time, data: [0xfc]}] : [];
    case 'swap':
      return [];
  }
}

export function channelOf({drum, part}: {drum: boolean; part: number}): number {
  return drum ? 9 : melodicChannel(part);
}

/** A note that a keyboard or pad controller began; null for every other message. */
export function noteOn(data: Uint8Array | null): {pitch: number; velocity: number} | null {
  if (!data || data.length < 3 || (data[0]! & 0xf0) !== 0x90 || data[2] === 0) return null;
  return {pitch: data[1]!, velocity: data[2]!};
}
