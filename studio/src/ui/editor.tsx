// The clip that plays: its name, its notes, and what can be done with it.
import {barsOf} from '../music/clip';
import {isFavourite, morph, setCorner, show, similar, toggleFavourite} from '../state/actions';
import {download, fillDrag} from '../state/files';
import * as store from '../state/store';
import {emptyClip} from '../music/clip';
import {CORNERS} from './corner';
import {Icon} from './icons';
import {Roll} from './roll';
import {cornerColour} from '../pad/colours';

export function Editor() {
  const {value: clip} = store.clip;
  if (!clip) {
    return (
      <section class="panel editor" aria-label="Clip">
        <div class="empty">{store.connection.value === 'starting' ? 'The first music arrives in a moment.' : 'No clip yet.'}</div>
      </section>
    );
  }
  const favourite = isFavourite(clip);
  const bars = barsOf(clip);
  const rename = (name: string) => (store.clip.value = {...clip, name: name.trim() || clip.name});
  const clear = () => {
    store.remember('clear');
    store.origin.value = {kind: 'notes'};
    show(emptyClip(clip, 'Drawn'));
  };
  return (
    <section class="panel editor" aria-label="Clip">
      <header class="panel-head">
        <span class="grip" draggable title="Drag this clip out: onto the desktop, into a DAW, onto a corner" onDragStart={(event) => fillDrag(event, clip)}><Icon name="grip" /></span>
        <input class="clip-name" aria-label="Name of the clip" value={clip.name} onChange={(event) => rename(event.currentTarget.value)} />
        <p class="hint">{bars} {bars === 1 ? 'bar' : 'bars'} · {clip.notes.length} notes · {clip.beats_per_bar}/{clip.beat_unit}</p>
        <div class="tools">
          <button class="ghost" title="An empty clip to draw in" onClick={clear}><Icon name="pen" /> Clear</button>
          <button class={`ghost${favourite ? ' on' : ''}`} aria-pressed={favourite} title="Keep among the favourites (F)" onClick={() => toggleFavourite(clip)}><Icon name="star" filled={favourite} /> Keep</button>
        </div>
      </header>
      <Roll clip={clip} />
      <footer class="actions">
        <div class="group">
          <button class="primary" onClick={() => void similar(clip)} title="Six variations, as near as Closeness says">Similar</button>
          <span class="to-corners" role="group" aria-label="Morph to a corner">
            <span>Morph to</span>
            {CORNERS.map(({name}, k) => {
              const target = store.corners.value[k];
              return (
                <button key={name} class="corner-dot" style={{'--corner': cornerColour(k, store.theme.value)}} disabled={!target}
                  title={`Morph to the ${name.toLowerCase()} corner, ${target?.name ?? ''}`} aria-label={`Morph to the ${name.toLowerCase()} corner`}
                  onClick={() => target && void morph(clip, target)} />
              );
            })}
          </span>
          <span class="to-corners" role="group" aria-label="Put into a corner">
            <span>Put into</span>
            {CORNERS.map(({name}, k) => (
              <button key={name} class="corner-dot square" style={{'--corner': cornerColour(k, store.theme.value)}}
                title={`Put into the ${name.toLowerCase()} corner`} aria-label={`Put into the ${name.toLowerCase()} corner`}
                onClick={() => void setCorner(k, clip)} />
            ))}
          </span>
        </div>
        <div class="downloads" role="group" aria-label="Download">
          <button onClick={() => void download([clip], 'midi')}><Icon name="save" /> MIDI</button>
          <button onClick={() => void download([clip], 'wav')}>WAV</button>
          <button onClick={() => void download([clip], 'musicxml')}>MusicXML</button>
        </div>
      </footer>
    </section>
  );
}
