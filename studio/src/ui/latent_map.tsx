// The map: the user's music in the two directions in which it differs most, to walk in.
import {useRef} from 'preact/hooks';
import {play, playing} from '../audio/player';
import {arrowed, clamp} from '../pad/geometry';
import {select, walkMap} from '../state/actions';
import {drawMap} from '../state/files';
import * as store from '../state/store';
import type {MapPoint, Point} from '../types';

const MARGIN = 0.08;

/** From the map's -1 to 1 to a share of the square, and back. */
const toShare = (value: number) => MARGIN + ((value + 1) / 2) * (1 - 2 * MARGIN);
const fromShare = (share: number) => clamp(((share - MARGIN) / (1 - 2 * MARGIN)) * 2 - 1, -1.15, 1.15);

export function LatentMap() {
  const square = useRef<HTMLDivElement>(null);
  const held = useRef(false);
  const {value: map} = store.map;
  const ready = store.files.value.filter(({state}) => state === 'ready').length;
  const busy = store.waits.value.includes('Drawing the map');
  if (!map) {
    return (
      <div class="map empty">
        <p>Drop a folder of MIDI files on this page. The map lays every window of them out by what the model hears in it; walk between them and listen.</p>
        <button class="primary" disabled={busy || (!ready && store.favourites.value.length < 2)} onClick={() => void drawMap()}>
          {busy ? 'Drawing…' : ready ? `Draw the map of ${ready} ${ready === 1 ? 'file' : 'files'}` : 'Draw the map of your favourites'}
        </button>
      </div>
    );
  }
  const {value: origin} = store.origin;
  const walker: Point | null = origin.kind === 'map' ? origin.point : null;
  const names = [...new Set(map.points.map(({name}) => name))];
  const colour = (point: MapPoint) => `oklch(var(--map-l) 0.13 ${(names.indexOf(point.name) * 137.5 + 40) % 360})`;
  const walk = (event: PointerEvent) => {
    const box = square.current!.getBoundingClientRect();
    void walkMap([fromShare((event.clientX - box.left) / box.width), -fromShare((event.clientY - box.top) / box.height)]);
  };
  const keys = (event: KeyboardEvent) => {
    const from = walker ?? [0, 0];
    const share: Point = [(from[0] + 1) / 2, (1 - from[1]) / 2];
    const next = arrowed(share, event.key, event.shiftKey ? 0.1 : 0.02);
    if (!next) return;
    event.preventDefault();
    void walkMap([next[0] * 2 - 1, 1 - next[1] * 2]);
  };
  const percent = (share: number | undefined) => `${Math.round((share ?? 0) * 100)} %`;
  return (
    <div class="map-body">
      <div ref={square} class="pad map" tabIndex={0} role="application" aria-roledescription="two-dimensional slider"
        aria-label="Map of your music. Arrow keys walk, Shift makes larger steps."
        onPointerDown={(event) => {
          held.current = true;
          square.current!.setPointerCapture(event.pointerId);
          walk(event);
          if (!playing.value && store.clip.value) void play(store.clip.value);
        }}
        onPointerMove={(event) => held.current && walk(event)} onPointerUp={() => (held.current = false)}
        onPointerCancel={() => (held.current = false)} onKeyDown={keys}>
        <svg viewBox="0 0 100 100" aria-hidden="true">
          {names.map((name) => {
            const own = map.points.filter((point) => point.name === name);
            return <polyline key={name} style={{'--place': colour(own[0]!)}} points={own.map(({x, y}) => `${toShare(x) * 100},${toShare(-y) * 100}`).join(' ')} />;
          })}
        </svg>
        {map.points.map((point, k) => (
          <button key={k} class="place" tabIndex={-1} title={`${point.name}, bar ${point.bar}`} aria-label={`${point.name}, bar ${point.bar}`}
            style={{left: `${toShare(point.x) * 100}%`, top: `${toShare(-point.y) * 100}%`, '--place': colour(point)}}
            onPointerDown={(event) => event.stopPropagation()} onClick={() => select(point.clip)} />
        ))}
        {walker && <div class="puck" style={{left: `${toShare(walker[0]) * 100}%`, top: `${toShare(-walker[1]) * 100}%`}} />}
      </div>
      <p class="hint">{map.points.length} windows of {names.length} {names.length === 1 ? 'piece' : 'pieces'}. Across: {percent(map.axes[0])} of how they differ; up: {percent(map.axes[1])}.
        {' '}<button class="link" onClick={() => void drawMap()}>Draw it again</button></p>
    </div>
  );
}
