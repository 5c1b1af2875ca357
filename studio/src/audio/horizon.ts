// How far the scheduler looks ahead: little, so that the music follows the hand at the next beat, but
// further on a machine whose timers come late, so that no note is missed.

/** A hidden tab's timers come once a second. */
const HIDDEN_SECONDS = 1.3;
const LEAST_SECONDS = 0.1;
const MOST_SECONDS = 0.6;
/** What a late timer taught is forgotten by this share with every timer that comes. */
const FORGOTTEN = 0.004;

export class Horizon {
  private gap = 0;
  private last: number | null = null;

  /** Takes the time at which a timer came; returns how far to look ahead, in seconds. */
  at(seconds: number, hidden = false): number {
    const gap = this.last === null ? 0 : seconds - this.last;
    this.last = seconds;
    this.gap = Math.max(gap, this.gap * (1 - FORGOTTEN));
    return hidden ? HIDDEN_SECONDS : Math.min(MOST_SECONDS, Math.max(LEAST_SECONDS, 1.5 * this.gap));
  }

  /** Forgets when the last timer came: the music stood still since. */
  pause(): void {
    this.last = null;
  }
}
