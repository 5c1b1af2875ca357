// Names of pitches, drums and keys.
const LETTERS = ['C', 'C♯', 'D', 'E♭', 'E', 'F', 'F♯', 'G', 'A♭', 'A', 'B♭', 'B'];

export const KEYS = ['C', 'Db', 'D', 'Eb', 'E', 'F', 'Gb', 'G', 'Ab', 'A', 'Bb', 'B'];

/** 60 is C4, as scientific pitch notation counts. */
export function pitchName(pitch: number): string {
  return `${LETTERS[pitch % 12]}${Math.floor(pitch / 12) - 1}`;
}

export function isBlackKey(pitch: number): boolean {
  return [1, 3, 6, 8, 10].includes(pitch % 12);
}

/** How the page says a name that the server writes with underscores. */
export function plainWords(name: string): string {
  const words = name.replace(/_/g, ' ').replace(/\bhihat\b/g, 'hi-hat');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
