// A corner of the pad: which music lies there, and how other music gets there.
import {useState} from 'preact/hooks';
import {cornerColour} from '../pad/colours';
import {movePoint, sampleCorner, say, setCorner} from '../state/actions';
import {droppedClips, fillDrag} from '../state/files';
import * as store from '../state/store';
import type {Point} from '../types';
import {Icon} from './icons';
import {MiniRoll} from './mini_roll';

export const CORNERS: {name: string; point: Point}[] = [
  {name: 'Top left', point: [0, 0]},
  {name: 'Top right', point: [1, 0]},
  {name: 'Bottom left', point: [0, 1]},
  {name: 'Bottom right', point: [1, 1]},
];

export function Corner({corner}: {corner: number}) {
  const [over, setOver] = useState(false);
  const clip = store.corners.value[corner] ?? null;
  const {name, point} = CORNERS[corner]!;
  const drop = async (event: DragEvent) => {
    event.preventDefault();
    event.stopPropagation();
    setOver(false);
    if (!event.dataTransfer) return;
    const [first] = await droppedClips(event.dataTransfer);
    if (first) await setCorner(corner, first);
  };
  const take = () => {
    if (store.clip.value) void setCorner(corner, store.clip.value);
    else say('error', 'There is no clip in the editor yet.');
  };
  return (
    <div class={`corner at-${corner}${over ? ' over' : ''}`} style={{'--corner': cornerColour(corner, store.theme.value)}}
      onDragOver={(event) => { event.preventDefault(); setOver(true); }} onDragLeave={() => setOver(false)} onDrop={drop}>
      <button class="corner-go" title={`${name}: go there. Drop a MIDI file or a clip here.`} onClick={() => movePoint(point)}
        draggable={clip !== null} onDragStart={(event) => clip && fillDrag(event, clip)}>
        {clip ? <MiniRoll clip={clip} /> : <span class="mini" />}
        <span class="corner-name">{clip?.name ?? '…'}</span>
      </button>
      <span class="corner-tools">
        <button class="ghost" title={`${name}: another sample`} aria-label={`${name}: another sample`} onClick={() => void sampleCorner(corner)}><Icon name="dice" /></button>
        <button class="ghost" title={`${name}: put the editor’s clip here`} aria-label={`${name}: put the editor’s clip here`} onClick={take}><Icon name="take" /></button>
      </span>
    </div>
  );
}
