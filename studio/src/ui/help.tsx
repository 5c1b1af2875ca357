// Keys, and where programs find the API.
import {signal} from '@preact/signals';
import {useEffect, useRef} from 'preact/hooks';

export const helpOpen = signal(false);

const KEYS: [string, string][] = [
  ['Space', 'Play and stop'],
  ['Arrows on the pad', 'Move; with Shift in larger steps, Home to the middle'],
  ['1 2 3 4', 'Go to a corner'],
  ['N', 'Four new samples'],
  ['F', 'Keep the clip among the favourites'],
  ['Ctrl+Z, Ctrl+Shift+Z', 'Undo and redo: knobs, seed, corners, notes'],
  ['Ctrl+S', 'Save the session'],
  ['On the roll', 'Arrows move the cursor, Enter adds or removes, + and − change velocity, Shift with arrows the length, Alt with arrows the place'],
  ['On a knob', 'Arrows turn it, double-click resets it, Shift drags finely'],
];

export function Help() {
  const dialog = useRef<HTMLDialogElement>(null);
  const {value: open} = helpOpen;
  useEffect(() => {
    if (open) dialog.current?.showModal();
    else dialog.current?.close();
  }, [open]);
  return (
    <dialog ref={dialog} class="help" aria-labelledby="help-title" onClose={() => (helpOpen.value = false)}
      onClick={(event) => event.target === dialog.current && (helpOpen.value = false)}>
      <h2 id="help-title">Keys</h2>
      <dl>{KEYS.map(([key, does]) => <div key={key}><dt><kbd>{key}</kbd></dt><dd>{does}</dd></div>)}</dl>
      <p>Drag a clip by its grip or its card out of the page: it arrives as a MIDI file. Programs can call the same server: <a href="api" target="_blank" rel="noreferrer">its API</a>.</p>
      <button class="primary" onClick={() => (helpOpen.value = false)}>Close</button>
    </dialog>
  );
}
