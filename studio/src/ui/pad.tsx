// The pad: its square, the puck, and paths that are drawn on it.
import {signal} from '@preact/signals';
import {useEffect, useRef} from 'preact/hooks';
import {play, playing} from '../audio/player';
import {arrowed, clamp, nearestCell, simplified} from '../pad/geometry';
import {paintPad} from '../pad/paint';
import {movePoint, PAD_SIZE} from '../state/actions';
import * as store from '../state/store';
import type {Point} from '../types';

export const padMode = signal<'pad' | 'palette' | 'path'>('pad');

const PATH_TOLERANCE = 0.012;

/** Where a point lies in the square, in percent: corners are the middles of the corner cells. */
function place([x, y]: Point): {left: string; top: string} {
  const at = (value: number) => `${((0.5 + value * (PAD_SIZE - 1)) / PAD_SIZE) * 100}%`;
  return {left: at(x), top: at(y)};
}

function pointOf(event: PointerEvent, square: HTMLElement): Point {
  const box = square.getBoundingClientRect();
  const at = (share: number) => clamp((share * PAD_SIZE - 0.5) / (PAD_SIZE - 1));
  return [at((event.clientX - box.left) / box.width), at((event.clientY - box.top) / box.height)];
}

export function Pad() {
  const square = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const held = useRef(false);
  const waiting = useRef<Point | null>(null);
  const {value: mode} = padMode;
  const {value: point} = store.point;
  const {value: palette} = store.palette;
  const {value: theme} = store.theme;
  const shown = mode === 'palette' ? nearestCell(point, PAD_SIZE).point : point;
  const lit = mode === 'palette' ? shown.join() : '';

  useEffect(() => {
    const paint = () => canvas.current && paintPad(canvas.current, {
      ...{size: palette?.size ?? PAD_SIZE, clips: palette?.clips ?? [], theme, palette: mode === 'palette', point: shown},
    });
    paint();
    const observer = new ResizeObserver(paint);
    observer.observe(square.current!);
    return () => observer.disconnect();
  }, [palette, theme, mode, lit]);

  // Pointers report more often than a frame; one place a frame is enough.
  const go = (wanted: Point) => {
    const idle = waiting.current === null;
    waiting.current = mode === 'palette' ? nearestCell(wanted, PAD_SIZE).point : wanted;
    if (!idle) return;
    requestAnimationFrame(() => {
      const next = waiting.current!;
      waiting.current = null;
      if (next[0] !== store.point.value[0] || next[1] !== store.point.value[1] || store.origin.value.kind !== 'pad') movePoint(next);
    });
  };
  const down = (event: PointerEvent) => {
    if (event.button !== 0) return;
    square.current!.setPointerCapture(event.pointerId);
    held.current = true;
    const at = pointOf(event, square.current!);
    if (mode === 'path') store.path.value = [at];
    else go(at);
    if (mode !== 'path' && !playing.value && store.clip.value) void play(store.clip.value);
  };
  const move = (event: PointerEvent) => {
    if (!held.current) return;
    const at = pointOf(event, square.current!);
    if (mode === 'path') store.path.value = [...store.path.value, at];
    else go(at);
  };
  const up = () => {
    held.current = false;
    if (mode === 'path') store.path.value = simplified(store.path.value, PATH_TOLERANCE);
  };
  const key = (event: KeyboardEvent) => {
    const step = mode === 'palette' ? 1 / (PAD_SIZE - 1) : event.shiftKey ? 0.1 : 0.02;
    const next = event.key === 'Home' ? ([0.5, 0.5] as Point) : arrowed(store.point.value, event.key, step);
    if (mode === 'path' && event.key === 'Enter') store.path.value = [...store.path.value, store.point.value];
    if (!next) return;
    event.preventDefault();
    movePoint(mode === 'palette' ? nearestCell(next, PAD_SIZE).point : next);
  };
  const percent = (value: number) => Math.round(value * 100);
  return (
    <div ref={square} id="pad" class={`pad ${mode}`} tabIndex={0} role="application" aria-roledescription="two-dimensional slider"
      aria-label={`Pad: ${percent(point[0])} % across, ${percent(point[1])} % down. Arrow keys move, Shift makes larger steps${mode === 'path' ? ', Enter adds a point to the path' : ''}.`}
      onPointerDown={down} onPointerMove={move} onPointerUp={up} onPointerCancel={up} onKeyDown={key}>
      <canvas ref={canvas} aria-hidden="true" />
      {mode === 'path' && <Path />}
      <div class="puck" style={place(shown)} data-x={shown[0].toFixed(3)} data-y={shown[1].toFixed(3)} />
    </div>
  );
}

function Path() {
  const {value: path} = store.path;
  if (path.length < 2) return null;
  const at = ([x, y]: Point) => [(0.5 + x * (PAD_SIZE - 1)) * 20, (0.5 + y * (PAD_SIZE - 1)) * 20];
  const start = at(path[0]!);
  const end = at(path[path.length - 1]!);
  return (
    <svg class="path-line" viewBox="0 0 100 100" aria-hidden="true">
      <polyline class="under" points={path.map((point) => at(point).join()).join(' ')} />
      <polyline points={path.map((point) => at(point).join()).join(' ')} />
      <circle cx={start[0]} cy={start[1]} r="1.6" />
      <circle class="end" cx={end[0]} cy={end[1]} r="1.6" />
    </svg>
  );
}
