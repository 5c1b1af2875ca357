// A square to walk in: the pointer or the arrow keys say where.
import type {ComponentChildren} from 'preact';
import {useRef} from 'preact/hooks';
import {play, playing} from '../audio/player';
import {arrowed} from '../pad/geometry';
import * as store from '../state/store';
import type {Point} from '../types';

interface Props {
  class: string;
  label: string;
  /** Where one stands, as shares of the square from its upper left; null while one is elsewhere. */
  walker: Point | null;
  onWalk: (share: Point) => void;
  children?: ComponentChildren;
}

export function Square({class: name, label, walker, onWalk, children}: Props) {
  const square = useRef<HTMLDivElement>(null);
  const held = useRef(false);
  const walk = (event: PointerEvent) => {
    const box = square.current!.getBoundingClientRect();
    onWalk([(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height]);
  };
  const down = (event: PointerEvent) => {
    if (event.button !== 0) return;
    held.current = true;
    square.current!.setPointerCapture(event.pointerId);
    walk(event);
    if (!playing.value && store.clip.value) void play(store.clip.value);
  };
  const keys = (event: KeyboardEvent) => {
    const next = arrowed(walker ?? [0.5, 0.5], event.key, event.shiftKey ? 0.1 : 0.02);
    if (!next) return;
    event.preventDefault();
    onWalk(next);
  };
  return (
    <div ref={square} class={`pad ${name}`} tabIndex={0} role="application" aria-roledescription="two-dimensional slider"
      aria-label={`${label}. Arrow keys walk, Shift makes larger steps.`} onPointerDown={down}
      onPointerMove={(event) => held.current && walk(event)} onPointerUp={() => (held.current = false)}
      onPointerCancel={() => (held.current = false)} onKeyDown={keys}>
      {children}
      {walker && <div class="puck" style={{left: `${walker[0] * 100}%`, top: `${walker[1] * 100}%`}} />}
    </div>
  );
}
