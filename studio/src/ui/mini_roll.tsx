// A thumbnail of a clip.
import {memo} from './memo';
import type {Clip} from '../types';

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
  strong: number;
}

/** Boxes of a clip's notes within a unit square; drums lie below each other by pitch, melodies by height. */
export function noteBoxes({notes, length}: Clip, most = 400): Box[] {
  const shown = notes.length > most ? notes.filter((_, k) => k % Math.ceil(notes.length / most) === 0) : notes;
  const levels = [...new Set(shown.map(level))].sort((a, b) => b - a);
  const drumsOnly = shown.every(({drum}) => drum);
  const low = levels[levels.length - 1] ?? 0;
  const span = drumsOnly ? Math.max(levels.length, 4) : Math.max((levels[0] ?? 0) - low + 1, 12);
  const place = new Map(levels.map((value, k) => [value, drumsOnly ? k + (span - levels.length) / 2 : span - 1 - (value - low) - (span - 1 - ((levels[0] ?? 0) - low)) / 2]));
  return shown.map((note) => ({
    x: note.start / length,
    y: place.get(level(note))! / span,
    width: Math.max((note.end - note.start) / length, 0.012),
    height: 1 / span,
    strong: note.velocity / 127,
  }));
}

function level({pitch, drum}: {pitch: number; drum: boolean}): number {
  return drum ? pitch - 40 : pitch;
}

export const MiniRoll = memo(function MiniRoll({clip}: {clip: Clip}) {
  return (
    <svg class="mini" viewBox="0 0 100 40" preserveAspectRatio="none" aria-hidden="true">
      {noteBoxes(clip).map(({x, y, width, height, strong}, k) => (
        <rect key={k} x={x * 100} y={y * 36 + 2} width={width * 94} height={Math.max(1.2, height * 30)} rx="0.6" opacity={0.35 + 0.65 * strong} />
      ))}
    </svg>
  );
});
