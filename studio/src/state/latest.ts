// One request at a time, and after it only the newest: what a dragged pointer asks for.

/** Wraps a request: calls that are overtaken before they could begin resolve to undefined. */
export function latest<Argument, Result>(run: (argument: Argument) => Promise<Result>) {
  let busy = false;
  let next: {argument: Argument; settle: (result: Promise<Result> | undefined) => void} | null = null;

  async function begin(argument: Argument): Promise<Result> {
    busy = true;
    try {
      return await run(argument);
    } finally {
      busy = false;
      const waiting = next;
      next = null;
      if (waiting) waiting.settle(begin(waiting.argument));
    }
  }

  return (argument: Argument): Promise<Result | undefined> => {
    if (!busy) return begin(argument);
    next?.settle(undefined);
    return new Promise<Result | undefined>((settle) => {
      next = {argument, settle};
    });
  };
}
