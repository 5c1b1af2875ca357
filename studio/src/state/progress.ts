// How far the server is with what the page waits for: asked once it has taken a while.
import {api} from '../api';
import {said} from './how_far';
import * as store from './store';

const FIRST_MILLISECONDS = 1200;
const EVERY_MILLISECONDS = 700;

let timer = 0;

/** Keeps `howFar` up to date until the page waits for nothing. */
export function watch(): void {
  if (timer) return;
  timer = window.setTimeout(ask, FIRST_MILLISECONDS);
}

async function ask(): Promise<void> {
  let words = '';
  if (store.waits.value.length) {
    try {
      words = said(await api.progress());
    } catch {
      // The request itself says that the server is gone.
    }
  }
  const waits = store.waits.value.length > 0;
  store.howFar.value = waits ? words : '';
  timer = waits ? window.setTimeout(ask, EVERY_MILLISECONDS) : 0;
}
