// A take of taps against a click: a count-in of one bar, then as many bars as the model takes.
import type {Clip, Note} from '../types';

/** The snare's key; a model of taps reads times and velocities alone. */
export const TAP_PITCH = 38;
/** A tap this little before the first beat or after the end was meant for the first beat. */
const EARLY_BEATS = 0.25;

export interface TakeOptions {
  tempo: number;
  bars: number;
  beatsPerBar: number;
  /** Time of the count-in's first click, in seconds of the clock that taps are given in. */
  startTime: number;
}

export class TapTake {
  private readonly taps: {beat: number; velocity: number}[] = [];
  readonly length: number;

  constructor(private readonly options: TakeOptions) {
    this.length = options.bars * options.beatsPerBar;
  }

  /** Clicks of the count-in and the take, with their times. */
  clicks(): {time: number; accent: boolean; beat: number}[] {
    const {beatsPerBar} = this.options;
    return Array.from({length: beatsPerBar + this.length}, (_, k) => ({
      time: this.timeOf(k - beatsPerBar), accent: k % beatsPerBar === 0, beat: k - beatsPerBar,
    }));
  }

  beatAt(time: number): number {
    return ((time - this.options.startTime) * this.options.tempo) / 60 - this.options.beatsPerBar;
  }

  get endTime(): number {
    return this.timeOf(this.length);
  }

  /** Takes a tap; false if it lies outside the bars that count. */
  tap(time: number, velocity = 100): boolean {
    const beat = this.beatAt(time);
    if (beat < -EARLY_BEATS || beat >= this.length) return false;
    this.taps.push({beat: Math.max(0, beat), velocity});
    return true;
  }

  notes(): Note[] {
    return this.taps.map(({beat, velocity}) => ({
      ...{pitch: TAP_PITCH, start: beat, end: Math.min(beat + 0.125, this.length), velocity},
      ...{drum: true, program: 0, part: 0},
    }));
  }

  clip(): Clip {
    const {tempo, beatsPerBar} = this.options;
    return {
      ...{id: 'taps', z: null, notes: this.notes(), tempo, beats_per_bar: beatsPerBar, beat_unit: 4},
      ...{length: this.length, name: 'Taps', seed: null},
    };
  }

  private timeOf(beat: number): number {
    return this.options.startTime + ((beat + this.options.beatsPerBar) * 60) / this.options.tempo;
  }
}
