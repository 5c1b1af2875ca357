// The pad's ground: the colours of its corners run into each other, and the music of the grid lies on it.
import type {Clip, Point} from '../types';
import {noteBoxes} from '../ui/mini_roll';
import {placeBytes, type Theme} from './colours';
import {nearestCell} from './geometry';

const GROUND = {dark: {lightness: 0.4, chroma: 0.085}, light: {lightness: 0.86, chroma: 0.07}};
const SAMPLES = 24;

export interface PadPicture {
  size: number;
  clips: readonly Clip[];
  theme: Theme;
  /** Cells stand apart, and the nearest is lit. */
  palette: boolean;
  point: Point;
}

export function paintPad(canvas: HTMLCanvasElement, {size, clips, theme, palette, point}: PadPicture): void {
  const width = canvas.clientWidth * devicePixelRatio;
  if (canvas.width !== width) canvas.width = canvas.height = width;
  const context = canvas.getContext('2d')!;
  context.clearRect(0, 0, width, width);
  const cell = width / size;
  const lit = nearestCell(point, size);
  context.save();
  if (palette) {
    context.beginPath();
    for (let k = 0; k < size * size; k += 1) {
      const gap = cell * 0.035;
      context.roundRect((k % size) * cell + gap, Math.floor(k / size) * cell + gap, cell - 2 * gap, cell - 2 * gap, cell * 0.12);
    }
    context.clip();
  }
  context.imageSmoothingQuality = 'high';
  context.drawImage(ground(theme), 1, 1, SAMPLES - 2, SAMPLES - 2, 0, 0, width, width);
  context.restore();
  const ink = theme === 'dark' ? '255 255 255' : '20 22 40';
  clips.forEach((clip, k) => {
    const [column, row] = [k % size, Math.floor(k / size)];
    const near = palette && column === lit.column && row === lit.row;
    const strength = near ? 0.95 : palette ? 0.5 : 0.26;
    const inset = cell * 0.15;
    for (const box of noteBoxes(clip, 160)) {
      context.fillStyle = `rgb(${ink} / ${strength * (0.4 + 0.6 * box.strong)})`;
      const [x, y] = [column * cell + inset + box.x * (cell - 2 * inset), row * cell + inset + box.y * (cell - 2 * inset)];
      const [w, h] = [Math.max(box.width * (cell - 2 * inset) * 0.9, devicePixelRatio), Math.max(box.height * (cell - 2 * inset) * 0.62, devicePixelRatio)];
      context.fillRect(x, y, w, h);
    }
  });
}

const grounds = new Map<Theme, HTMLCanvasElement>();

function ground(theme: Theme): HTMLCanvasElement {
  const made = grounds.get(theme);
  if (made) return made;
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = SAMPLES;
  const context = canvas.getContext('2d')!;
  for (let row = 0; row < SAMPLES; row += 1) {
    for (let column = 0; column < SAMPLES; column += 1) {
      const place: Point = [column / (SAMPLES - 1), row / (SAMPLES - 1)];
      context.fillStyle = `rgb(${placeBytes(place, GROUND[theme]).join(' ')})`;
      context.fillRect(column, row, 1, 1);
    }
  }
  grounds.set(theme, canvas);
  return canvas;
}
