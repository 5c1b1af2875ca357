// The map: the user's music in the two directions in which it differs most, to walk in.
import {useRef} from 'preact/hooks';
import {clamp} from '../pad/geometry';
import {select, walkMap} from '../state/actions';
import {musicOf} from '../state/dropped';
import {drawMap, takeFiles} from '../state/files';
import * as store from '../state/store';
import type {MapPoint} from '../types';
import {Square} from './square';

const MARGIN = 0.08;

/** From the map's -1 to 1 to a share of the square, and back. */
const toShare = (value: number) => MARGIN + ((value + 1) / 2) * (1 - 2 * MARGIN);
const fromShare = (share: number) => clamp(((share - MARGIN) / (1 - 2 * MARGIN)) * 2 - 1, -1.15, 1.15);

export function LatentMap() {
  const folder = useRef<HTMLInputElement>(null);
  const {value: map} = store.map;
  const ready = store.files.value.filter(({state}) => state === 'ready').length;
  const busy = store.waits.value.includes('Drawing the map');
  const some = ready > 0 || store.favourites.value.length > 1;
  if (!map) {
    return (
      <div class="map empty">
        <p>Drop a folder of MIDI files on this page, or choose one. The map lays every window of them out by what the model hears in it; walk between them and listen.</p>
        <div class="group">
          {some && (
            <button class="primary" disabled={busy} onClick={() => void drawMap()}>
              {busy ? 'Drawing…' : ready ? `Draw the map of ${ready} ${ready === 1 ? 'file' : 'files'}` : 'Draw the map of your favourites'}
            </button>
          )}
          <button class={some ? '' : 'primary'} onClick={() => folder.current?.click()}>Choose a folder…</button>
        </div>
        <input ref={folder} id="folder-picker" type="file" multiple hidden {...{webkitdirectory: true}}
          onChange={(event) => { void takeFiles(musicOf([...event.currentTarget.files ?? []])); event.currentTarget.value = ''; }} />
      </div>
    );
  }
  const {value: origin} = store.origin;
  const names = [...new Set(map.points.map(({name}) => name))];
  const colour = (point: MapPoint) => `oklch(var(--map-l) 0.13 ${(names.indexOf(point.name) * 137.5 + 40) % 360})`;
  const percent = (share: number | undefined) => `${Math.round((share ?? 0) * 100)} %`;
  return (
    <div class="map-body">
      <Square class="map" label="Map of your music" walker={origin.kind === 'map' ? [toShare(origin.point[0]), toShare(-origin.point[1])] : null}
        onWalk={([x, y]) => void walkMap([fromShare(x), -fromShare(y)])}>
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
      </Square>
      <p class="hint">{map.points.length} windows of {names.length} {names.length === 1 ? 'piece' : 'pieces'}. Across: {percent(map.axes[0])} of how they differ; up: {percent(map.axes[1])}.
        {' '}<button class="link" onClick={() => void drawMap()}>Draw it again</button></p>
    </div>
  );
}
