// Pieces that go on, gaps that are filled, long pieces in sections: what they need to be told, and the button.
import {signal} from '@preact/signals';
import {barsOf} from '../music/clip';
import {barRanges} from '../music/bars';
import {runJob} from '../state/actions';
import * as store from '../state/store';
import type {Input} from './jobs_panel';

export const LONG_JOBS = [
  {mode: 'continue', name: 'Continue', text: 'The piece goes on for some bars', wait: 'Continuing'},
  {mode: 'infill', name: 'Fill in', text: 'Some bars or parts of the piece are written anew, the others stay', wait: 'Filling in'},
  {mode: 'compose', name: 'Compose', text: 'A long piece in sections, of which some return', wait: 'Composing'},
] as const;

/** The mode whose form is open; empty if none is. */
export const openForm = signal('');
const added = signal(8);
const length = signal(32);
const form = signal('AABA');
/** Bars to write anew, from 1, and parts to keep. */
const rewritten = signal<ReadonlySet<number>>(new Set());
const heldParts = signal<ReadonlySet<string>>(new Set());

const MOST_BARS = 256;

export function LongForm({input}: {input: Input | null}) {
  const job = LONG_JOBS.find(({mode}) => mode === openForm.value);
  if (!job) return null;
  const busy = store.waits.value.includes(job.wait);
  const Fields = FIELDS[job.mode];
  const {ready, more} = request(job.mode, input);
  const source = job.mode !== 'compose' && input ? {source: input.source} : {};
  return (
    <div class="long-form" role="group" aria-label={job.name}>
      <p class="hint">{job.text}.</p>
      <Fields input={input} />
      <button class="primary" disabled={!ready || busy} onClick={() => void runJob({mode: job.mode, ...source, ...more}, job.wait)}>
        {busy ? `${job.wait}…` : job.name}
      </button>
    </div>
  );
}

/** What a job is asked for besides its input, and whether that is enough. */
function request(mode: string, input: Input | null): {ready: boolean; more: object} {
  if (mode === 'compose') return {ready: form.value.trim() !== '', more: {bars: length.value, form: form.value}};
  if (mode === 'continue') return {ready: input !== null, more: {bars: added.value}};
  const bars = input ? barsOf(input.piece) : 0;
  const kept = Array.from({length: bars}, (_, k) => k + 1).filter((bar) => !rewritten.value.has(bar));
  const parts = trioParts().filter((part) => heldParts.value.has(part));
  // With parts that are held and no bar to write, the other parts are written in every bar.
  const keep = kept.length && kept.length < bars ? {keep: barRanges(kept)} : {};
  return {ready: 'keep' in keep || parts.length > 0, more: {...keep, keep_parts: parts}};
}

function trioParts(): string[] {
  const {value: model} = store.model;
  return model?.family === 'trio' ? model.parts.map(({name}) => name) : [];
}

function Bars({label, value, onChange}: {label: string; value: number; onChange: (value: number) => void}) {
  const take = (text: string) => onChange(Math.min(MOST_BARS, Math.max(1, Math.round(Number(text)) || 1)));
  return (
    <label><span>{label}</span>
      <input type="number" min="1" max={MOST_BARS} value={value} onChange={(event) => take(event.currentTarget.value)} />
    </label>
  );
}

const FIELDS = {
  continue: () => <div class="fields"><Bars label="Bars to add" value={added.value} onChange={(value) => (added.value = value)} /></div>,
  compose: () => (
    <div class="fields">
      <Bars label="Bars in all" value={length.value} onChange={(value) => (length.value = value)} />
      <label><span>Form</span>
        <input type="text" value={form.value} spellcheck={false} title="A letter for each section, as in AABA, or names: verse, chorus, verse"
          onChange={(event) => (form.value = event.currentTarget.value)} />
      </label>
    </div>
  ),
  infill: ({input}: {input: Input | null}) => {
    const bars = input ? Math.min(MOST_BARS, barsOf(input.piece)) : 0;
    const parts = trioParts();
    return (
      <>
        <div class="bars" role="group" aria-label="Bars to write anew">
          {Array.from({length: bars}, (_, k) => k + 1).map((bar) => (
            <button key={bar} aria-pressed={rewritten.value.has(bar)} aria-label={`Bar ${bar}`} title={`Write bar ${bar} anew`}
              onClick={() => (rewritten.value = toggled(rewritten.value, bar))}>{bar}</button>
          ))}
        </div>
        {parts.length > 0 && (
          <div class="fields" role="group" aria-label="Parts to keep in every bar">
            {parts.map((part) => (
              <label key={part} class="check inline">
                <input type="checkbox" checked={heldParts.value.has(part)} onChange={() => (heldParts.value = toggled(heldParts.value, part))} /> keep {part}
              </label>
            ))}
          </div>
        )}
      </>
    );
  },
};

function toggled<One>(all: ReadonlySet<One>, one: One): ReadonlySet<One> {
  const next = new Set(all);
  if (!next.delete(one)) next.add(one);
  return next;
}
