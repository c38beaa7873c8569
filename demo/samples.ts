/** A row of held-out digits with what the network reads in each. */

import { sample } from "../src/data/subset.ts";
import type { Dataset } from "../src/index.ts";
import { className, hasLongNames } from "./classes.ts";
import { find, make, write } from "./dom.ts";
import { paintInk } from "./ink.ts";
import { count, say } from "./language.ts";
import { largestOf } from "./largest.ts";

const COUNT = 20;
const SIDE = 28;

interface Cell {
  readonly item: HTMLElement;
  readonly canvas: HTMLCanvasElement;
  readonly read: HTMLElement;
  readonly label: number;
}

export class Samples {
  readonly #predict: (pixels: Float32Array) => Promise<Float32Array | undefined>;
  readonly #list = find("samples", HTMLElement);
  readonly #note = find("samples-note", HTMLElement);
  #cells: readonly Cell[] = [];
  #pixels: Float32Array | undefined;
  #answers: readonly number[] | undefined;
  #asking = false;
  /** How often the answers were forgotten: what was asked before that tells of another network. */
  #forgotten = 0;

  constructor(predict: (pixels: Float32Array) => Promise<Float32Array | undefined>) {
    this.#predict = predict;
  }

  /** Shows the first digits of a data set. */
  show(heldOut: Dataset): void {
    const digits = Array.from({ length: Math.min(COUNT, heldOut.count) }, (_, index) => sample(heldOut, index));
    this.#pixels = new Float32Array(digits.length * SIDE * SIDE);
    digits.forEach(({ image }, index) => {
      this.#pixels?.set(image, index * SIDE * SIDE);
    });
    this.#cells = digits.map(({ image, label }) => makeCell(image, label));
    this.#answers = undefined;
    this.#list.replaceChildren(...this.#cells.map((cell) => cell.item));
    this.render();
  }

  /** The network gave way to another one: its answers are nobody's now. */
  forget(): void {
    this.#forgotten++;
    if (this.#answers === undefined) return;
    this.#answers = undefined;
    this.render();
  }

  /** Asks the network again. */
  async refresh(): Promise<void> {
    if (this.#asking || this.#pixels === undefined) return;
    this.#asking = true;
    const forgotten = this.#forgotten;
    try {
      const probabilities = await this.#predict(this.#pixels);
      if (probabilities && forgotten === this.#forgotten)
        this.#answers = this.#cells.map((_, index) => largestOf(probabilities.subarray(index * 10, index * 10 + 10)));
      this.render();
    } catch {
      // The session's own calls meet the same failure and tell the visitor.
    } finally {
      this.#asking = false;
    }
    if (forgotten !== this.#forgotten) await this.refresh();
  }

  render(): void {
    const text = say();
    this.#list.classList.toggle("named", hasLongNames());
    let right = 0;
    this.#cells.forEach(({ item, canvas, read, label }, index) => {
      const answer = this.#answers?.[index];
      const wrong = answer !== undefined && answer !== label;
      if (answer === label) right++;
      item.classList.toggle("wrong", wrong);
      write(read, answer === undefined ? "" : className(answer));
      canvas.ariaLabel = wrong
        ? text.sampleWrong(className(label), className(answer))
        : text.sampleRight(className(label));
    });
    write(this.#note, this.#answers === undefined ? "" : text.samplesNote(count(right), count(this.#cells.length)));
  }
}

function makeCell(image: Float32Array, label: number): Cell {
  const canvas = make("canvas");
  canvas.setAttribute("role", "img");
  paintInk(canvas, image);
  const read = make("span", { className: "sample-read" });
  read.ariaHidden = "true";
  return { item: make("li", {}, canvas, read), canvas, read, label };
}
