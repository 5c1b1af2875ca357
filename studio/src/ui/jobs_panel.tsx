// The user's own files, and what the models can do with them.
import {signal} from '@preact/signals';
import {useRef} from 'preact/hooks';
import {sourceOf} from '../api';
import {morph, runJob, select, setCorner, similar} from '../state/actions';
import {fillDrag, MUSIC_FILES, playFile, removeFile, takeFiles} from '../state/files';
import * as store from '../state/store';
import type {Clip, Source} from '../types';
import {Icon} from './icons';
import {LongForm, LONG_JOBS, openForm} from './long_jobs';
import {MiniRoll} from './mini_roll';
import {TapRecorder, tapping} from './tap_recorder';

/** Key of the file that a job takes; 0 for the clip in the editor. */
export const chosenFile = signal(0);
const otherFile = signal(0);

export interface Input {
  source: Source;
  /** What of it the model sees first. */
  clip: Clip;
  piece: Clip;
}

function inputOf(key: number): Input | null {
  const file = store.files.value.find((other) => other.key === key);
  if (file?.piece) return {source: file.source, clip: {...(file.windows[0] ?? file.piece), name: file.name}, piece: file.piece};
  const {value: clip} = store.clip;
  return clip && {source: sourceOf(clip), clip, piece: clip};
}

interface Job {
  name: string;
  text: string;
  wait: string;
  /** Whether it takes a second piece, and may do without. */
  second?: 'needed' | 'optional';
  run?: (input: Input, second: Input | null) => unknown;
}

const JOBS: Record<string, Job> = {
  humanize: {name: 'Humanize', text: 'Drums with a drummer’s timing and dynamics', wait: 'Humanizing'},
  add_hihat: {name: 'Add hi-hats', text: 'Closed hi-hats for drums that stay as they are', wait: 'Adding hi-hats'},
  tap2drum: {name: 'To drums', text: 'Drums from when and how loud its notes are played', wait: 'Making drums'},
  follow_hits: {name: 'Follow hits', text: 'The same hits in a new manner, or that of the second piece', wait: 'Following hits', second: 'optional'},
  reconstruct: {name: 'Reconstruct', text: 'The whole piece as the model remembers it', wait: 'Reconstructing'},
  similar: {name: 'Similar', text: 'Six variations, by Closeness', wait: '', run: ({clip}) => similar(clip)},
  interpolate: {name: 'Steps', text: 'From this piece to the second in seven clips', wait: '', second: 'needed', run: ({clip}, second) => second && morph(clip, second.clip)},
  morph: {name: 'Morph', text: 'The way to the second piece as one piece', wait: 'Morphing', second: 'needed'},
};

/** Modes that another model does where the one on the pad does not. */
const ELSEWHERE = ['humanize', 'tap2drum', 'add_hihat', 'follow_hits'];
const NOT_THIS_MODEL = 'The model on the pad does not do this.';

export function JobsPanel() {
  const picker = useRef<HTMLInputElement>(null);
  const {value: files} = store.files;
  const take = async (list: FileList | null) => list && keepFirst(await takeFiles([...list]));
  return (
    <section class="panel jobs" aria-labelledby="jobs-title">
      <header class="panel-head">
        <h2 id="jobs-title">Your music</h2>
        <div class="tools">
          <button class="ghost" onClick={() => (tapping.value = !tapping.value)} aria-expanded={tapping.value}>Tap a rhythm</button>
          <button class="ghost" onClick={() => picker.current?.click()}><Icon name="plus" /> Add files</button>
        </div>
        <input ref={picker} id="file-picker" type="file" multiple accept={MUSIC_FILES} hidden
          onChange={(event) => { void take(event.currentTarget.files); event.currentTarget.value = ''; }} />
      </header>
      {tapping.value && <TapRecorder />}
      {files.length === 0 && !tapping.value && (
        <button class="drop" onClick={() => picker.current?.click()}>
          <Icon name="file" /><span>Drop MIDI, MusicXML or ABC files anywhere, or choose some</span>
        </button>
      )}
      {files.length > 0 && <ul class="files">{files.map((file) => <FileRow key={file.key} file={file} />)}</ul>}
      <JobButtons />
    </section>
  );
}

/** The file that was dropped last is what the next job takes. */
export function keepFirst(taken: readonly store.MusicFile[]): void {
  if (taken[0]) {
    chosenFile.value = taken[0].key;
    playFile(taken[0]);
  }
}

function FileRow({file}: {file: store.MusicFile}) {
  const chosen = chosenFile.value === file.key;
  return (
    <li class={`file ${file.state}${chosen ? ' on' : ''}`}>
      <button class="file-go" disabled={file.state !== 'ready'} aria-pressed={chosen} title="Play it, and let jobs take it"
        onClick={() => { chosenFile.value = file.key; playFile(file); }}>
        <strong>{file.name}</strong>
        <small>{file.state === 'reading' ? 'Reading…' : file.state === 'refused' ? file.notes[0] : summary(file)}</small>
      </button>
      <button class="ghost" aria-label={`Remove ${file.name}`} title="Remove" onClick={() => removeFile(file.key)}><Icon name="close" /></button>
      {chosen && file.windows.length > 0 && (
        <ul class="windows" aria-label="Windows that the model sees">
          {file.windows.slice(0, 24).map((clip, k) => (
            <li key={k}>
              <button title={`${clip.name}: play it; drag it onto a corner`} draggable onDragStart={(event) => fillDrag(event, clip)} onClick={() => select(clip)}><MiniRoll clip={clip} /></button>
            </li>
          ))}
        </ul>
      )}
      {chosen && file.state === 'ready' && file.notes.length > 0 && <p class="file-note">{file.notes.join('; ')}</p>}
    </li>
  );
}

function summary({piece, windows}: store.MusicFile): string {
  if (!piece) return '';
  const seen = windows.length === 1 ? '1 window' : `${windows.length} windows`;
  return `${piece.notes.length} notes, ${Math.round(piece.tempo)} bpm, ${seen} for this model`;
}

function JobButtons() {
  const {value: files} = store.files;
  const ready = files.filter(({state}) => state === 'ready');
  const input = inputOf(chosenFile.value);
  const second = otherFile.value === chosenFile.value && otherFile.value === 0 ? null : inputOf(otherFile.value);
  const {value: waits} = store.waits;
  const can = (mode: string) => ELSEWHERE.includes(mode) || (store.model.value?.modes ?? []).includes(mode);
  const run = (mode: string, {wait, run: own, second: wants}: Job) => {
    if (!input) return;
    if (own) own(input, second);
    else void runJob({mode, source: input.source, ...(wants && second ? {sources: [second.source]} : {})}, wait);
  };
  const pickers = (
    <>
      <option value="0">The clip in the editor</option>
      {ready.map(({key, name}) => <option key={key} value={key}>{name}</option>)}
    </>
  );
  return (
    <div class="job-list">
      <div class="fields">
        <label><span>Take</span><select value={chosenFile.value} onChange={(event) => (chosenFile.value = Number(event.currentTarget.value))}>{pickers}</select></label>
        {ready.length > 0 && <label><span>Second</span><select value={otherFile.value} onChange={(event) => (otherFile.value = Number(event.currentTarget.value))}>{pickers}</select></label>}
      </div>
      <div class="job-buttons">
        {Object.entries(JOBS).map(([mode, job]) => {
          const missing = job.second === 'needed' && !second;
          const busy = job.wait !== '' && waits.includes(job.wait);
          const why = !can(mode) ? `. ${NOT_THIS_MODEL}` : missing ? '. Add a second piece first.' : '';
          return (
            <button key={mode} disabled={!input || busy || why !== ''} title={`${job.text}${why}`} onClick={() => run(mode, job)}>
              {busy ? `${job.wait}…` : job.name}
            </button>
          );
        })}
        {LONG_JOBS.map(({mode, name, text}) => (
          <button key={mode} class={openForm.value === mode ? 'on' : ''} aria-expanded={openForm.value === mode} disabled={!can(mode)}
            title={can(mode) ? text : `${text}. ${NOT_THIS_MODEL}`} onClick={() => (openForm.value = openForm.value === mode ? '' : mode)}>{name}…</button>
        ))}
        {ready.length >= 2 && <button title="The first windows of up to four files become the corners of the pad" onClick={() => void toCorners(ready)}>To corners</button>}
      </div>
      {can(openForm.value) && <LongForm input={input} />}
    </div>
  );
}

async function toCorners(files: readonly store.MusicFile[]): Promise<void> {
  for (const [corner, file] of files.slice(0, 4).entries()) {
    const clip = file.windows[0] ?? file.piece;
    if (clip) await setCorner(corner, {...clip, name: file.name});
  }
}
