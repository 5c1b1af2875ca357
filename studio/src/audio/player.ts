// Plays: drives the scheduler from a timer and sends its events to the synthesizer or a MIDI port.
import {effect, signal} from '@preact/signals';
import type {Swing} from '../music/swing';
import type {Clip, Note} from '../types';
import {ClockOffset} from './clock_offset';
import {Horizon} from './horizon';
import {midiMessages, noteOn} from './midi_messages';
import {type Scheduled, Scheduler} from './scheduler';
import {Synthesizer} from './synthesizer';

const TIMER_MILLISECONDS = 25;
/** From the press of a key to the first note: time for the first notes to be set up. */
const START_DELAY = 0.06;

export const playing = signal(false);
export const ports = signal<MIDIOutput[]>([]);
/** The port's id, or '' for the page's own sound. */
export const output = signal('');
export const sendClock = signal(true);
export const midiProblem = signal('');

let context: AudioContext | null = null;
let synthesizer: Synthesizer | null = null;
let access: MIDIAccess | null = null;
let timer = 0;
/** What is to play: while the sound opens, a newer clip may come. */
let wanted: Clip | null = null;
let volume = 0.9;
const offset = new ClockOffset();
const horizon = new Horizon();
const scheduler = new Scheduler(send);
const listeners = new Set<(pitch: number, velocity: number, time: number) => void>();

function port(): MIDIOutput | undefined {
  return ports.value.find(({id}) => id === output.value);
}

function send(event: Scheduled): void {
  const target = port();
  if (target) {
    for (const {time, data} of midiMessages(event, sendClock.value)) target.send(data, offset.toPerformance(time));
  } else if (event.kind === 'on') synthesizer?.on(event.note, event.time);
  else if (event.kind === 'off') synthesizer?.off(event.note, event.time);
  window.dispatchEvent(new CustomEvent('musicvae-scheduled', {detail: event}));
}

/** Opens the sound; a browser allows that only as the answer to a click or a key. */
export async function wake(): Promise<AudioContext> {
  if (!context) {
    context = new AudioContext({latencyHint: 'interactive'});
    synthesizer = new Synthesizer(context);
    synthesizer.setVolume(volume);
  }
  await Promise.all([context.resume(), synthesizer!.prepare()]);
  observe();
  return context;
}

// A finger that touches allows no sound yet, one that lets go does.
for (const gesture of ['pointerup', 'keydown']) {
  window.addEventListener(gesture, () => context?.state === 'suspended' && void context.resume());
}

function observe(): void {
  if (context) offset.observe(context.currentTime, performance.now());
}

export async function play(clip: Clip): Promise<void> {
  if (playing.value) return replace(clip, {from: 0});
  playing.value = true;
  wanted = clip;
  const {currentTime} = await wake();
  if (!playing.value) return;
  scheduler.start(wanted, currentTime + START_DELAY);
  window.clearInterval(timer);
  timer = window.setInterval(tick, TIMER_MILLISECONDS);
  tick();
}

function tick(): void {
  if (!context) return;
  observe();
  scheduler.advance(context.currentTime, horizon.at(performance.now() / 1000, document.hidden));
}

export function stop(): void {
  playing.value = false;
  window.clearInterval(timer);
  horizon.pause();
  if (!context) return;
  scheduler.stop(context.currentTime);
  if (!port()) synthesizer?.silence();
}

export function replace(clip: Clip, how: {from?: number} = {}): void {
  wanted = clip;
  scheduler.replace(clip, how);
}

export function setTempo(tempo: number): void {
  scheduler.setTempo(tempo);
}

export function setSwing(swing: Swing): void {
  scheduler.setSwing(swing);
}

export function setVolume(value: number): void {
  volume = value;
  synthesizer?.setVolume(value);
}

export function level(): number {
  return synthesizer && playing.value && !port() ? synthesizer.level() : 0;
}

/** Where the music that is heard now stands, in quarter notes within the clip; null when it is still. */
export function position(): number | null {
  return context ? scheduler.positionAt(heardNow()) : null;
}

/** The sound card's clock, less what lies between it and the ear. */
export function heardNow(): number {
  return context ? context.currentTime - (context.outputLatency || 0) : 0;
}

export function eventTime(event: Event): number {
  observe();
  return offset.toAudio(event.timeStamp) - (context?.outputLatency || 0);
}

/** Sounds one note at once, as an answer to an edit. */
export async function audition(note: Note): Promise<void> {
  const {currentTime} = await wake();
  const target = port();
  const seconds = note.drum ? 0.1 : 0.22;
  const events: Scheduled[] = [
    {kind: 'on', time: currentTime, beat: 0, note},
    {kind: 'off', time: currentTime + seconds, beat: 0, note},
  ];
  for (const event of events) {
    if (target) for (const {time, data} of midiMessages(event, false)) target.send(data, offset.toPerformance(time));
    else if (event.kind === 'on') synthesizer?.on(note, event.time);
    else synthesizer?.off(note, event.time);
  }
}

export function click(time: number, accent: boolean): void {
  synthesizer?.click(time, accent);
}

/** Asks for the MIDI ports; what keeps them away is said in `midiProblem`. */
export async function connectMidi(): Promise<boolean> {
  if (!navigator.requestMIDIAccess) {
    midiProblem.value = 'This browser has no Web MIDI. Chrome, Edge and Firefox have.';
    return false;
  }
  try {
    access = await navigator.requestMIDIAccess();
  } catch {
    midiProblem.value = 'MIDI was not allowed. Allow it in the address bar, then connect again.';
    return false;
  }
  listPorts();
  access.onstatechange = listPorts;
  midiProblem.value = ports.value.length ? '' : 'No MIDI port found. Plug in a device, or make a virtual port.';
  return true;
}

function listPorts(): void {
  if (!access) return;
  ports.value = [...access.outputs.values()];
  if (output.value && !port()) output.value = '';
  for (const input of access.inputs.values()) {
    input.onmidimessage = (message) => {
      const note = noteOn(message.data);
      if (note) for (const listener of listeners) listener(note.pitch, note.velocity, eventTime(message));
    };
  }
}

/** Calls back for every note played on a MIDI keyboard, until the returned function is called. */
export function onKeyboard(listener: (pitch: number, velocity: number, time: number) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

// Another output: what sounds on the old one is ended, and the music goes on on the new one.
let previous = output.peek();
effect(() => {
  const next = output.value;
  if (next === previous) return;
  const old = ports.peek().find(({id}) => id === previous);
  previous = next;
  if (old) for (let channel = 0; channel < 16; channel += 1) old.send([0xb0 | channel, 123, 0]);
  else synthesizer?.silence();
});
