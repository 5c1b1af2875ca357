// MIDI messages carry the time of performance.now(), the scheduler that of the sound card. The sound
// card's clock moves in jumps of a block, so the smallest difference of the last ones is the true one.

export class ClockOffset {
  private readonly differences: number[] = [];

  constructor(private readonly size = 64) {}

  /** Takes a reading of both clocks, made at once. */
  observe(audioSeconds: number, performanceMilliseconds: number): void {
    this.differences.push(performanceMilliseconds - audioSeconds * 1000);
    if (this.differences.length > this.size) this.differences.shift();
  }

  toPerformance(audioSeconds: number): number {
    return audioSeconds * 1000 + this.offset();
  }

  toAudio(performanceMilliseconds: number): number {
    return (performanceMilliseconds - this.offset()) / 1000;
  }

  private offset(): number {
    if (!this.differences.length) throw new Error('no reading of the clocks yet');
    return Math.min(...this.differences);
  }
}
