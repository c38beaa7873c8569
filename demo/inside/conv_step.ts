import type { ConvGeometry } from "../../src/core/window_geometry.ts";
import { announce, make, write } from "../dom.ts";
import { count, percent } from "../language.ts";
import { Grid, Strip } from "./grid.ts";
import type { Overlay } from "./live_maps.ts";
import {
  type Area,
  type Convolved,
  convolve,
  featureMap,
  inputOf,
  type Place,
  type Product,
  placeOfLargest,
  valueAt,
  windowAt,
  windowOf,
} from "./maps.ts";
import { tell } from "./messages.ts";
import { magnitude, NOT_SHOWN, signed } from "./paint.ts";
import { receptiveField } from "./receptive_field.ts";
import {
  bracketed,
  clamp,
  colors,
  Legend,
  type Look,
  number,
  overGrid,
  overStrip,
  type Step,
  section,
  showNumbers,
  showStrip,
  strongest,
  times,
} from "./step.ts";
import { titleOf } from "./titles.ts";

/** Columns of the widest kernel whose numbers are written. */
const WIDEST_WITH_NUMBERS = 5;

/** Which values of a layer are shown. */
const SIDES = ["linear", "output", "gradient"] as const;
type Side = (typeof SIDES)[number];

/** The places where a window layer's window can stand, one after the other. */
class Slider {
  readonly button = make("button");
  #timer = 0;
  readonly #step: () => boolean;

  /** `step` moves on by one place and says whether there is another. */
  constructor(start: () => void, step: () => boolean) {
    this.#step = step;
    this.button.type = "button";
    this.button.addEventListener("click", () => {
      if (this.running) this.stop();
      else {
        start();
        // Where motion is not wanted, the window still goes its way, but a step a second.
        const pause = matchMedia("(prefers-reduced-motion: reduce)").matches ? 1000 : 24;
        this.#timer = window.setInterval(() => {
          // A view that is not shown has no size.
          if (this.button.offsetParent === null || !this.#step()) this.stop();
        }, pause);
        this.render();
      }
    });
  }

  get running(): boolean {
    return this.#timer !== 0;
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = 0;
    this.render();
  }

  render(): void {
    write(this.button, this.running ? tell().inSlideStop : tell().inSlide);
  }
}

/** A convolution: the window on its input, the products, the sum, the map. */
export class ConvStep implements Step {
  readonly element: HTMLElement;
  readonly #index: number;
  readonly #parts = section("step-conv");
  readonly #image = new Grid();
  readonly #input: Grid;
  readonly #output: Grid;
  readonly #strip: Strip;
  readonly #count = make("p", { className: "step-count" });
  readonly #kernel = make("table", { className: "numbers" });
  readonly #kernelCaption = make("p", { className: "caption" });
  readonly #products = make("table", { className: "numbers" });
  readonly #productsCaption = make("p", { className: "caption" });
  readonly #channels = make("ol", { className: "channels" });
  readonly #formula = make("p", { className: "step-formula" });
  readonly #zeros = make("p", { className: "note" });
  readonly #sides = make("div", { className: "switch sides" });
  readonly #legend = new Legend();
  readonly #slider: Slider;
  #side: Side = "linear";
  #filter: number | undefined;
  /** The map of the layer before whose products are shown; undefined is the one that adds most. */
  #channel: number | undefined;
  #place: Place | undefined;
  /** While the window slides, values after this one are not computed yet. */
  #upTo: number | undefined;
  #look: Look | undefined;
  readonly #onFilter: (filter: number) => void;

  /** `onFilter` hears which of the maps is looked at. */
  constructor(index: number, onFilter: (filter: number) => void) {
    this.#index = index;
    this.#onFilter = onFilter;
    this.element = this.#parts.element;
    const point = (place: Place) => {
      this.#slider.stop();
      this.#upTo = undefined;
      this.#place = place;
      this.#render();
      announce(this.#formula.textContent ?? "");
    };
    this.#input = new Grid((place) => point(this.#outputPlace(place)));
    this.#output = new Grid(point);
    this.#strip = new Strip((filter) => {
      this.#filter = filter;
      this.#channel = undefined;
      this.#onFilter(filter);
      this.#render();
    });
    this.#slider = new Slider(
      () => {
        this.#upTo = 0;
      },
      () => this.#slide(),
    );
    this.#sides.setAttribute("role", "group");
    this.#sides.append(
      ...SIDES.map((side) => {
        const button = make("button");
        button.type = "button";
        button.addEventListener("click", () => {
          this.#side = side;
          this.#render();
        });
        return button;
      }),
    );
    this.element.append(
      this.#count,
      make(
        "div",
        { className: "step-body" },
        this.#input.element,
        make(
          "div",
          { className: "step-middle" },
          ...[this.#kernelCaption, this.#kernel, this.#productsCaption, this.#products, this.#channels],
        ),
        make("div", { className: "step-result" }, this.#output.element, this.#legend.element),
        make("div", { className: "step-aside" }, this.#image.element),
      ),
      this.#formula,
      make("div", { className: "step-tools" }, this.#slider.button, this.#sides),
      this.#strip.element,
      this.#zeros,
    );
  }

  forget(): void {
    this.#place = undefined;
    this.#upTo = undefined;
    this.#slider.stop();
  }

  show(look: Look): void {
    this.#look = look;
    this.#render();
  }

  overlays(): readonly Overlay[] {
    const layer = this.#look?.model.layers[this.#index]?.name;
    if (layer === undefined) return [];
    const drawing = { layer, values: this.#side };
    const grid = this.#upTo === undefined ? overGrid(this.#output, { ...drawing, channel: this.#filter }) : [];
    return [...grid, ...overStrip(this.#strip, drawing)];
  }

  #geometry(): ConvGeometry | undefined {
    const g = this.#look && windowOf(this.#look.model, this.#index);
    return g && "outChannels" in g ? g : undefined;
  }

  /** The output whose window has this place of the input in its middle. */
  #outputPlace({ row, column }: Place): Place {
    const g = this.#geometry();
    if (g === undefined) return { row, column };
    const middle = (extent: number, dilation: number) => Math.floor((extent - 1) / 2) * dilation;
    return {
      row: clamp(
        Math.round((row + g.padTop - middle(g.kernelHeight, g.dilationHeight)) / g.strideHeight),
        g.outHeight - 1,
      ),
      column: clamp(
        Math.round((column + g.padLeft - middle(g.kernelWidth, g.dilationWidth)) / g.strideWidth),
        g.outWidth - 1,
      ),
    };
  }

  #slide(): boolean {
    const g = this.#geometry();
    if (g === undefined || this.#upTo === undefined) return false;
    const next = this.#upTo + 1;
    if (next >= g.outHeight * g.outWidth) {
      this.#upTo = undefined;
      this.#render();
      return false;
    }
    this.#upTo = next;
    this.#place = { row: Math.floor(next / g.outWidth), column: next % g.outWidth };
    this.#render();
    return true;
  }

  #render(): void {
    const look = this.#look;
    const g = this.#geometry();
    const layer = look?.inspection.layers[this.#index];
    const placed = look?.model.layers[this.#index];
    if (look === undefined || g === undefined || layer === undefined || placed === undefined) return;
    const text = tell();
    const { model, inspection } = look;
    const sides = { linear: layer.linear ?? layer.output, output: layer.output, gradient: layer.gradient };
    const shown = sides[this.#side];
    this.#filter ??= strongest(layer.output);
    const filter = this.#filter;
    const map = featureMap(shown, filter);
    const linear = featureMap(sides.linear, filter);
    this.#place ??= placeOfLargest(linear);
    const place = this.#place;
    const input = inputOf(model, inspection, this.#index);
    const isImage = input === inspection.input;
    const kernel = inspection.parameters.get(`${placed.name}/kernel`);
    if (kernel === undefined) return;
    const bias = inspection.parameters.get(`${placed.name}/bias`);
    const sum = convolve(g, input, kernel, bias, filter, place);
    const ranked = [...sum.channels].sort((a, b) => Math.abs(b.sum) - Math.abs(a.sum));
    const first = ranked.find(({ channel }) => channel === this.#channel) ?? ranked[0];
    if (first === undefined) return;
    const inputMap = featureMap(input, first.channel);
    const window = windowAt(g, place);

    write(this.#parts.title, titleOf(look.model, this.#index));
    write(
      this.#parts.text,
      isImage
        ? text.inConvText(times(g.kernelHeight, g.kernelWidth))
        : text.inConvMoreText(times(g.kernelHeight, g.kernelWidth), count(g.groupInChannels)),
    );
    write(
      this.#count,
      text.inMaps(
        count(g.outChannels),
        times(g.outHeight, g.outWidth, g.outChannels),
        count(g.outHeight * g.outWidth * g.outChannels),
      ),
    );

    const inputName = isImage ? text.inTheImage : text.inMapOf(count(first.channel + 1));
    this.#input.label(inputName, `${inputName}. ${text.inArrows}`);
    this.#input.paint(inputMap.rows, inputMap.columns, colors(input, inputMap, isImage));
    this.#input.place = middleOf(window);
    this.#input.mark("window", window);

    const most = magnitude(kernel.data);
    const kernelName = isImage
      ? text.inKernelOf(count(filter + 1))
      : text.inKernelFor(count(filter + 1), count(first.channel + 1));
    const productsName = text.inProducts(number(first.sum));
    const mostProduct = Math.max(...first.products.map(({ value, weight }) => Math.abs(value * weight)));
    const show = (table: HTMLTableElement, name: string, range: number, of: (product: Product) => number) => {
      table.ariaLabel = name;
      showNumbers(table, g.kernelHeight, g.kernelWidth, (row, column) => {
        const product = first.products[row * g.kernelWidth + column];
        const value = product ? of(product) : 0;
        // Larger kernels are a picture; their numbers would not be readable.
        return { color: signed(value, range), text: g.kernelWidth <= WIDEST_WITH_NUMBERS ? number(value) : "" };
      });
    };
    write(this.#kernelCaption, kernelName);
    show(this.#kernel, kernelName, most, ({ weight }) => weight);
    write(this.#productsCaption, productsName);
    show(this.#products, productsName, mostProduct, ({ value, weight }) => value * weight);
    this.#showChannels(ranked, first.channel, isImage);
    const { activation } = placed.layer;
    const after = valueAt(featureMap(layer.output, filter), place);
    this.#showFormula(sum, isImage, activation === "linear" ? undefined : { name: activation, value: after });

    const name = text.inMap(count(filter + 1));
    this.#output.label(name, `${name}. ${text.inArrows}`);
    const range = magnitude(shown.data);
    this.#output.paint(map.rows, map.columns, (index) =>
      this.#upTo !== undefined && index > this.#upTo ? NOT_SHOWN : signed(map.values[index] ?? 0, range),
    );
    this.#output.place = place;
    this.#output.mark("cursor", { ...place, rows: 1, columns: 1 });
    this.#legend.show(range);

    const reaches = isImage ? undefined : receptiveField(model, this.#index, place);
    this.#image.element.hidden = reaches === undefined;
    if (reaches) {
      const pixels = featureMap(inspection.input, 0);
      this.#image.label(text.inReceptive(times(reaches.rows, reaches.columns)));
      this.#image.paint(pixels.rows, pixels.columns, colors(inspection.input, pixels, true));
      this.#image.mark("window", reaches);
    }

    this.#showTools(layer.linear !== undefined);
    showStrip(this.#strip, shown, filter);
    const zeros = layer.output.data.reduce((total, value) => total + Number(value === 0), 0);
    write(
      this.#zeros,
      layer.linear === undefined ? "" : text.inZeros(percent(zeros / Math.max(1, layer.output.data.length))),
    );
  }

  #showTools(activated: boolean): void {
    const text = tell();
    const names = { linear: text.inBeforeRelu, output: text.inAfterRelu, gradient: text.inGradient };
    this.#sides.ariaLabel = text.inSides;
    if (!activated && this.#side === "linear") this.#side = "output";
    SIDES.forEach((side, index) => {
      const button = this.#sides.children[index];
      if (!(button instanceof HTMLButtonElement)) return;
      button.hidden = !activated && side === "linear";
      write(button, activated || side === "gradient" ? names[side] : text.inOutput);
      button.ariaPressed = String(side === this.#side);
    });
    this.#slider.render();
  }

  /** The channels that add most, where a filter sees many; each can be looked at. */
  #showChannels(ranked: Convolved["channels"], shown: number, isImage: boolean): void {
    this.#channels.hidden = isImage;
    if (isImage) return;
    const text = tell();
    const listed = Math.min(5, ranked.length);
    const others = ranked.slice(listed).reduce((total, { sum }) => total + sum, 0);
    const length = listed + Number(ranked.length > listed);
    if (this.#channels.childElementCount !== length) {
      this.#channels.replaceChildren(
        ...Array.from({ length }, (_, index) => {
          const words = [make("span"), make("span")];
          if (index >= listed) return make("li", {}, ...words);
          const button = make("button", {}, ...words);
          button.type = "button";
          button.addEventListener("click", () => {
            this.#channel = Number(button.dataset["channel"]);
            this.#render();
          });
          return make("li", {}, button);
        }),
      );
    }
    Array.from(this.#channels.children).forEach((item, index) => {
      const summand = ranked[index];
      const button = item.firstElementChild;
      const isListed = index < listed && summand !== undefined && button instanceof HTMLButtonElement;
      if (isListed) {
        button.dataset["channel"] = String(summand.channel);
        button.ariaPressed = String(summand.channel === shown);
      }
      const [name, sum] = (isListed ? button : item).children;
      const words = isListed
        ? text.inMapOf(count(summand.channel + 1))
        : text.inOtherMaps(count(ranked.length - listed));
      if (name instanceof HTMLElement) write(name, words);
      if (sum instanceof HTMLElement) write(sum, number(isListed ? summand.sum : others));
    });
  }

  #showFormula(
    { channels, bias, total }: Convolved,
    isImage: boolean,
    activation: { name: string; value: number } | undefined,
  ): void {
    const text = tell();
    const products = channels[0]?.products ?? [];
    // As many products as a person reads.
    const written = isImage && products.length <= 9;
    const left = written
      ? products.map(({ value, weight }) => `${number(value)}·${bracketed(weight)}`).join(" + ")
      : text.inSumOf(
          count(channels.reduce((length, { products: list }) => length + list.length, 0)),
          number(total - bias),
        );
    const sum = `${left} + ${text.inBias} ${bracketed(bias)} = ${number(total)}`;
    const name = activation?.name === "relu" ? "ReLU" : activation?.name;
    const line = activation ? `${sum}   →   ${name}   →   ${number(activation.value)}` : sum;
    write(this.#formula, line);
  }
}

function middleOf({ row, column, rows, columns }: Area): Place {
  return { row: row + Math.floor(rows / 2), column: column + Math.floor(columns / 2) };
}
