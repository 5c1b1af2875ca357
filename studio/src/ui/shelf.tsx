// The shelf: what was made lately, and the favourites.
import {signal} from '@preact/signals';
import {isFavourite, select, toggleFavourite} from '../state/actions';
import {download, fillDrag} from '../state/files';
import * as store from '../state/store';
import type {Clip} from '../types';
import {Icon} from './icons';
import {MiniRoll} from './mini_roll';

const shown = signal<'results' | 'favourites'>('results');

export function Shelf() {
  const {value: tab} = shown;
  const clips = tab === 'results' ? store.shelf.value : store.favourites.value;
  const choose = (next: typeof tab) => (shown.value = next);
  const keys = (event: KeyboardEvent) => {
    if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return;
    choose(tab === 'results' ? 'favourites' : 'results');
    (event.currentTarget as HTMLElement).querySelector<HTMLElement>('[tabindex="-1"]')?.focus();
  };
  return (
    <section class="panel shelf" aria-label="Shelf">
      <header class="panel-head">
        <div class="tabs" role="tablist" aria-label="Shelf" onKeyDown={keys}>
          {(['results', 'favourites'] as const).map((name) => (
            <button key={name} role="tab" aria-selected={tab === name} tabIndex={tab === name ? 0 : -1} onClick={() => choose(name)}>
              {name === 'results' ? 'Recent' : 'Favourites'} <small>{(name === 'results' ? store.shelf : store.favourites).value.length || ''}</small>
            </button>
          ))}
        </div>
        {clips.length > 0 && (
          <div class="tools">
            <button class="ghost" title="One MIDI file of all, one after another" onClick={() => void download([...clips].reverse(), 'midi', true)}><Icon name="save" /> All as one MIDI</button>
            {clips.length > 1 && <button class="ghost" title="A MIDI file each, in a zip" onClick={() => void download(clips, 'midi')}>Zip</button>}
            {tab === 'results' && <button class="ghost" onClick={() => (store.shelf.value = [])}>Clear</button>}
          </div>
        )}
      </header>
      {clips.length ? (
        <ul class="cards">{clips.map((clip) => <Card key={`${clip.id}${clip.name}`} clip={clip} />)}</ul>
      ) : (
        <p class="empty">{tab === 'results' ? 'Variations, morphs and finished jobs land here.' : 'Keep what you like: press F or the star. Favourites stay in this browser.'}</p>
      )}
    </section>
  );
}

function Card({clip}: {clip: Clip}) {
  const favourite = isFavourite(clip);
  return (
    <li class={`card${store.clip.value === clip ? ' on' : ''}`} draggable onDragStart={(event) => fillDrag(event, clip)}>
      <button class="card-go" title={`${clip.name}: play it in the editor`} onClick={() => select(clip)}>
        <MiniRoll clip={clip} />
        <span>{clip.name}</span>
      </button>
      <button class={`ghost star${favourite ? ' on' : ''}`} aria-pressed={favourite} aria-label={`Keep ${clip.name}`} onClick={() => toggleFavourite(clip)}><Icon name="star" filled={favourite} /></button>
    </li>
  );
}
