// What the page has to say: what went wrong and what to do, what it waits for, that the server is gone.
import {useEffect} from 'preact/hooks';
import * as store from '../state/store';
import {Icon} from './icons';

const SECONDS_SHOWN = {done: 6, error: 20};

export function Messages() {
  const {value: message} = store.message;
  const {value: waits} = store.waits;
  const {value: connection} = store.connection;
  useEffect(() => {
    if (!message) return;
    const timer = setTimeout(() => (store.message.value = null), SECONDS_SHOWN[message.kind] * 1000);
    return () => clearTimeout(timer);
  }, [message]);
  return (
    <div class="messages">
      {connection === 'gone' && (
        <p class="toast gone" role="alert">
          <span>The studio’s server has stopped. Run <code>musicvae-studio</code> again; this page then goes on by itself. What plays goes on playing.</span>
        </p>
      )}
      {connection === 'starting' && <p class="toast wait" role="status"><i class="spinner" />{store.starting.value || 'Waiting for the studio’s server'}…</p>}
      {message && (
        <p class={`toast ${message.kind}`} role={message.kind === 'error' ? 'alert' : 'status'}>
          <span>{message.text}</span>
          <button class="ghost" aria-label="Close" onClick={() => (store.message.value = null)}><Icon name="close" /></button>
        </p>
      )}
      {waits.length > 0 && <p class="toast wait" role="status"><i class="spinner" />{waits[waits.length - 1]}… {store.howFar.value}</p>}
    </div>
  );
}
