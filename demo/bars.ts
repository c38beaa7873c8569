/** Bars of the classes' probabilities. */
import { className } from "./classes.ts";
import { make, write } from "./dom.ts";
import { percent } from "./language.ts";

interface Bar {
  readonly row: HTMLElement;
  readonly name: HTMLElement;
  readonly fill: HTMLElement;
  readonly value: HTMLElement;
}

export class Bars {
  readonly #bars: readonly Bar[];

  /** Fills `list` with a row for each of `classes`. */
  constructor(list: HTMLElement, classes: number) {
    this.#bars = Array.from({ length: classes }, (_, index) => makeBar(index));
    list.replaceChildren(...this.#bars.map((bar) => bar.row));
  }

  /** `winner`: the class that stands out; `probabilities` undefined: nothing has been read. */
  show(probabilities: Float32Array | undefined, winner?: number): void {
    this.#bars.forEach((bar, index) => {
      const probability = probabilities?.[index];
      write(bar.name, className(index));
      bar.row.classList.toggle("winner", index === winner);
      bar.fill.style.setProperty("--share", String(probability ?? 0));
      write(bar.value, probability === undefined ? "" : chance(probability));
    });
  }
}

/** Rounded to 100 % it would claim a certainty that no network has. */
export function chance(probability: number): string {
  return probability > 0.99 ? `>\u2009${percent(0.99)}` : percent(probability);
}

function makeBar(index: number): Bar {
  const fill = make("span", { className: "bar-fill" });
  const value = make("span", { className: "bar-value" });
  const name = make("span", { className: "bar-digit", text: String(index) });
  const row = make("li", {}, name, make("span", { className: "bar-track" }, fill), value);
  return { row, name, fill, value };
}
