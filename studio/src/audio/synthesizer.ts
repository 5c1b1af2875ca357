// The page's own instrument: drums from a kit, and a few melodic voices, one for each family of programs.
import type {Note} from '../types';
import {drumSound, type Kit, renderKit} from './kit';

const DRUM_GAIN: Partial<Record<ReturnType<typeof drumSound>, number>> = {kick: 1, snare: 0.8, clap: 0.6, crash: 0.5};

interface Voice {
  wave: OscillatorType;
  /** Detuning of a second oscillator in cents, and its interval in semitones. */
  detune: number;
  interval: number;
  attack: number;
  decay: number;
  sustain: number;
  release: number;
  /** Filter's cutoff, in multiples of the pitch, at the start and once it has settled. */
  bright: [number, number];
  /** Depth of a sine that modulates the first oscillator, in multiples of its frequency. */
  bell: number;
  gain: number;
}

const KEYS: Voice = {
  ...{wave: 'triangle', detune: 4, interval: 0, attack: 0.004, decay: 0.5, sustain: 0.35, release: 0.16},
  ...{bright: [11, 3.2], bell: 1.6, gain: 0.3},
};
const VOICES = {
  keys: KEYS,
  bass: {...KEYS, wave: 'sawtooth', detune: 7, interval: -12, decay: 0.28, sustain: 0.55, release: 0.07, bright: [9, 3], bell: 0, gain: 0.42},
  organ: {...KEYS, wave: 'sine', interval: 12, attack: 0.01, sustain: 0.9, release: 0.06, bright: [14, 14], bell: 0, gain: 0.26},
  strings: {...KEYS, wave: 'sawtooth', detune: 11, attack: 0.09, decay: 0.4, sustain: 0.8, release: 0.3, bright: [5, 4], bell: 0, gain: 0.17},
  lead: {...KEYS, wave: 'square', detune: 8, attack: 0.008, sustain: 0.7, release: 0.1, bright: [8, 5], bell: 0, gain: 0.15},
} satisfies Record<string, Voice>;

function voiceOf(program: number): Voice {
  if (program >= 32 && program < 40) return VOICES.bass;
  if (program >= 16 && program < 24) return VOICES.organ;
  if ((program >= 40 && program < 56) || (program >= 88 && program < 96)) return VOICES.strings;
  if (program >= 56 && program < 88) return VOICES.lead;
  return VOICES.keys;
}

interface Held {
  amplifier: GainNode;
  oscillators: OscillatorNode[];
  release: number;
}

export class Synthesizer {
  private kit: Kit | null = null;
  private readonly held = new Map<string, Held>();
  private openHiHat: GainNode | null = null;
  private gain = 0.8;
  private readonly master: GainNode;
  private readonly room: ConvolverNode;
  readonly analyser: AnalyserNode;

  constructor(private readonly context: AudioContext) {
    this.master = new GainNode(context, {gain: this.gain});
    this.analyser = new AnalyserNode(context, {fftSize: 1024});
    const limiter = new DynamicsCompressorNode(context, {threshold: -10, ratio: 8, attack: 0.002, release: 0.12});
    this.room = new ConvolverNode(context, {buffer: roomImpulse(context)});
    this.room.connect(new GainNode(context, {gain: 0.5})).connect(this.master);
    this.master.connect(limiter).connect(this.analyser).connect(context.destination);
  }

  async prepare(): Promise<void> {
    this.kit ??= await renderKit(this.context.sampleRate);
  }

  setVolume(volume: number): void {
    this.gain = volume * volume;
    this.master.gain.setTargetAtTime(this.gain, this.context.currentTime, 0.015);
  }

  on(note: Note, time: number): void {
    if (note.drum) this.hit(note, time);
    else this.press(note, time);
  }

  off(note: Note, time: number): void {
    const key = keyOf(note);
    const held = this.held.get(key);
    if (!held) return;
    this.held.delete(key);
    held.amplifier.gain.cancelAndHoldAtTime?.(time);
    held.amplifier.gain.setTargetAtTime(0, time, held.release / 3);
    for (const oscillator of held.oscillators) oscillator.stop(time + held.release * 2);
  }

  /** A metronome's click. */
  click(time: number, accent: boolean): void {
    const oscillator = new OscillatorNode(this.context, {frequency: accent ? 1760 : 1320});
    const gain = new GainNode(this.context, {gain: accent ? 0.4 : 0.25});
    gain.gain.setTargetAtTime(0, time + 0.008, 0.012);
    oscillator.connect(gain).connect(this.master);
    oscillator.start(time);
    oscillator.stop(time + 0.1);
  }

  /** Ends everything at once, also what was scheduled and has not begun. */
  silence(): void {
    const now = this.context.currentTime;
    this.master.gain.cancelScheduledValues(now);
    this.master.gain.setTargetAtTime(0, now, 0.01);
    this.master.gain.setTargetAtTime(this.gain, now + 0.16, 0.01);
  }

  /** Loudness of the output now, 0 to 1. */
  level(): number {
    const samples = new Float32Array(this.analyser.fftSize);
    this.analyser.getFloatTimeDomainData(samples);
    let peak = 0;
    for (const sample of samples) peak = Math.max(peak, Math.abs(sample));
    return Math.min(1, peak);
  }

  private hit(note: Note, time: number): void {
    const name = drumSound(note.pitch);
    const buffer = this.kit?.get(name);
    if (!buffer) return;
    const loudness = (note.velocity / 127) ** 1.6;
    const gain = new GainNode(this.context, {gain: loudness * (DRUM_GAIN[name] ?? 0.62)});
    const source = new AudioBufferSourceNode(this.context, {buffer});
    // A soft hit is duller than a loud one.
    const tone = new BiquadFilterNode(this.context, {type: 'lowpass', frequency: 2600 + 16000 * loudness});
    source.connect(tone).connect(gain).connect(this.master);
    gain.connect(new GainNode(this.context, {gain: name === 'kick' ? 0.03 : 0.14})).connect(this.room);
    if (name === 'closed') this.openHiHat?.gain.setTargetAtTime(0, time, 0.012);
    if (name === 'open' || name === 'closed') this.openHiHat = name === 'open' ? gain : null;
    source.start(time);
  }

  private press(note: Note, time: number): void {
    this.off(note, time);
    const voice = voiceOf(note.program);
    const frequency = 440 * 2 ** ((note.pitch - 69) / 12);
    const loudness = (note.velocity / 127) ** 1.4 * voice.gain;
    const amplifier = new GainNode(this.context, {gain: 0});
    amplifier.gain.setValueAtTime(0, time);
    amplifier.gain.linearRampToValueAtTime(loudness, time + voice.attack);
    amplifier.gain.setTargetAtTime(loudness * voice.sustain, time + voice.attack, voice.decay / 2);
    const [start, end] = voice.bright;
    const filter = new BiquadFilterNode(this.context, {type: 'lowpass', Q: 0.6, frequency: cut(frequency * start)});
    filter.frequency.setValueAtTime(cut(frequency * start), time);
    filter.frequency.setTargetAtTime(cut(frequency * end), time, voice.decay / 2);
    filter.connect(amplifier);
    amplifier.connect(this.master);
    amplifier.connect(new GainNode(this.context, {gain: 0.22})).connect(this.room);
    const first = new OscillatorNode(this.context, {type: voice.wave, frequency});
    const second = new OscillatorNode(this.context, {
      ...{type: voice.wave, detune: voice.detune, frequency: frequency * 2 ** (voice.interval / 12)},
    });
    const oscillators = [first, second];
    first.connect(filter);
    second.connect(new GainNode(this.context, {gain: 0.5})).connect(filter);
    if (voice.bell) oscillators.push(this.modulate(first, frequency, voice.bell, time));
    for (const oscillator of oscillators) oscillator.start(time);
    this.held.set(keyOf(note), {amplifier, oscillators, release: voice.release});
  }

  private modulate(carrier: OscillatorNode, frequency: number, depth: number, time: number): OscillatorNode {
    const modulator = new OscillatorNode(this.context, {frequency: frequency * 2});
    const amount = new GainNode(this.context, {gain: frequency * depth});
    amount.gain.setValueAtTime(frequency * depth, time);
    amount.gain.setTargetAtTime(frequency * depth * 0.08, time, 0.11);
    modulator.connect(amount).connect(carrier.frequency);
    return modulator;
  }
}

function cut(frequency: number): number {
  return Math.min(frequency, 17000);
}

function keyOf(note: Note): string {
  return `${note.part}/${note.pitch}`;
}

/** A small room: noise that dies away. */
function roomImpulse(context: AudioContext): AudioBuffer {
  const length = Math.ceil(0.9 * context.sampleRate);
  const impulse = new AudioBuffer({numberOfChannels: 2, length, sampleRate: context.sampleRate});
  for (let channel = 0; channel < 2; channel += 1) {
    const samples = impulse.getChannelData(channel);
    for (let k = 0; k < length; k += 1) samples[k] = (Math.random() * 2 - 1) * Math.exp((-6.5 * k) / length) * 0.5;
  }
  return impulse;
}
