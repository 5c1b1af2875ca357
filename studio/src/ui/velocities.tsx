// The lane of velocities below the roll: a bar a note, painted with the pointer.
import type {Signal} from '@preact/signals';
import {useRef} from 'preact/hooks';
import {edit} from '../state/actions';
import type {Clip, Note} from '../types';
import {setVelocity} from './roll_edit';

const HEIGHT = 52;
const NEAR_PIXELS = 9;

interface Props {
  clip: Clip;
  perBeat: number;
  width: number;
  left: number;
  chosen: Signal<number>;
  partOf: (note: Note) => number;
}

export function Velocities({clip, perBeat, width, left, chosen, partOf}: Props) {
  const svg = useRef<SVGSVGElement>(null);
  const held = useRef(false);
  const paint = (event: PointerEvent) => {
    const box = svg.current!.getBoundingClientRect();
    const x = event.clientX - box.left;
    const velocity = Math.round((1 - (event.clientY - box.top - 4) / (HEIGHT - 8)) * 127);
    const near = clip.notes
      .map(({start}, index) => ({index, distance: Math.abs(start * perBeat + 2 - x)}))
      .filter(({distance}) => distance <= NEAR_PIXELS);
    const nearest = Math.min(...near.map(({distance}) => distance));
    // Notes of a chord stand at one place; the chosen one of them is meant, else all.
    const meant = near.filter(({distance}) => distance <= nearest + 1);
    const some = meant.some(({index}) => index === chosen.value) ? meant.filter(({index}) => index === chosen.value) : meant;
    if (some.length) edit(some.reduce((made, {index}) => setVelocity(made, index, velocity).clip, clip));
  };
  return (
    <div class="velocities">
      <span style={{width: `${left}px`}} aria-hidden="true">Velocity</span>
      <svg ref={svg} width={width} height={HEIGHT} aria-hidden="true"
        onPointerDown={(event) => { held.current = true; svg.current!.setPointerCapture(event.pointerId); paint(event); }}
        onPointerMove={(event) => held.current && paint(event)} onPointerUp={() => (held.current = false)} onPointerCancel={() => (held.current = false)}>
        {clip.notes.map((note, k) => {
          const tall = (note.velocity / 127) * (HEIGHT - 8);
          return (
            <g key={k} class={`part-${partOf(note)}${k === chosen.value ? ' chosen' : ''}`}>
              <line x1={note.start * perBeat + 2} x2={note.start * perBeat + 2} y1={HEIGHT} y2={HEIGHT - tall} />
              <circle cx={note.start * perBeat + 2} cy={HEIGHT - tall} r="2.6" />
            </g>
          );
        })}
      </svg>
    </div>
  );
}
