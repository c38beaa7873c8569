/** The data set at hand: what is trained on, what is held out, and what of that is read between two epochs' ends. */
import type { Dataset } from "../src/data/dataset.ts";
import { type Digits, quickSet } from "./digits.ts";

export class Pictures {
  #digits: Digits | undefined;
  #quick: Dataset | undefined;

  get digits(): Digits | undefined {
    return this.#digits;
  }

  /** The held-out ones that are always measured on, so that losses compare. */
  get quick(): Dataset | undefined {
    return this.#quick;
  }

  /** Takes other ones; gives the sets of before that nothing here uses any more. */
  take(digits: Digits): Dataset[] {
    const before = this.#sets;
    this.#digits = digits;
    this.#quick = quickSet(digits);
    const used = this.#sets;
    return before.filter((set) => !used.includes(set));
  }

  get #sets(): Dataset[] {
    const { train, heldOut } = this.#digits ?? {};
    return [...new Set([train, heldOut, this.#quick])].filter((set) => set !== undefined);
  }
}
