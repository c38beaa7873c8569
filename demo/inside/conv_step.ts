import type { ConvGeometry } from "../../src/core/window_geometry.ts";
import { make, write } from "../dom.ts";
import { count, percent } from "../language.ts";
import { ChannelList } from "./channel_list.ts";
import { Choice } from "./choice.ts";
import { Grid, Strip } from "./grid.ts";
import { type Asking, KernelGradient } from "./kernel_gradient.ts";
import { type LayerLook, LayerStep } from "./layer_step.ts";
import type { Overlay } from "./live_maps.ts";
import {
  type Area,
  type Convolved,
  convolve,
  featureMap,
  type Place,
  type Product,
  placeOfLargest,
  type Values,
  valueAt,
  windowAt,
  windowOf,
  within,
} from "./maps.ts";
import { tell } from "./messages.ts";
import { Numbers } from "./numbers.ts";
import { magnitude, NOT_SHOWN, signed } from "./paint.ts";
import { Player } from "./player.ts";
import { receptiveField } from "./receptive_field.ts";
import { placesWithInk, SPEEDS, type Speed } from "./sliding.ts";
import {
  bracketed,
  clamp,
  colors,
  isColoured,
  Legend,
  number,
  overGrid,
  overStrip,
  showStrip,
  strongest,
  times,
  WIDEST_WITH_NUMBERS,
} from "./step.ts";
import { titleOf } from "./titles.ts";

const SPEED_NAMES = ["slow", "normal", "fast"] as const;

/** Which values of a layer are shown. */
const SIDES = ["linear", "output", "gradient"] as const;
type Side = (typeof SIDES)[number];

/** A convolution: the window on its input, the products, the sum, the map. */
export class ConvStep extends LayerStep {
  readonly #image = new Grid();
  readonly #input = new Grid((place) => this.point(this.#outputPlace(place)));
  readonly #output = new Grid((place) => this.point(place));
  readonly #strip = new Strip((filter) => {
    this.#channel = undefined;
    this.#onFilter(filter);
    this.choose(filter);
  });
  readonly #kernel = new Numbers();
  readonly #products = new Numbers();
  readonly #channels = new ChannelList((channel) => {
    this.#channel = channel;
    this.renderAgain();
  });
  readonly #zeros = make("p", { className: "note" });
  readonly #sides = new Choice(SIDES, (side) => {
    this.#side = side;
    this.renderAgain();
  });
  readonly #speeds = new Choice(SPEED_NAMES, (speed) => {
    this.#speed = speed;
    this.renderAgain();
  });
  readonly #legend = new Legend();
  /** The window, over all the places where it can stand. */
  readonly #slider = new Player({
    pause: () => SPEEDS[this.#speed],
    leaps: true,
    start: () => this.#startSliding(),
    step: (by) => this.#slide(by),
    onChange: () => this.renderAgain(),
  });
  #side: Side = "linear";
  /** The map of the layer before whose products are shown; undefined is the one that adds most. */
  #channel: number | undefined;
  /** While the window slides, values after this one are not computed yet. */
  #upTo: number | undefined;
  #speed: Speed = "normal";
  /** Where the window goes, and how far it is there. */
  #tour: readonly number[] = [];
  #reached = 0;
  readonly #onFilter: (filter: number) => void;
  readonly #gradient: KernelGradient;

  /** `onFilter` hears which of the maps is looked at. */
  constructor(index: number, asking: Asking, onFilter: (filter: number) => void) {
    super(index, "step-conv");
    this.#onFilter = onFilter;
    this.#gradient = new KernelGradient({
      ...asking,
      again: () => {
        this.renderAgain();
        asking.again();
      },
    });
    this.element.append(
      this.count,
      make(
        "div",
        { className: "step-body" },
        this.#input.element,
        make(
          "div",
          { className: "step-middle" },
          ...[this.#kernel.caption, this.#kernel.table, this.#products.caption, this.#products.table],
          this.#channels.element,
        ),
        make("div", { className: "step-result" }, this.#output.element, this.#legend.element),
        make("div", { className: "step-aside" }, this.#image.element),
      ),
      this.formula,
      make("div", { className: "step-tools" }, this.#slider.button, this.#speeds.element, this.#sides.element),
      this.#strip.element,
      this.#zeros,
      this.#gradient.element,
    );
  }

  wantsParameterGradients(): boolean {
    return this.#gradient.open;
  }

  override forget(): void {
    this.#stopSliding();
    super.forget();
  }

  protected override point(place: Place): void {
    this.#stopSliding();
    super.point(place);
  }

  overlays(): readonly Overlay[] {
    const layer = this.look?.layer.name;
    if (layer === undefined) return [];
    const drawing = { layer, values: this.#side };
    const grid = this.#upTo === undefined ? overGrid(this.#output, { ...drawing, channel: this.filter }) : [];
    return [...grid, ...overStrip(this.#strip, drawing)];
  }

  #geometry(): ConvGeometry | undefined {
    const g = this.look && windowOf(this.look.model, this.index);
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

  /** To the first place with ink under the window; says at how many it will stand. */
  #startSliding(): number {
    const g = this.#geometry();
    this.#tour = g && this.look ? placesWithInk(g, this.look.input) : [];
    this.#reached = 0;
    this.#standAt(g);
    return this.#tour.length;
  }

  #slide(by: number): boolean {
    this.#reached += by;
    const more = this.#reached < this.#tour.length;
    this.#standAt(more ? this.#geometry() : undefined);
    if (more) this.renderAgain();
    return more;
  }

  #standAt(g: ConvGeometry | undefined): void {
    this.#upTo = g && this.#tour[this.#reached];
    if (g && this.#upTo !== undefined)
      this.place = { row: Math.floor(this.#upTo / g.outWidth), column: this.#upTo % g.outWidth };
  }

  #stopSliding(): void {
    this.#upTo = undefined;
    this.#slider.stop();
  }

  protected render(look: LayerLook): void {
    const { model, inspection, placed, layer, input } = look;
    const g = this.#geometry();
    const kernel = inspection.parameters.get(`${placed.name}/kernel`);
    if (g === undefined || kernel === undefined) return;
    const text = tell();
    if (layer.linear === undefined && this.#side === "linear") this.#side = "output";
    const sides = { linear: layer.linear ?? layer.output, output: layer.output, gradient: layer.gradient };
    const shown = sides[this.#side];
    this.filter ??= strongest(layer.output);
    const { filter } = this;
    this.place ??= placeOfLargest(featureMap(sides.linear, filter));
    const { place } = this;
    const isImage = input === inspection.input;
    const isRgb = isImage && isColoured(input);
    const bias = inspection.parameters.get(`${placed.name}/bias`);
    const sum = convolve(g, input, kernel, bias, filter, place);
    const ranked = [...sum.channels].sort((a, b) => Math.abs(b.sum) - Math.abs(a.sum));
    const first = ranked.find(({ channel }) => channel === this.#channel) ?? ranked[0];
    if (first === undefined) return;

    const size = times(g.kernelHeight, g.kernelWidth);
    this.writeHead(
      titleOf(model, this.index),
      isImage
        ? (isRgb ? text.inColourConvText : text.inConvText)(size)
        : text.inConvMoreText(size, count(g.groupInChannels)),
      text.inMaps(
        count(g.outChannels),
        times(g.outHeight, g.outWidth, g.outChannels),
        count(g.outHeight * g.outWidth * g.outChannels),
      ),
    );

    const inputMap = featureMap(input, first.channel);
    const window = windowAt(g, place);
    this.#input.label(isImage ? text.inTheImage : text.inMapOf(count(first.channel + 1)));
    this.#input.paint(inputMap.rows, inputMap.columns, colors(input, inputMap, isImage));
    this.#input.place = middleOf(window);
    this.#input.mark("window", window);

    const kernelName = isRgb
      ? text.inKernelForColour(count(filter + 1), text.inColours[first.channel] ?? "")
      : isImage
        ? text.inKernelOf(count(filter + 1))
        : text.inKernelFor(count(filter + 1), count(first.channel + 1));
    const mostProduct = Math.max(...first.products.map(({ value, weight }) => Math.abs(value * weight)));
    const show = (table: Numbers, name: string, range: number, of: (product: Product) => number) =>
      table.show(name, g.kernelHeight, g.kernelWidth, (row, column) => {
        const product = first.products[row * g.kernelWidth + column];
        const value = product ? of(product) : 0;
        return { color: signed(value, range), text: g.kernelWidth <= WIDEST_WITH_NUMBERS ? number(value) : "" };
      });
    show(this.#kernel, kernelName, magnitude(kernel.data), ({ weight }) => weight);
    show(this.#products, text.inProducts(number(first.sum)), mostProduct, ({ value, weight }) => value * weight);
    this.#channels.element.hidden = isImage && !isRgb;
    const named = (channel: number) =>
      isRgb ? text.inColourSum(text.inColours[channel] ?? "") : text.inMapOf(count(channel + 1));
    if (!isImage || isRgb) this.#channels.show(isRgb ? sum.channels : ranked, first.channel, named);
    this.#gradient.show(inspection, {
      ...{ placed, geometry: g, filter, caption: kernelName },
      channel: first.channel - (sum.channels[0]?.channel ?? 0),
    });
    this.#showFormula(look, sum, valueAt(featureMap(layer.output, filter), place));

    this.#showOutput(shown, filter, place);
    this.#showReceptiveField(look, place, isImage);
    const names = { linear: text.inBeforeRelu, output: text.inAfterRelu, gradient: text.inGradient };
    this.#sides.show(text.inSides, this.#side, (side) => {
      if (layer.linear === undefined && side === "linear") return undefined;
      return layer.linear === undefined && side === "output" ? text.inOutput : names[side];
    });
    this.#slider.render(text.inSlide, text.inSlideStop);
    this.#speeds.show(text.inSpeed, this.#speed, (speed) => text.inSpeeds[speed]);
    showStrip(this.#strip, shown, filter);
    const zeros = layer.output.data.reduce((total, value) => total + Number(value === 0), 0);
    write(
      this.#zeros,
      layer.linear === undefined ? "" : text.inZeros(percent(zeros / Math.max(1, layer.output.data.length))),
    );
  }

  #showOutput(shown: Values, filter: number, place: Place): void {
    const map = featureMap(shown, filter);
    const range = magnitude(shown.data);
    this.#output.label(tell().inMap(count(filter + 1)));
    this.#output.paint(map.rows, map.columns, (index) =>
      this.#upTo !== undefined && index > this.#upTo ? NOT_SHOWN : signed(map.values[index] ?? 0, range),
    );
    this.#output.cursor = place;
    this.#legend.show(range);
  }

  /** What of the picture the value at this place can see, where that is not the window itself. */
  #showReceptiveField({ model, inspection }: LayerLook, place: Place, isImage: boolean): void {
    const area = isImage ? undefined : receptiveField(model, this.index, place);
    this.#image.element.hidden = area === undefined;
    if (area === undefined) return;
    const pixels = featureMap(inspection.input, 0);
    const reaches = within(area, pixels);
    this.#image.label(tell().inReceptive(times(reaches.rows, reaches.columns)));
    this.#image.paint(pixels.rows, pixels.columns, colors(inspection.input, pixels, true));
    this.#image.mark("window", reaches);
  }

  #showFormula({ placed, inspection, input }: LayerLook, { channels, bias, total }: Convolved, after: number): void {
    const text = tell();
    const { activation } = placed.layer;
    const products = channels[0]?.products ?? [];
    // As many products as a person reads.
    const written = input === inspection.input && channels.length === 1 && products.length <= 9;
    const left = written
      ? products.map(({ value, weight }) => `${number(value)}·${bracketed(weight)}`).join(" + ")
      : text.inSumOf(
          count(channels.reduce((length, { products: list }) => length + list.length, 0)),
          number(total - bias),
        );
    const sum = `${left} + ${text.inBias} ${bracketed(bias)} = ${number(total)}`;
    const name = activation === "relu" ? "ReLU" : activation;
    write(this.formula, activation === "linear" ? sum : `${sum}   →   ${name}   →   ${number(after)}`);
  }
}

function middleOf({ row, column, rows, columns }: Area): Place {
  return { row: row + Math.floor(rows / 2), column: column + Math.floor(columns / 2) };
}
