// The studio's style: a square of its first two axes with the music that lies there, a slider for each other one.
import {useEffect, useRef} from 'preact/hooks';
import {clamp} from '../pad/geometry';
import {paintPad} from '../pad/paint';
import {askStyleMap, PAD_SIZE, walkStyle} from '../state/actions';
import * as store from '../state/store';
import type {Style, StyleAxis} from '../types';
import {Square} from './square';

/** Clips lie in the middles of cells: shares of the square run from the middle of the first to that of the last. */
const toSquare = (share: number) => (0.5 + share * (PAD_SIZE - 1)) / PAD_SIZE;
const fromSquare = (place: number) => clamp((place * PAD_SIZE - 0.5) / (PAD_SIZE - 1));

export function StyleMap({style}: {style: Style}) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const {value: position} = store.stylePosition;
  const {value: clips} = store.styleClips;
  const {value: theme} = store.theme;
  const [x, y] = store.stylePoint.value;
  const {reach, axes} = style;

  useEffect(() => {
    if (!store.styleClips.peek().length) askStyleMap();
  }, [style]);
  useEffect(() => {
    const paint = () => canvas.current && paintPad(canvas.current, {size: PAD_SIZE, clips, theme, palette: false, point: [x, y]});
    paint();
    const observer = new ResizeObserver(paint);
    observer.observe(canvas.current!);
    return () => observer.disconnect();
  }, [clips, theme]);

  const move = (axis: number, value: number) => {
    const next = axes.map((_, k) => position[k] ?? 0);
    next[axis] = value;
    void walkStyle(next);
  };
  const walk = (across: number, down: number) => {
    const at = (share: number) => Number(((fromSquare(share) * 2 - 1) * reach).toFixed(3));
    void walkStyle([at(across), at(down), ...axes.slice(2).map((_, k) => position[k + 2] ?? 0)]);
  };
  const here = store.origin.value.kind === 'style';
  return (
    <div class="map-body">
      <Square class="style" label={`Style of your music. Across: ${named(axes[0])}; down: ${named(axes[1])}`}
        walker={here ? [toSquare(x), toSquare(y)] : null} onWalk={([across, down]) => walk(across, down)}>
        <canvas ref={canvas} aria-hidden="true" />
      </Square>
      <p class="hint">{style.name}: {style.windows} windows of {style.files} {style.files === 1 ? 'file' : 'files'}.
        {' '}Across: {said(axes[0])}; down: {said(axes[1])}.</p>
      <div class="attributes style-axes">
        {axes.slice(2).map((axis, k) => {
          const value = position[k + 2] ?? 0;
          return (
            <label key={k} class={value ? 'moved' : ''} title={`Axis ${k + 3}: ${said(axis)}`}>
              <span>{named(axis) || `Axis ${k + 3}`}</span>
              <input type="range" min="-3" max="3" step="0.1" value={value} style={{'--share': `${((value + 3) / 6) * 100}%`}}
                onInput={(event) => move(k + 2, Number(event.currentTarget.value))} onDblClick={() => move(k + 2, 0)} />
              <output>{value > 0 ? `+${value.toFixed(1)}` : value.toFixed(1).replace('-', '−')}</output>
            </label>
          );
        })}
      </div>
    </div>
  );
}

/** What grows along an axis, without its values. */
function named(axis: StyleAxis | undefined): string {
  return (axis?.meaning ?? '').replace(/ [-\d.e+]+ to [-\d.e+]+/g, '').replace(/^./, (letter) => letter.toUpperCase());
}

function said(axis: StyleAxis | undefined): string {
  return `${axis?.meaning || 'nothing that is measured'} (${Math.round((axis?.share ?? 0) * 100)} % of what differs)`;
}
