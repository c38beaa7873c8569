import { make, write } from "../dom.ts";
import { count } from "../language.ts";
import type { KernelMemory } from "./kernel_memory.ts";
import { featureMap, histogram, type Values } from "./maps.ts";
import { tell } from "./messages.ts";
import { css, grey, magnitude, NOT_SHOWN, paint, signed } from "./paint.ts";
import { Player } from "./player.ts";
import { number, section } from "./step.ts";

/** Bars of the histogram; odd, so that one of them is around 0. */
const BINS = 31;

/** The first convolution's kernels over the training, from noise to edges. */
export class KernelsStep {
  readonly element: HTMLElement;
  readonly #parts = section("step-kernels");
  readonly #slider = make("input");
  readonly #label = make("label", { className: "step-count" });
  readonly #spread = make("p", { className: "note" });
  readonly #kernels = make("div", { className: "kernels-strip" });
  readonly #histogram = make("canvas", { className: "histogram" });
  readonly #histogramNote = make("p", { className: "note" });
  readonly #player = new Player({
    pause: () => 200,
    leaps: false,
    start: () => {
      this.#chosen = this.#memory.moments[0]?.step;
      return this.#memory.moments.length;
    },
    step: (by) => this.#step(by),
    onChange: () => this.render(),
  });
  readonly #memory: KernelMemory;
  /** The step whose kernels are shown; undefined follows the training. */
  #chosen: number | undefined;

  constructor(memory: KernelMemory) {
    this.#memory = memory;
    this.element = this.#parts.element;
    this.#slider.type = "range";
    this.#slider.min = "0";
    this.#slider.id = "kernel-moment";
    this.#label.htmlFor = this.#slider.id;
    this.#histogram.setAttribute("role", "img");
    this.#slider.addEventListener("input", () => {
      // Before anything is drawn, which puts the slider where the moment is.
      const index = Number(this.#slider.value);
      const { moments } = this.#memory;
      this.#player.stop();
      this.#chosen = index === moments.length - 1 ? undefined : moments[index]?.step;
      this.render();
    });
    this.element.append(
      make("div", { className: "moment" }, this.#label, this.#slider, this.#player.button),
      this.#kernels,
      make("div", { className: "spread" }, this.#histogram, make("div", {}, this.#histogramNote, this.#spread)),
    );
  }

  /** To a later moment; the last one follows the training again. */
  #step(by: number): boolean {
    const { moments } = this.#memory;
    const last = moments.length - 1;
    const next = moments.findIndex(({ step }) => step === this.#chosen) + by;
    this.#chosen = next < last ? moments[next]?.step : undefined;
    if (next < last) this.render();
    return next < last;
  }

  render(): void {
    const text = tell();
    write(this.#parts.title, text.inKernelsTitle);
    write(this.#parts.text, text.inKernelsText);
    const { moments } = this.#memory;
    const last = moments.length - 1;
    // A step that is forgotten follows the training again.
    const chosen = moments.findIndex(({ step }) => step === this.#chosen);
    if (chosen < 0) this.#chosen = undefined;
    const index = chosen < 0 ? last : chosen;
    const moment = moments[index];
    this.element.hidden = moment === undefined;
    if (moment === undefined) return;
    this.#slider.max = String(last);
    this.#slider.value = String(index);
    this.#slider.disabled = this.#player.button.disabled = last < 1;
    this.#player.render(text.inKernelsPlay, text.inKernelsStop);
    const name = moment.step === 0 ? text.inKernelsStart : text.inKernelsStep(count(moment.step));
    this.#slider.ariaLabel = text.inKernelsSlider;
    this.#slider.setAttribute("aria-valuetext", name);
    write(this.#label, last < 1 ? `${name}. ${text.inKernelsNone}` : name);
    const { data } = moment.kernel;
    const [rows = 1, columns = 1, channels = 1, filters = 1] = moment.kernel.shape;
    // One range for all moments, so that growing weights look like growing ones.
    const most = Math.max(...moments.map(({ kernel }) => magnitude(kernel.data)));
    if (this.#kernels.childElementCount !== filters) {
      this.#kernels.replaceChildren(...Array.from({ length: filters }, () => make("canvas")));
      for (const canvas of this.#kernels.children) canvas.setAttribute("role", "img");
    }
    // [kh, kw, in, out]: the first input channel's part.
    const flat: Values = { shape: [rows, columns, channels * filters], data: moment.kernel.data };
    Array.from(this.#kernels.children).forEach((canvas, filter) => {
      if (!(canvas instanceof HTMLCanvasElement)) return;
      const map = featureMap(flat, filter);
      canvas.ariaLabel = text.inKernelOf(count(filter + 1));
      // Of three colours the kernel is a picture itself, with the weight 0 grey.
      const weight = (place: number, channel: number) => data[(place * channels + channel) * filters + filter] ?? 0;
      const level = (place: number, channel: number) => grey(0.5 + weight(place, channel) / (2 * most))[0];
      paint(canvas, rows, columns, (place) =>
        channels === 3 ? [level(place, 0), level(place, 1), level(place, 2)] : signed(map.values[place] ?? 0, most),
      );
    });
    const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
    const variance = data.reduce((sum, value) => sum + (value - mean) ** 2, 0) / data.length;
    write(this.#spread, text.inKernelsSpread(number(mean), number(Math.sqrt(variance))));
    write(this.#histogramNote, text.inKernelsHistogram(count(channels * filters)));
    this.#histogram.ariaLabel = `${text.inKernelsHistogram(count(channels * filters))}: ${this.#spread.textContent}`;
    paintHistogram(this.#histogram, histogram(data, most, BINS));
  }
}

/** Bars from −most to most in the colours of their values, the tallest as high as the canvas. */
function paintHistogram(canvas: HTMLCanvasElement, bins: readonly number[]): void {
  const [barWidth, height] = [8, 96];
  canvas.width = bins.length * barWidth;
  canvas.height = height;
  const context = canvas.getContext("2d");
  if (context === null) return;
  const tallest = Math.max(1, ...bins);
  const middle = (bins.length - 1) / 2;
  bins.forEach((many, index) => {
    const bar = Math.round((height * many) / tallest);
    // Never white: the bar at 0 is to be seen.
    const share = (index - middle) / middle;
    context.fillStyle = index === middle ? css(NOT_SHOWN) : css(signed(share + 0.25 * Math.sign(share), 1.25));
    context.fillRect(index * barWidth, height - bar, barWidth - 1, bar);
  });
}
