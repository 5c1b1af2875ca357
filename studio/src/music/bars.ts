/** Bars as ranges: 1, 2, 3, 7 are 1-3,7. */
export function barRanges(bars: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const bar of bars) {
    const last = ranges[ranges.length - 1];
    if (last && bar === last[1] + 1) last[1] = bar;
    else ranges.push([bar, bar]);
  }
  return ranges.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join();
}
