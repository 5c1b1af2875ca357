// Latent space to play in: the pad, the palette, the map.
import {signal} from '@preact/signals';
import {renderPath} from '../state/actions';
import * as store from '../state/store';
import {Corner} from './corner';
import {LatentMap} from './latent_map';
import {Pad, padMode} from './pad';
import {StyleMap} from './style_map';

const tab = signal<keyof typeof TABS>('pad');
const bars = signal(16);

const TABS = {
  pad: ['Pad', 'Drag: the music under the pointer plays.'],
  palette: ['Palette', 'Twenty-five places between the corners.'],
  path: ['Path', 'Draw a line, then render it to one piece.'],
  map: ['Map', 'Your own music, laid out by the model.'],
  style: ['Style', 'The style that the studio was started with.'],
} as const;

export function SpacePanel() {
  const style = store.model.value?.style;
  const names = (Object.keys(TABS) as (keyof typeof TABS)[]).filter((name) => name !== 'style' || style);
  const shown = names.includes(tab.value) ? tab.value : 'pad';
  const choose = (next: keyof typeof TABS) => {
    tab.value = next;
    if (next !== 'map' && next !== 'style') padMode.value = next;
  };
  const keys = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (!step) return;
    choose(names[(names.indexOf(shown) + step + names.length) % names.length]!);
    (event.currentTarget as HTMLElement).querySelector<HTMLElement>(`#tab-${tab.value}`)?.focus();
  };
  return (
    <section class="panel space" aria-label="Latent space">
      <header class="panel-head">
        <div class="tabs" role="tablist" aria-label="Ways into latent space" onKeyDown={keys}>
          {names.map((name) => (
            <button key={name} id={`tab-${name}`} role="tab" aria-selected={shown === name} aria-controls="space-body"
              tabIndex={shown === name ? 0 : -1} onClick={() => choose(name)}>{TABS[name][0]}</button>
          ))}
        </div>
      </header>
      <div id="space-body" role="tabpanel" aria-labelledby={`tab-${shown}`}>
        {shown === 'map' ? <LatentMap /> : shown === 'style' && style ? <StyleMap style={style} /> : (
          <>
            <div class="corners"><Corner corner={0} /><Corner corner={1} /></div>
            <Pad />
            <div class="corners"><Corner corner={2} /><Corner corner={3} /></div>
            {shown === 'path' ? <PathTools /> : <p class="hint space-hint">{TABS[shown][1]}</p>}
          </>
        )}
      </div>
    </section>
  );
}

function PathTools() {
  const drawn = store.path.value.length > 1;
  const window = store.model.value?.bars ?? 2;
  return (
    <div class="path-tools">
      <p class="hint">{drawn ? '' : TABS.path[1]}</p>
      <label><span>Bars</span>
        <input type="number" min={window} max="256" step={window} value={bars.value}
          onChange={(event) => (bars.value = Math.min(256, Math.max(window, Math.round(Number(event.currentTarget.value) || 16))))} />
      </label>
      <button class="primary" disabled={!drawn} onClick={() => void renderPath(bars.value)}>Render the path</button>
      <button disabled={!drawn} onClick={() => (store.path.value = [])}>Clear</button>
    </div>
  );
}
