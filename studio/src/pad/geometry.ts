// Points of the pad: x to the right, y down, both 0 to 1. Corners go nw, ne, sw, se.
import type {Point} from '../types';

export function clamp(value: number, low = 0, high = 1): number {
  return Math.min(high, Math.max(low, value));
}

/** How much of each corner a point has; sums to 1. */
export function cornerWeights([x, y]: Point): [number, number, number, number] {
  return [(1 - x) * (1 - y), x * (1 - y), (1 - x) * y, x * y];
}

/** The point after an arrow key; null for any other key. */
export function arrowed([x, y]: Point, key: string, step: number): Point | null {
  const moves: Record<string, Point> = {
    ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step],
  };
  const move = moves[key];
  return move ? [clamp(x + move[0]), clamp(y + move[1])] : null;
}

/** The cell of a grid of `size` by `size` sounds whose place is nearest: rows from the top. */
export function nearestCell([x, y]: Point, size: number): {row: number; column: number; point: Point} {
  const column = Math.round(clamp(x) * (size - 1));
  const row = Math.round(clamp(y) * (size - 1));
  return {row, column, point: [column / (size - 1), row / (size - 1)]};
}

export function distance(a: Point, b: Point): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1]);
}

export function pathLength(points: readonly Point[]): number {
  return points.slice(1).reduce((sum, point, k) => sum + distance(points[k]!, point), 0);
}

/** Leaves out points that lie within `tolerance` of the line between their neighbours (Ramer, Douglas and Peucker). */
export function simplified(points: readonly Point[], tolerance: number): Point[] {
  if (points.length < 3) return [...points];
  const first = points[0]!;
  const last = points[points.length - 1]!;
  let farthest = 0;
  let split = 0;
  points.forEach((point, k) => {
    const off = lineDistance(point, first, last);
    if (off > farthest) [farthest, split] = [off, k];
  });
  if (farthest <= tolerance) return [first, last];
  return [...simplified(points.slice(0, split + 1), tolerance).slice(0, -1), ...simplified(points.slice(split), tolerance)];
}

function lineDistance(point: Point, from: Point, to: Point): number {
  const length = distance(from, to);
  if (length === 0) return distance(point, from);
  const along = ((point[0] - from[0]) * (to[0] - from[0]) + (point[1] - from[1]) * (to[1] - from[1])) / length ** 2;
  const t = clamp(along);
  return distance(point, [from[0] + t * (to[0] - from[0]), from[1] + t * (to[1] - from[1])]);
}
