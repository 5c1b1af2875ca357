// Undo and redo over whole states.

export class History<State> {
  private past: State[] = [];
  private future: State[] = [];

  constructor(private readonly size = 200) {}

  get canUndo(): boolean {
    return this.past.length > 0;
  }

  get canRedo(): boolean {
    return this.future.length > 0;
  }

  /** Keeps the state that a change is about to leave. */
  keep(before: State): void {
    this.past.push(before);
    if (this.past.length > this.size) this.past.shift();
    this.future = [];
  }

  undo(now: State): State | null {
    const state = this.past.pop();
    if (state === undefined) return null;
    this.future.push(now);
    return state;
  }

  redo(now: State): State | null {
    const state = this.future.pop();
    if (state === undefined) return null;
    this.past.push(now);
    return state;
  }
}
