// The page: its panels, its keys, and dropping files anywhere on it.
import {signal, useSignalEffect} from '@preact/signals';
import {useEffect} from 'preact/hooks';
import {setVolume} from '../audio/player';
import {movePoint, newCorners, randomSeed, toggleFavourite, togglePlay, travel} from '../state/actions';
import {CLIP_TYPE, saveSession, takeFiles} from '../state/files';
import {droppedFiles} from '../state/dropped';
import * as store from '../state/store';
import {CORNERS} from './corner';
import {Editor} from './editor';
import {Help, helpOpen} from './help';
import {JobsPanel, keepFirst} from './jobs_panel';
import {KnobsPanel} from './knobs_panel';
import {Messages} from './messages';
import {Shelf} from './shelf';
import {SpacePanel} from './space_panel';
import {TopBar} from './top_bar';

const dropping = signal(false);

export function App() {
  useSignalEffect(() => {
    document.documentElement.dataset['theme'] = store.theme.value;
    document.documentElement.style.setProperty('--here', store.accent.value);
  });
  useEffect(() => {
    setVolume(store.volume.value);
    const listeners: [string, (event: never) => void][] = [
      ['keydown', onKey], ['dragover', onDragOver], ['dragleave', onDragLeave], ['drop', onDrop],
    ];
    for (const [name, listener] of listeners) window.addEventListener(name, listener as EventListener);
    return () => listeners.forEach(([name, listener]) => window.removeEventListener(name, listener as EventListener));
  }, []);
  return (
    <>
      <TopBar />
      <main>
        <SpacePanel />
        <Editor />
        <aside>
          <KnobsPanel />
          <JobsPanel />
        </aside>
        <Shelf />
      </main>
      <Messages />
      <Help />
      {dropping.value && <div class="drop-veil"><p>Drop it: MIDI, MusicXML, ABC, or a session</p></div>}
    </>
  );
}

function onKey(event: KeyboardEvent): void {
  const target = event.target as HTMLElement;
  const typing = target.matches('input:not([type=range], [type=checkbox]), textarea, select');
  const command = event.ctrlKey || event.metaKey;
  if (command && event.key.toLowerCase() === 's') {
    event.preventDefault();
    saveSession();
  }
  if (typing || helpOpen.value) return;
  if (command) {
    const key = event.key.toLowerCase();
    if (key !== 'z' && key !== 'y') return;
    event.preventDefault();
    travel(key === 'y' || event.shiftKey ? 'redo' : 'undo');
    return;
  }
  if (event.altKey || event.defaultPrevented) return;
  if (event.code === 'Space' && !target.closest('button, a, summary')) {
    event.preventDefault();
    togglePlay();
  } else if (event.key === '?') helpOpen.value = true;
  else if (event.key === 'f' && store.clip.value) toggleFavourite(store.clip.value);
  else if (event.key === 'n') sow();
  else if (/^[1-4]$/.test(event.key)) movePoint(CORNERS[Number(event.key) - 1]!.point);
}

function sow(): void {
  store.remember('seed');
  store.knobs.value = {...store.knobs.value, seed: randomSeed()};
  void newCorners();
}

function carriesFiles(event: DragEvent): boolean {
  return event.dataTransfer !== null && [...event.dataTransfer.types].includes('Files') && !event.dataTransfer.types.includes(CLIP_TYPE);
}

function onDragOver(event: DragEvent): void {
  event.preventDefault();
  dropping.value = carriesFiles(event) && !(event.target as HTMLElement).closest?.('.corner');
}

function onDragLeave(event: DragEvent): void {
  if (event.relatedTarget === null) dropping.value = false;
}

async function onDrop(event: DragEvent): Promise<void> {
  event.preventDefault();
  dropping.value = false;
  if (event.dataTransfer && carriesFiles(event)) keepFirst(await takeFiles(await droppedFiles(event.dataTransfer)));
}
