// Tapping a rhythm: a count-in, then taps by space bar, pointer or MIDI keyboard, then drums from them.
import {signal} from '@preact/signals';
import {useEffect} from 'preact/hooks';
import {sourceOf} from '../api';
import {audition, click, connectMidi, eventTime, heardNow, onKeyboard, play, stop, wake} from '../audio/player';
import {runJob, say} from '../state/actions';
import * as store from '../state/store';
import {TAP_PITCH, TapTake} from '../state/taps';

export const tapping = signal(false);
const take = signal<TapTake | null>(null);
const beat = signal(-4);
const taps = signal<number[]>([]);
const bars = signal(2);

const BEATS_PER_BAR = 4;
/** A player hears the last click, and may tap a little late. */
const TAIL_SECONDS = 0.2;

async function start(): Promise<void> {
  stop();
  const {currentTime} = await wake();
  const made = new TapTake({
    ...{tempo: store.knobs.value.tempo, bars: bars.value, beatsPerBar: BEATS_PER_BAR, startTime: currentTime + 0.3},
  });
  for (const {time, accent} of made.clicks()) click(time, accent);
  taps.value = [];
  take.value = made;
}

function tapAt(time: number, velocity?: number): void {
  const {value: running} = take;
  if (!running?.tap(time, velocity)) return;
  taps.value = [...taps.value, Math.max(0, running.beatAt(time))];
  void audition({pitch: TAP_PITCH, start: 0, end: 0.1, velocity: velocity ?? 90, drum: true, program: 0, part: 0});
}

async function finish(done: TapTake): Promise<void> {
  take.value = null;
  const clip = done.clip();
  if (!clip.notes.length) {
    say('error', 'No tap was heard. Press the space bar in time, once the four clicks are over.');
    return;
  }
  const drums = await runJob({mode: 'tap2drum', source: sourceOf(clip)}, 'Making drums');
  if (drums) await play(drums);
}

export function TapRecorder() {
  const {value: running} = take;
  useEffect(() => {
    if (!running) return;
    let request = 0;
    const watch = () => {
      beat.value = running.beatAt(heardNow());
      if (heardNow() > running.endTime + TAIL_SECONDS) void finish(running);
      else request = requestAnimationFrame(watch);
    };
    const key = (event: KeyboardEvent) => {
      if (event.code === 'Escape') take.value = null;
      if (event.code !== 'Space' && event.code !== 'Escape') return;
      event.preventDefault();
      event.stopPropagation();
      if (event.code === 'Space' && !event.repeat) tapAt(eventTime(event));
    };
    const release = (event: KeyboardEvent) => event.code === 'Space' && event.preventDefault();
    watch();
    const quiet = onKeyboard((_, velocity, time) => tapAt(time, velocity));
    window.addEventListener('keydown', key, true);
    window.addEventListener('keyup', release, true);
    return () => {
      cancelAnimationFrame(request);
      quiet();
      window.removeEventListener('keydown', key, true);
      window.removeEventListener('keyup', release, true);
    };
  }, [running]);
  const count = running ? Math.floor(beat.value) : 0;
  const says = !running ? 'Four clicks, then tap the rhythm.' : count < 0 ? String(Math.max(1, count + BEATS_PER_BAR + 1)) : 'Tap!';
  return (
    <div class={`taps${running ? ' running' : ''}`}>
      <div class="fields">
        <label><span>Bars</span>
          <select value={bars.value} disabled={running !== null} onChange={(event) => (bars.value = Number(event.currentTarget.value))}>
            {[2, 4, 8].map((number) => <option key={number} value={number}>{number}</option>)}
          </select>
        </label>
        <button class="ghost" onClick={() => void connectMidi()}>Connect a MIDI keyboard</button>
      </div>
      {running ? (
        <button class="tap-pad" onPointerDown={(event) => tapAt(eventTime(event))} aria-label="Tap here, or press the space bar">
          <strong>{says}</strong><small>space bar, MIDI keyboard, or here</small>
        </button>
      ) : (
        <button class="tap-pad" onClick={() => void start()}><strong>Start</strong><small>{says}</small></button>
      )}
      <div class="tap-line" aria-hidden="true">
        {taps.value.map((at, k) => <i key={k} style={{left: `${(at / (bars.value * BEATS_PER_BAR)) * 100}%`}} />)}
        {running && count >= 0 && <b style={{left: `${Math.min(100, (beat.value / running.length) * 100)}%`}} />}
      </div>
    </div>
  );
}
