/** A share, and the seconds that remain where they are known and worth saying. */
export function said({done, total, remaining}: {done: number; total: number; remaining: number | null}): string {
  if (!done || !total) return '';
  const percent = `${Math.round((100 * done) / total)} %`;
  return remaining !== null && remaining >= 2 ? `${percent}, about ${Math.round(remaining)} s left` : percent;
}
