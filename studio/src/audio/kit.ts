// Drum sounds, synthesized once into buffers: a drum then costs no more than playing a sample.

export type DrumSound =
  | 'kick' | 'snare' | 'rim' | 'clap' | 'closed' | 'open' | 'low' | 'mid' | 'high' | 'crash' | 'ride' | 'bell' | 'shaker';

const SECONDS: Record<DrumSound, number> = {
  kick: 0.5, snare: 0.35, rim: 0.08, clap: 0.35, closed: 0.12, open: 0.6, low: 0.55, mid: 0.45, high: 0.38,
  crash: 1.8, ride: 1.1, bell: 0.45, shaker: 0.12,
};

/** The sound of a General MIDI percussion key. */
export function drumSound(pitch: number): DrumSound {
  if (pitch <= 36 || pitch === 86 || pitch === 87) return 'kick';
  if (pitch === 37 || pitch === 75 || pitch === 76 || pitch === 77) return 'rim';
  if (pitch === 38 || pitch === 40) return 'snare';
  if (pitch === 39) return 'clap';
  if (pitch === 42 || pitch === 44) return 'closed';
  if (pitch === 46) return 'open';
  if (pitch === 41 || pitch === 43 || pitch === 45 || pitch === 64 || pitch === 66) return 'low';
  if (pitch === 47 || pitch === 48 || pitch === 61 || pitch === 63 || pitch === 65) return 'mid';
  if (pitch === 50 || pitch === 60 || pitch === 62) return 'high';
  if (pitch === 49 || pitch === 52 || pitch === 55 || pitch === 57) return 'crash';
  if (pitch === 51 || pitch === 59) return 'ride';
  if (pitch === 53 || pitch === 56 || pitch === 67 || pitch === 68 || pitch >= 80) return 'bell';
  return 'shaker';
}

export type Kit = Map<DrumSound, AudioBuffer>;

export async function renderKit(sampleRate: number): Promise<Kit> {
  const names = Object.keys(SECONDS) as DrumSound[];
  const buffers = await Promise.all(names.map((name) => renderDrum(name, sampleRate)));
  return new Map(names.map((name, k) => [name, buffers[k]!]));
}

function renderDrum(name: DrumSound, sampleRate: number): Promise<AudioBuffer> {
  const length = Math.ceil(SECONDS[name] * sampleRate);
  const context = new OfflineAudioContext(1, length, sampleRate);
  const desk = new Desk(context, SECONDS[name]);
  RECIPES[name](desk);
  return context.startRendering();
}

const RECIPES: Record<DrumSound, (desk: Desk) => void> = {
  kick: (d) => {
    d.tone({from: 165, to: 47, fall: 0.09, decay: 0.34, gain: 1});
    d.noise({type: 'lowpass', frequency: 3200, decay: 0.012, gain: 0.35});
  },
  snare: (d) => {
    d.tone({from: 260, to: 182, fall: 0.04, decay: 0.13, gain: 0.55, wave: 'triangle'});
    d.tone({from: 420, to: 330, fall: 0.03, decay: 0.06, gain: 0.25, wave: 'triangle'});
    d.noise({type: 'highpass', frequency: 1700, decay: 0.19, gain: 0.55});
  },
  rim: (d) => {
    d.tone({from: 1750, to: 1680, fall: 0.02, decay: 0.03, gain: 0.6, wave: 'triangle'});
    d.noise({type: 'bandpass', frequency: 2600, decay: 0.018, gain: 0.6});
  },
  clap: (d) => {
    for (const at of [0, 0.011, 0.023]) d.noise({type: 'bandpass', frequency: 1250, decay: 0.014, gain: 0.7, at});
    d.noise({type: 'bandpass', frequency: 1250, decay: 0.16, gain: 0.6, at: 0.034});
  },
  closed: (d) => {
    d.metal({base: 48, cut: 7400, decay: 0.045, gain: 0.42});
    d.noise({type: 'highpass', frequency: 8200, decay: 0.04, gain: 0.25});
  },
  open: (d) => {
    d.metal({base: 48, cut: 6900, decay: 0.34, gain: 0.36});
    d.noise({type: 'highpass', frequency: 7600, decay: 0.3, gain: 0.2});
  },
  low: (d) => d.tom(84),
  mid: (d) => d.tom(118),
  high: (d) => d.tom(158),
  crash: (d) => {
    d.metal({base: 61, cut: 3800, decay: 1.1, gain: 0.26});
    d.noise({type: 'highpass', frequency: 4300, decay: 0.95, gain: 0.34});
  },
  ride: (d) => {
    d.metal({base: 74, cut: 5200, decay: 0.65, gain: 0.24});
    d.tone({from: 3150, to: 3140, fall: 0.1, decay: 0.22, gain: 0.06, wave: 'triangle'});
    d.noise({type: 'highpass', frequency: 9000, decay: 0.05, gain: 0.12});
  },
  bell: (d) => {
    d.tone({from: 562, to: 560, fall: 0.1, decay: 0.25, gain: 0.3, wave: 'square', cut: 700});
    d.tone({from: 846, to: 845, fall: 0.1, decay: 0.2, gain: 0.3, wave: 'square', cut: 700});
  },
  shaker: (d) => d.noise({type: 'bandpass', frequency: 6200, decay: 0.055, gain: 0.5, attack: 0.015}),
};

interface Tone {
  from: number;
  to: number;
  fall: number;
  decay: number;
  gain: number;
  wave?: OscillatorType;
  cut?: number;
}

interface Noise {
  type: BiquadFilterType;
  frequency: number;
  decay: number;
  gain: number;
  at?: number;
  attack?: number;
}

/** A bench with the few things that drums are made of. */
class Desk {
  constructor(private readonly context: OfflineAudioContext, private readonly seconds: number) {}

  tone({from, to, fall, decay, gain, wave = 'sine', cut}: Tone): void {
    const oscillator = new OscillatorNode(this.context, {type: wave, frequency: from});
    oscillator.frequency.exponentialRampToValueAtTime(to, fall);
    const filter = new BiquadFilterNode(this.context, {type: 'highpass', frequency: cut ?? 20});
    oscillator.connect(filter).connect(this.envelope(gain, decay));
    oscillator.start(0);
  }

  tom(frequency: number): void {
    this.tone({from: frequency * 1.55, to: frequency, fall: 0.08, decay: 0.3, gain: 0.8});
    this.noise({type: 'lowpass', frequency: 2200, decay: 0.02, gain: 0.25});
  }

  noise({type, frequency, decay, gain, at = 0, attack = 0.001}: Noise): void {
    const length = Math.ceil(this.seconds * this.context.sampleRate);
    const buffer = new AudioBuffer({length, sampleRate: this.context.sampleRate});
    const samples = buffer.getChannelData(0);
    // A generator of its own, so that the kit sounds alike every time.
    let state = 0x2545f491;
    for (let k = 0; k < length; k += 1) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      samples[k] = state / 2 ** 31 - 1;
    }
    const source = new AudioBufferSourceNode(this.context, {buffer});
    const filter = new BiquadFilterNode(this.context, {type, frequency, Q: type === 'bandpass' ? 1.4 : 0.7});
    source.connect(filter).connect(this.envelope(gain, decay, at, attack));
    source.start(at);
  }

  /** Six square waves at the ratios of an old drum machine's cymbal. */
  metal({base, cut, decay, gain}: {base: number; cut: number; decay: number; gain: number}): void {
    const filter = new BiquadFilterNode(this.context, {type: 'highpass', frequency: cut, Q: 0.8});
    filter.connect(this.envelope(gain, decay));
    for (const ratio of [2, 3, 4.16, 5.43, 6.79, 8.21]) {
      const oscillator = new OscillatorNode(this.context, {type: 'square', frequency: base * ratio * 2});
      oscillator.connect(filter);
      oscillator.start(0);
    }
  }

  private envelope(gain: number, decay: number, at = 0, attack = 0.001): GainNode {
    const node = new GainNode(this.context, {gain: 0});
    node.gain.setValueAtTime(0, at);
    node.gain.linearRampToValueAtTime(gain, at + attack);
    node.gain.setTargetAtTime(0, at + attack, decay / 3);
    node.connect(this.context.destination);
    return node;
  }
}
