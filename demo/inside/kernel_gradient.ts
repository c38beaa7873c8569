import type { ConvGeometry } from "../../src/core/window_geometry.ts";
import type { Inspection, PlacedLayer } from "../../src/index.ts";
import { className } from "../classes.ts";
import { make, write } from "../dom.ts";
import { count, percent } from "../language.ts";
import { Strip } from "./grid.ts";
import { kernelAt, type Values } from "./maps.ts";
import { tell } from "./messages.ts";
import { Numbers } from "./numbers.ts";
import { magnitude, signed } from "./paint.ts";
import { Legend, number, showDigits, WIDEST_WITH_NUMBERS } from "./step.ts";

/** What a step may ask of the whole view. */
export interface Asking {
  /** Looks again, for another digit. */
  target(digit: number): void;
  /** Looks again: gradients of parameters are wanted now. */
  again(): void;
}

/** Which kernel is looked at. */
export interface ShownKernel {
  readonly placed: PlacedLayer;
  readonly geometry: ConvGeometry;
  readonly filter: number;
  /** Among those of the filter's group. */
  readonly channel: number;
  readonly caption: string;
}

/** Which way a step of training would move each weight of a kernel: the loss's gradient, beside the weights. */
export class KernelGradient {
  readonly element = make("details", { className: "kernel-gradient" });
  readonly #summary = make("summary");
  readonly #text = make("p", { className: "step-text" });
  readonly #digits: Strip;
  readonly #digitsLabel = make("p", { className: "caption" });
  readonly #loss = make("p", { className: "step-formula" });
  readonly #weights = new Numbers();
  readonly #gradient = new Numbers();
  readonly #legend = new Legend();
  readonly #note = make("p", { className: "note" });

  constructor(asking: Asking) {
    this.#digits = new Strip((digit) => asking.target(digit));
    this.#digits.element.classList.add("digits");
    this.#gradient.table.classList.add("moves");
    this.element.append(
      this.#summary,
      make(
        "div",
        { className: "kernel-gradient-body" },
        ...[this.#text, this.#digitsLabel, this.#digits.element, this.#loss],
        make(
          "div",
          { className: "step-body" },
          make("div", { className: "step-middle" }, this.#weights.caption, this.#weights.table),
          make("div", { className: "step-middle" }, this.#gradient.caption, this.#gradient.table, this.#legend.element),
        ),
        this.#note,
      ),
    );
    this.element.addEventListener("toggle", () => {
      if (this.open) asking.again();
    });
  }

  /** Whether somebody looks at gradients. */
  get open(): boolean {
    return this.element.open;
  }

  show(inspection: Inspection, kernel: ShownKernel): void {
    const text = tell();
    write(this.#summary, text.inMovesTitle);
    if (!this.open) return;
    const { placed, geometry, filter, channel, caption } = kernel;
    const { kernelHeight, kernelWidth } = geometry;
    const name = `${placed.name}/kernel`;
    const weights = inspection.parameters.get(name);
    const gradient = inspection.parameterGradients?.get(name);
    write(this.#text, text.inMovesText);
    write(this.#digitsLabel, text.inMovesDigit);
    showDigits(this.#digits, inspection, text.inMovesDigit);
    const share = inspection.probabilities.data[inspection.target] ?? 0;
    write(
      this.#loss,
      text.inLoss(className(inspection.target), percent(share, 1), number(-Math.log(Math.max(share, 1e-30)))),
    );
    for (const { table, caption: words } of [this.#weights, this.#gradient])
      table.hidden = words.hidden = gradient === undefined;
    this.#legend.element.hidden = gradient === undefined;
    write(this.#note, inspection.parameterGradients === undefined ? text.inBusy : text.inMovesNote);
    if (weights === undefined || gradient === undefined) return;
    const written = kernelWidth <= WIDEST_WITH_NUMBERS;
    const part = (values: Values) => kernelAt(geometry, values, filter, channel);
    const now = part(weights);
    const most = magnitude(weights.data);
    this.#weights.show(caption, kernelHeight, kernelWidth, (row, column) => {
      const weight = now[row * kernelWidth + column] ?? 0;
      return { color: signed(weight, most), text: written ? number(weight) : "" };
    });
    const slopes = part(gradient);
    const steepest = magnitude(slopes);
    const factor = readable(steepest);
    const heading = factor === 1 ? text.inMovesGradient : text.inMovesTimes(count(factor));
    this.#gradient.show(heading, kernelHeight, kernelWidth, (row, column) => {
      const slope = slopes[row * kernelWidth + column] ?? 0;
      const words = number(slope * factor);
      return { color: signed(slope, steepest), text: written ? `${words}\n${directionOf(slope * factor)}` : "" };
    });
    this.#legend.show(steepest * factor);
  }
}

/** The power of 1,000 that small numbers are written in, so that three digits after the point tell them. */
function readable(most: number): number {
  let factor = 1;
  while (most > 0 && most * factor < 0.1 && factor < 1e9) factor *= 1000;
  return factor;
}

/** Where gradient descent moves a weight: against its gradient; nowhere what reads as 0. */
function directionOf(slope: number): string {
  if (Math.abs(slope) < 0.0005) return "";
  return slope < 0 ? "\u2191" : "\u2193";
}
