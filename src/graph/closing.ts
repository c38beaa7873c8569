/** Tells listeners when something can no longer be used, and why. */
export class Closing {
  #error: Error | undefined;
  readonly #listeners = new Set<(error: Error) => void>();
  readonly #openedListeners = new Set<() => void>();

  /** Why it can no longer be used; undefined while it can. */
  get error(): Error | undefined {
    return this.#error;
  }

  /** From now on it cannot be used; the first reason stays. */
  close(error: Error): void {
    if (this.#error) return;
    this.#error = error;
    for (const listener of this.#listeners) listener(error);
  }

  /** From now on it can be used again. */
  open(): void {
    this.#error = undefined;
    for (const listener of this.#openedListeners) listener();
  }

  /** Calls `listener` each time it can be used again; the function that comes back takes the listener away. */
  onOpened(listener: () => void): () => void {
    this.#openedListeners.add(listener);
    return () => this.#openedListeners.delete(listener);
  }

  /** Calls `listener` each time it closes, and at once where it has; the function that comes back takes the listener away. */
  onClosed(listener: (error: Error) => void): () => void {
    this.#listeners.add(listener);
    if (this.#error) listener(this.#error);
    return () => this.#listeners.delete(listener);
  }
}
