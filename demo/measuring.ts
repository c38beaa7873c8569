/** What held-out digits say of a network: how well it reads, how sure it may be, and whether its training learns at all. */
import type { Dataset } from "../src/data/dataset.ts";
import { sample } from "../src/data/subset.ts";
import type { Evaluation, Trainer } from "../src/train/types.ts";
import { CLASSES } from "./digits.ts";
import { fitTemperature } from "./temperature.ts";
import { type Ailment, areSame, Health, onlyAnswer } from "./train/ailments.ts";
import type { Check } from "./train/stopping.ts";

/** To see whether the network looks at its pictures at all. */
const PICTURES_TO_COMPARE = 10;

/** What a measurement found, on so many pictures. */
export interface Reading {
  readonly loss: number;
  readonly accuracy: number;
  readonly count: number;
}

export class Measuring {
  /** What scores are divided by for probabilities that held-out digits bear out (temperature.ts). */
  temperature = 1;
  /** What the last measurement counted. */
  #confusion: Evaluation["confusion"] = [];
  #health = new Health();

  /** From here on another training is followed. */
  begin(): void {
    this.#health = new Health();
  }

  /** How well the network reads a set; undefined where other weights took the place of those at hand meanwhile. */
  async measure(
    trainer: Trainer,
    set: Dataset,
    { signal, isCurrent }: { signal: AbortSignal | undefined; isCurrent: () => boolean },
  ): Promise<Reading | undefined> {
    const evaluation = await trainer.evaluate(set, { outputs: true, ...(signal ? { signal } : {}) });
    const { loss, accuracy = Number.NaN, confusion, outputs } = evaluation;
    if (!isCurrent()) return undefined;
    if (outputs) this.temperature = fitTemperature(outputs, set.labels);
    this.#confusion = confusion;
    return { loss, accuracy, count: set.count };
  }

  /** What ails the training after this check, made at this step, on these digits. */
  async ailment(trainer: Trainer, check: Check, step: number, heldOut: Dataset): Promise<Ailment | undefined> {
    if (this.#confusion.length === 0) return undefined;
    const sameShares = onlyAnswer(this.#confusion) !== undefined && (await sharesAreSame(trainer, heldOut));
    return this.#health.take({ ...check, step, confusion: this.#confusion, sameShares });
  }
}

/** Whether the network gives pictures that differ the same probabilities. */
async function sharesAreSame(trainer: Trainer, heldOut: Dataset): Promise<boolean> {
  const count = Math.min(PICTURES_TO_COMPARE, heldOut.count);
  const pictures = Array.from({ length: count }, (_, index) => sample(heldOut, index).image);
  const { data } = await trainer.predict(Float32Array.from(pictures.flatMap((image) => [...image])));
  return areSame(data, CLASSES);
}
