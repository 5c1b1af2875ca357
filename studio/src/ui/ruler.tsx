// Bar numbers above the roll; a click on them goes there.
import {replace} from '../audio/player';
import {quartersPerBar} from '../music/clip';
import type {Clip} from '../types';

const LEAST_PIXELS = 34;

export function Ruler({clip, perBeat, left}: {clip: Clip; perBeat: number; left: number}) {
  const bar = quartersPerBar(clip);
  const bars = Math.ceil(clip.length / bar - 1e-6);
  const every = Math.max(1, 2 ** Math.ceil(Math.log2(LEAST_PIXELS / (bar * perBeat))));
  const shown = Array.from({length: Math.ceil(bars / every)}, (_, k) => k * every);
  return (
    <div class="ruler">
      <span style={{width: `${left}px`}} />
      {shown.map((number) => (
        <button key={number} tabIndex={-1} title={`Go to bar ${number + 1}`} style={{width: `${Math.min(every, bars - number) * bar * perBeat}px`}}
          onClick={() => replace(clip, {from: number * bar})}>{number + 1}</button>
      ))}
    </div>
  );
}
