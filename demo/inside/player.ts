import { make, write } from "../dom.ts";

interface PlayerOptions {
  /** Between two steps, in milliseconds, as of now. */
  pause(): number;
  /** Whether it leaves steps out where drawing them takes longer than that. */
  readonly leaps: boolean;
  /** Goes to the beginning and says how many steps there are. */
  start(): number;
  /** Moves on by so many and says whether there is more. */
  step(by: number): boolean;
  /** It began, or came to its end. */
  onChange(): void;
}

/** Where motion is not wanted it goes its way by a picture a second, and in no more pictures than these. */
const STILL_PAUSE = 1000;
const STILL_PICTURES = 12;
/** A screen shows no more than this many milliseconds make. */
const LEAST_TICK = 16;

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
    const { pause, leaps, start, step, onChange } = this.#options;
    const length = start();
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    let since = performance.now();
    const due = () => {
      if (still) return Math.ceil(length / STILL_PICTURES);
      const steps = Math.floor((performance.now() - since) / pause());
      since += steps * pause();
      return leaps ? steps : Math.min(steps, 1);
    };
    this.#timer = window.setInterval(
      () => {
        const by = due();
        // A view that is not shown has no size.
        if (by > 0 && (this.button.offsetParent === null || !step(by))) this.stop();
      },
      still ? STILL_PAUSE : Math.max(LEAST_TICK, Math.min(pause(), 2 * LEAST_TICK)),
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
