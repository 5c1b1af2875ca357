// Files in and out of the page: dropped music, downloads, the session.
import {batch} from '@preact/signals';
import {api, onWire, sourceOf} from '../api';
import * as player from '../audio/player';
import {base64, fileName, midiFile} from '../music/midi_file';
import type {Clip, FileFormat} from '../types';
import {askPalette, attempt, chooseModel, refresh, say, select, show} from './actions';
import {droppedFiles} from './dropped';
import {type FileSource, readSession, type Session, writeSession} from './session';
import * as store from './store';

export const CLIP_TYPE = 'application/x-musicvae-clip';
export const MUSIC_FILES = '.mid,.midi,.kar,.rmi,.musicxml,.mxl,.xml,.abc';
const LARGEST_FILE = 11 * 2 ** 20;

let nextKey = 1;

/** Reads music files, and sessions among them. Returns the music files that could be read. */
export async function takeFiles(list: readonly File[]): Promise<store.MusicFile[]> {
  const taken: store.MusicFile[] = [];
  for (const file of list) {
    if (/\.json$/i.test(file.name)) await openSession(file);
    else {
      const music = await takeMusic(file);
      if (music) taken.push(music);
    }
  }
  return taken;
}

async function takeMusic(file: File): Promise<store.MusicFile | null> {
  if (file.size > LARGEST_FILE) {
    say('error', `${file.name} is larger than 11 MB, which no piece of music needs; cut it first.`);
    return null;
  }
  const music = unread({midi: base64(new Uint8Array(await file.arrayBuffer())), name: file.name});
  store.files.value = [music, ...store.files.value];
  return read(music, `Reading ${file.name}`);
}

function unread(source: FileSource): store.MusicFile {
  return {key: nextKey++, name: source.name, source, state: 'reading', notes: [], piece: null, windows: []};
}

/** Asks what the model sees of a file; null if it could not be read. */
async function read(music: store.MusicFile, wait: string): Promise<store.MusicFile | null> {
  const found = await attempt(wait, () => api.read(music.source));
  const done: store.MusicFile = found
    ? {...music, state: 'ready', notes: found.notes, piece: found.piece, windows: found.clips}
    : {...music, state: 'refused', notes: [store.message.value?.text ?? 'It could not be read.'], windows: []};
  store.files.value = store.files.value.map((other) => (other.key === music.key ? done : other));
  return found ? done : null;
}

/** Reads all files again, for another model or those of a session. */
export async function readAgain(): Promise<void> {
  for (const music of store.files.value) await read(music, '');
}

export function removeFile(key: number): void {
  store.files.value = store.files.value.filter((file) => file.key !== key);
}

export function playFile(file: store.MusicFile): void {
  if (!file.piece) return;
  setTempo(file.piece.tempo);
  select(file.piece);
}

export function setTempo(tempo: number): void {
  store.remember('tempo');
  store.knobs.value = {...store.knobs.value, tempo};
  player.setTempo(tempo);
}

export async function drawMap(): Promise<void> {
  const sources = store.files.value.filter(({state}) => state === 'ready').map(({source}) => source);
  const all = [...sources, ...store.favourites.value.map(sourceOf)];
  const found = await attempt('Drawing the map', () => api.map(all));
  if (found) store.map.value = found;
}

const EXTENSIONS: Record<FileFormat, string> = {midi: 'mid', wav: 'wav', musicxml: 'musicxml'};

export async function download(clips: readonly Clip[], format: FileFormat, joined = false): Promise<void> {
  const [first] = clips;
  if (!first) return;
  const heard = clips.map((clip) => onWire(store.asHeard(clip)));
  const blob = await attempt(`Writing ${format === 'midi' ? 'MIDI' : format.toUpperCase()}`, () => api.file(heard, format, joined));
  const many = clips.length > 1 && !joined;
  if (blob) save(blob, fileName(joined ? 'joined' : many ? 'clips' : first.name, many ? 'zip' : EXTENSIONS[format]));
}

function save(blob: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  window.setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** Fills a drag: a MIDI file for the desktop or a DAW, the clip itself for the page. */
export function fillDrag(event: DragEvent, clip: Clip): void {
  if (!event.dataTransfer) return;
  const heard = store.asHeard(clip);
  const data = `data:audio/midi;base64,${base64(midiFile(heard))}`;
  event.dataTransfer.effectAllowed = 'copy';
  event.dataTransfer.setData('DownloadURL', `audio/midi:${fileName(clip.name, 'mid')}:${data}`);
  event.dataTransfer.setData(CLIP_TYPE, JSON.stringify(onWire(clip)));
  event.dataTransfer.setData('text/plain', clip.name);
}

/** The clips of a drop: one that was dragged within the page, or the first window of each file. */
export async function droppedClips(transfer: DataTransfer): Promise<Clip[]> {
  const own = transfer.getData(CLIP_TYPE);
  if (own) return [JSON.parse(own) as Clip];
  const taken = await takeFiles(await droppedFiles(transfer));
  return taken.flatMap(({windows, piece, name}) => (windows[0] ?? piece ? [{...(windows[0] ?? piece!), name}] : []));
}

export function saveSession(): void {
  const {value: model} = store.model;
  const text = writeSession({
    ...{model: model?.name ?? '', corners: store.corners.value, favourites: store.favourites.value},
    ...{knobs: store.knobs.value, point: store.point.value, clip: store.clip.value, control: store.control.value},
    ...{shelf: store.shelf.value, path: store.path.value, style: store.stylePosition.value},
    files: store.files.value.map(({source}) => source),
  });
  save(new Blob([text], {type: 'application/json'}), 'session.musicvae.json');
}

export async function openSession(file: File): Promise<void> {
  let session;
  try {
    session = readSession(await file.text());
  } catch (error) {
    say('error', `${file.name}: ${(error as Error).message}`);
    return;
  }
  const known = store.models.value.some(({name}) => name === session.model) || session.model === store.model.value?.name;
  if (!known) say('error', `The session’s model, ${session.model}, is not here; it opens with ${store.model.value?.name}.`);
  else if (!(await chooseModel(session.model))) return;
  store.remember('session');
  batch(() => {
    store.corners.value = session.corners;
    store.favourites.value = session.favourites;
    store.knobs.value = session.knobs;
    store.point.value = session.point;
    if (session.control) store.control.value = session.control;
    putBack(session);
    store.origin.value = {kind: 'pad'};
  });
  player.setTempo(session.knobs.tempo);
  player.setSwing(store.swing.value);
  if (session.clip) {
    store.origin.value = store.originOf(session.clip);
    show(session.clip, {from: 0});
    askPalette();
  } else await refresh();
  await readAgain();
  if (known) say('done', `${file.name} is open.`);
}

function putBack({shelf, path, style, files}: Session): void {
  store.shelf.value = shelf;
  store.path.value = path;
  store.stylePosition.value = style;
  store.files.value = files.map(unread);
}
