/** Pauses an import, and lets it go on. */
export class ImportControl {
  /** Resolves when the pause ends; undefined while the import runs. */
  #pause: { readonly ended: Promise<void>; end(): void; readonly since: number } | undefined;
  #paused = 0;

  /** Whether it is paused. */
  get paused(): boolean {
    return this.#pause !== undefined;
  }

  /** No more files are begun; the few that are being decoded end first. */
  pause(): void {
    if (this.#pause) return;
    let end = () => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    this.#pause = { ended, end, since: performance.now() };
  }

  /** Goes on where it was. */
  resume(): void {
    const pause = this.#pause;
    if (pause === undefined) return;
    this.#paused += performance.now() - pause.since;
    this.#pause = undefined;
    pause.end();
  }

  /** @internal Resolves when it is not paused. */
  async running(): Promise<void> {
    while (this.#pause) await this.#pause.ended;
  }

  /** @internal Milliseconds of all pauses. */
  get pausedMilliseconds(): number {
    return this.#paused + (this.#pause ? performance.now() - this.#pause.since : 0);
  }
}

/**
 * What pauses an import and lets it go on, from a button for instance:
 *
 *     const control = importControl();
 *     button.onclick = () => (control.paused ? control.resume() : control.pause());
 *     const pets = await imageFolder(files, { size: [64, 64], control });
 *
 * One may pause several imports at once.
 */
export function importControl(): ImportControl {
  return new ImportControl();
}
