// Everything that turns: what the model is asked for, how it swings, how human drums get.
import {setSwing} from '../audio/player';
import {KEYS, plainWords} from '../music/names';
import {learnAttributes, newCorners, randomSeed, refresh, travel} from '../state/actions';
import {RANGES, type Knobs} from '../state/session';
import * as store from '../state/store';
import type {Level, Model} from '../types';
import {Icon} from './icons';
import {Knob} from './knob';

let timer = 0;

/** Turns a knob; what it changes is asked for once the hand rests for a moment. */
function turn(change: Partial<Knobs>, then: () => unknown = refresh): void {
  store.remember(`knob ${Object.keys(change).join()}`);
  store.knobs.value = {...store.knobs.value, ...change};
  window.clearTimeout(timer);
  timer = window.setTimeout(then, 60);
}

const percent = (value: number) => `${Math.round(value * 100)} %`;
const signed = (value: number) => (value > 0 ? `+${value.toFixed(1)}` : value.toFixed(1).replace('-', '−'));

export function KnobsPanel() {
  const {value: knobs} = store.knobs;
  const {value: model} = store.model;
  const swing = (change: Partial<Knobs>) => turn(change, () => setSwing(store.swing.value));
  const job = store.origin.value.kind === 'job' ? store.origin.value.job.mode : '';
  return (
    <section class="panel knobs" aria-labelledby="knobs-title">
      <header class="panel-head">
        <h2 id="knobs-title">Knobs</h2>
        <Seed />
      </header>
      <div class="knob-row">
        <Knob label="Temperature" low={RANGES.temperature[0]} high={RANGES.temperature[1]} step={0.05} value={knobs.temperature}
          normal={model?.temperature ?? 0.5} text={(value) => value.toFixed(2)}
          title="How freely notes are drawn: low is likely, high is wild" onChange={(temperature) => turn({temperature})} />
        <Knob label="Closeness" low={0} high={1} step={0.01} value={knobs.closeness} normal={0.7} text={percent}
          title="How near Similar stays to its clip" onChange={(closeness) => turn({closeness}, () => undefined)} />
        <Knob label="Swing" low={0.5} high={0.75} step={0.01} value={knobs.swing} normal={0.5} text={percent}
          title="How much of a pair of steps the first one takes: 50 % is straight, 67 % triplets" onChange={(amount) => swing({swing: amount})} />
        {(store.isDrums.value || job) && (
          <>
            <Knob label="Timing" low={0} high={1} step={0.01} value={knobs.timing} normal={1} text={percent}
              title="How much of the drummer's timing Humanize gives" onChange={(timing) => turn({timing})} />
            <Knob label="Dynamics" low={0} high={1} step={0.01} value={knobs.velocity} normal={1} text={percent}
              title="How much of the drummer's dynamics Humanize gives" onChange={(velocity) => turn({velocity})} />
          </>
        )}
      </div>
      <div class="fields">
        <label class="inline">
          <span>Swing of</span>
          <select value={String(knobs.swingStep)} onChange={(event) => swing({swingStep: Number(event.currentTarget.value)})}>
            <option value="0.5">eighths</option>
            <option value="0.25">sixteenths</option>
          </select>
        </label>
        {(model?.key || model?.chords) && (
          <label class="inline" title="Of the chords, which may then be numerals: I vi IV V">
            <span>Key</span>
            <select value={knobs.key} onChange={(event) => turn({key: event.currentTarget.value})}>
              {!model.key && <option value="">as it comes</option>}
              {KEYS.map((key) => <option key={key} value={key}>{key.replace('b', '♭')}</option>)}
              {KEYS.map((key) => <option key={`${key}m`} value={`${key}m`}>{key.replace('b', '♭')} minor</option>)}
            </select>
          </label>
        )}
        {model?.hits && <Hits />}
        {model?.chords && (
          <label class="wide">
            <span>Chords</span>
            <input type="text" value={knobs.chords} placeholder="C G Am F" spellcheck={false}
              onChange={(event) => turn({chords: event.currentTarget.value})} />
          </label>
        )}
      </div>
      {model && (model.prior || model.style) && <NewSamples model={model} />}
      <Attributes />
    </section>
  );
}

function Seed() {
  const {seed} = store.knobs.value;
  const sow = (next: number) => turn({seed: next}, newCorners);
  return (
    <div class="seed" role="group" aria-label="Seed">
      <button class="ghost" title="Undo (Ctrl+Z)" aria-label="Undo" disabled={!store.canUndo.value} onClick={() => travel('undo')}><Icon name="undo" /></button>
      <button class="ghost" title="Redo (Ctrl+Shift+Z)" aria-label="Redo" disabled={!store.canRedo.value} onClick={() => travel('redo')}><Icon name="redo" /></button>
      <label><span>Seed</span>
        <input type="number" min="0" max={RANGES.seed[1]} value={seed}
          onChange={(event) => sow(Math.min(RANGES.seed[1], Math.max(0, Math.round(Number(event.currentTarget.value) || 0))))} />
      </label>
      <button class="ghost" title="New seed: four new samples (N)" aria-label="New seed" onClick={() => sow(randomSeed())}><Icon name="dice" /></button>
    </div>
  );
}

/** Which hits are played, for a model that plays given ones. */
function Hits() {
  const files = store.files.value.filter(({state}) => state === 'ready');
  const take = (value: string) => {
    const file = files.find(({key}) => String(key) === value);
    const chosen = file ? file.windows[0] ?? file.piece : store.clip.value;
    if (chosen) store.control.value = {...chosen, name: file?.name ?? chosen.name};
    turn({}, newCorners);
  };
  return (
    <label class="wide">
      <span>Hits to play</span>
      <select value="" onChange={(event) => take(event.currentTarget.value)}>
        <option value="">{store.control.value.name}</option>
        <option value="clip">Those of the clip in the editor</option>
        {files.map(({key, name}) => <option key={key} value={key}>{name}</option>)}
      </select>
    </label>
  );
}

const PRIORS = {learned: 'learned prior', standard: 'standard normal'};

/** What new samples are drawn from, and what they are to have. */
function NewSamples({model}: {model: Model}) {
  const {conditions} = store.knobs.value;
  const prior = store.priorOf(store.knobs.value.prior, model);
  const condition = (name: string, level: string) => {
    const {[name]: _, ...others} = conditions;
    turn({conditions: level ? {...others, [name]: level as Level} : others}, newCorners);
  };
  const asked = prior === 'learned' ? Object.entries(conditions).map(([name, level]) => `${level} ${plainWords(name).toLowerCase()}`) : [];
  return (
    <details class="samples">
      <summary>New samples <small>{[prior === 'style' ? `within ${model.style!.name}` : PRIORS[prior], ...asked].join(', ')}</small></summary>
      <div class="fields">
        <label>
          <span>Drawn from</span>
          <select value={prior} onChange={(event) => turn({prior: event.currentTarget.value as Knobs['prior']}, newCorners)}>
            {model.style && <option value="style">{model.style.name}; the pad stays in it</option>}
            {model.prior && <option value="learned">{PRIORS.learned}</option>}
            <option value="standard">{PRIORS.standard}</option>
          </select>
        </label>
        {prior === 'learned' && model.prior_conditions.map((name) => (
          <label key={name}>
            <span>{plainWords(name)}</span>
            <select value={conditions[name] ?? ''} onChange={(event) => condition(name, event.currentTarget.value)}>
              <option value="">any</option>
              <option value="low">low</option>
              <option value="medium">medium</option>
              <option value="high">high</option>
            </select>
          </label>
        ))}
      </div>
    </details>
  );
}

function Attributes() {
  const {value: model} = store.model;
  if (!model) return null;
  const {attributes} = store.knobs.value;
  const set = (name: string, move: number) => turn({attributes: {...attributes, [name]: move}});
  if (!model.attributes.length) {
    const busy = store.waits.value.includes('Measuring attributes');
    return (
      <div class="attributes empty">
        <p>Attributes move music along what you can hear: density, range, syncopation.</p>
        <button onClick={() => void learnAttributes()} disabled={busy}>{busy ? 'Measuring…' : 'Measure them for this model'}</button>
      </div>
    );
  }
  return (
    <div class="attributes">
      <h3>Attributes <small>in standard deviations; double-click resets</small></h3>
      {model.attributes.map(({name}) => {
        const move = attributes[name] ?? 0;
        return (
          <label key={name} class={move ? 'moved' : ''}>
            <span>{plainWords(name)}</span>
            <input type="range" min="-3" max="3" step="0.1" value={move} style={{'--share': `${((move + 3) / 6) * 100}%`}}
              onInput={(event) => set(name, Number(event.currentTarget.value))} onDblClick={() => set(name, 0)} />
            <output>{signed(move)}</output>
          </label>
        );
      })}
    </div>
  );
}
