// Line icons on a grid of 16, drawn for this page.
const PATHS = {
  play: 'M5 3.2v9.6L13 8z',
  stop: 'M4 4h8v8H4z',
  dice: 'M3 3h10v10H3z M5.6 5.6h.01 M10.4 5.6h.01 M8 8h.01 M5.6 10.4h.01 M10.4 10.4h.01',
  undo: 'M6 3 3 6l3 3 M3 6h6a4 4 0 0 1 0 8H6',
  redo: 'm10 3 3 3-3 3 M13 6H7a4 4 0 0 0 0 8h3',
  star: 'm8 2 1.8 3.8 4.2.5-3.1 2.9.8 4.1L8 11.2l-3.7 2.1.8-4.1L2 6.3l4.2-.5z',
  save: 'M8 2v8 M5 7l3 3 3-3 M3 13h10',
  open: 'M8 10V2 M5 5l3-3 3 3 M3 13h10',
  sun: 'M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6z M8 1.5v1.2 M8 13.3v1.2 M1.5 8h1.2 M13.3 8h1.2 M3.4 3.4l.9.9 M11.7 11.7l.9.9 M3.4 12.6l.9-.9 M11.7 4.3l.9-.9',
  moon: 'M13 9.6A5.6 5.6 0 0 1 6.4 3 5.6 5.6 0 1 0 13 9.6z',
  grip: 'M6 4h.01 M6 8h.01 M6 12h.01 M10 4h.01 M10 8h.01 M10 12h.01',
  pen: 'm3 13 .7-3L11 2.7l2.3 2.3L6 12.3z',
  close: 'm4 4 8 8 M12 4l-8 8',
  take: 'M8 13V5 M5 8l3-3 3 3 M3 2.5h10',
  volume: 'M3 6.2h2.2L8.5 3.4v9.2L5.2 9.8H3z M11 6a3 3 0 0 1 0 4',
  help: 'M6 6.2a2 2 0 1 1 2.9 1.8c-.6.3-.9.7-.9 1.4 M8 12.2h.01',
  plus: 'M8 3v10 M3 8h10',
  file: 'M4 2h5l3 3v9H4z M9 2v3h3',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({name, filled = false}: {name: IconName; filled?: boolean}) {
  const solid = filled || name === 'play' || name === 'stop';
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[name]} fill={solid ? 'currentColor' : 'none'} />
    </svg>
  );
}
