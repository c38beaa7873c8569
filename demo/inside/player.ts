import { make, write } from "../dom.ts";

interface PlayerOptions {
  /** Between two steps, in milliseconds; where motion is not wanted it still goes its way, but a step a second. */
  readonly pause: number;
  /** Goes to the beginning. */
  start(): void;
  /** Moves on by one and says whether there is more. */
  step(): boolean;
  /** It began, or came to its end. */
  onChange(): void;
}

/** A button that moves something on, step by step, until it is pressed again. */
export class Player {
  readonly button = make("button");
  readonly #options: PlayerOptions;
  #timer = 0;

  constructor(options: PlayerOptions) {
    this.#options = options;
    this.button.type = "button";
    this.button.addEventListener("click", () => {
      if (this.#timer === 0) this.#start();
      else this.stop();
    });
  }

  #start(): void {
    const { pause, start, step, onChange } = this.#options;
    start();
    this.#timer = window.setInterval(
      () => {
        // A view that is not shown has no size.
        if (this.button.offsetParent === null || !step()) this.stop();
      },
      matchMedia("(prefers-reduced-motion: reduce)").matches ? 1000 : pause,
    );
    onChange();
  }

  stop(): void {
    if (this.#timer === 0) return;
    clearInterval(this.#timer);
    this.#timer = 0;
    this.#options.onChange();
  }

  /** Writes what pressing it would do. */
  render(start: string, stop: string): void {
    write(this.button, this.#timer === 0 ? start : stop);
  }
}
