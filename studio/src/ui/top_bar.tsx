// The bar at the top: model, transport, where sound goes, session.
import {useEffect, useRef} from 'preact/hooks';
import {connectMidi, level, midiProblem, output, playing, ports, position, sendClock, setVolume} from '../audio/player';
import {chooseModel, newCorners, say, togglePlay} from '../state/actions';
import {openSession, readAgain, saveSession, setTempo} from '../state/files';
import {RANGES} from '../state/session';
import * as store from '../state/store';
import {helpOpen} from './help';
import {Icon} from './icons';

export function TopBar() {
  return (
    <header class="top">
      <h1><img src="./icon.svg" alt="" width="26" height="26" /> musicvae <span>studio</span></h1>
      <ModelPicker />
      <Transport />
      <Output />
      <SessionButtons />
    </header>
  );
}

function ModelPicker() {
  const {value: model} = store.model;
  const {value: models} = store.models;
  const choose = async (name: string) => {
    if (!(await chooseModel(name))) return;
    await newCorners();
    void readAgain();
  };
  const names = models.map(({name}) => name);
  return (
    <label class="model" title={model?.description}>
      <span class="sr-only">Model</span>
      <select value={model?.name ?? ''} disabled={!model || store.connection.value !== 'ready'} onChange={(event) => void choose(event.currentTarget.value)}>
        {!model && <option value="">Loading…</option>}
        {model && !names.includes(model.name) && <option value={model.name}>{model.name}</option>}
        {models.map(({name, family}) => <option key={name} value={name}>{name} · {family}</option>)}
      </select>
    </label>
  );
}

function Transport() {
  const {value: on} = playing;
  return (
    <div class="transport">
      <button class="play" aria-label={on ? 'Stop' : 'Play'} title={`${on ? 'Stop' : 'Play'} (space)`} disabled={!store.clip.value} onClick={togglePlay}>
        <Icon name={on ? 'stop' : 'play'} />
      </button>
      <Position />
      <label class="tempo"><input type="number" aria-label="Tempo in beats a minute" min={RANGES.tempo[0]} max={RANGES.tempo[1]} value={Math.round(store.knobs.value.tempo * 10) / 10}
        onChange={(event) => setTempo(Math.min(RANGES.tempo[1], Math.max(RANGES.tempo[0], Number(event.currentTarget.value) || 120)))} /><span>bpm</span></label>
    </div>
  );
}

/** Bar and beat, and how loud it is; drawn outside of the page's state, as it changes with every frame. */
function Position() {
  const text = useRef<HTMLSpanElement>(null);
  const meter = useRef<HTMLElement>(null);
  useEffect(() => {
    let request = 0;
    let shown = 0;
    const draw = () => {
      request = requestAnimationFrame(draw);
      const beat = position();
      const {value: clip} = store.clip;
      const perBar = clip ? (clip.beats_per_bar * 4) / clip.beat_unit : 4;
      const at = Math.max(0, beat ?? 0);
      const says = `${Math.floor(at / perBar) + 1}.${Math.floor(at % perBar) + 1}`;
      if (text.current!.textContent !== says) text.current!.textContent = says;
      shown = Math.max(level(), shown * 0.9);
      meter.current!.style.setProperty('--level', shown.toFixed(3));
      const pulse = beat === null ? '0' : (1 - (at % 1)).toFixed(2);
      for (const element of document.querySelectorAll<HTMLElement>('.play, .puck')) element.style.setProperty('--pulse', pulse);
    };
    request = requestAnimationFrame(draw);
    return () => cancelAnimationFrame(request);
  }, []);
  return (
    <>
      <span ref={text} class="position" aria-label="Bar and beat">1.1</span>
      <i ref={meter} class="meter" id="meter" title="Level" />
    </>
  );
}

function Output() {
  const choose = async (id: string) => {
    if (id !== 'connect') {
      output.value = id;
      return;
    }
    await connectMidi();
    const first = ports.value[0];
    if (first) output.value = first.id;
    else say('error', midiProblem.value);
  };
  return (
    <div class="output">
      <label class="volume" title="Volume"><Icon name="volume" /><input type="range" aria-label="Volume" min="0" max="1" step="0.01" value={store.volume.value} style={{'--share': `${store.volume.value * 100}%`}}
        onInput={(event) => { store.volume.value = Number(event.currentTarget.value); setVolume(store.volume.value); }} /></label>
      <label><span class="sr-only">Output</span>
        <select id="output" value={output.value} onChange={async (event) => {
          const {currentTarget} = event;
          await choose(currentTarget.value);
          currentTarget.value = output.value;
        }}>
          <option value="">This page’s sound</option>
          {ports.value.map(({id, name}) => <option key={id} value={id}>{name ?? 'MIDI port'}</option>)}
          <option value="connect">{ports.value.length ? 'Look for MIDI ports again' : 'Connect MIDI…'}</option>
        </select>
      </label>
      {output.value && <label class="check" title="Start, stop and 24 ticks a quarter note"><input type="checkbox" checked={sendClock.value} onChange={(event) => (sendClock.value = event.currentTarget.checked)} /> Clock</label>}
    </div>
  );
}

function SessionButtons() {
  const picker = useRef<HTMLInputElement>(null);
  const dark = store.theme.value === 'dark';
  return (
    <div class="session">
      <button class="ghost" onClick={saveSession} title="Save the session as one file (Ctrl+S)"><Icon name="save" /><span>Save</span></button>
      <button class="ghost" onClick={() => picker.current?.click()} title="Open a session"><Icon name="open" /><span>Open</span></button>
      <input ref={picker} id="session-picker" type="file" accept=".json,application/json" hidden
        onChange={(event) => { const [file] = event.currentTarget.files ?? []; if (file) void openSession(file); event.currentTarget.value = ''; }} />
      <button class="ghost" aria-label={dark ? 'Light colours' : 'Dark colours'} title={dark ? 'Light colours' : 'Dark colours'} onClick={() => (store.chosenTheme.value = dark ? 'light' : 'dark')}><Icon name={dark ? 'sun' : 'moon'} /></button>
      <button class="ghost" aria-label="Help" title="Keys and help (?)" onClick={() => (helpOpen.value = true)}><Icon name="help" /></button>
    </div>
  );
}
