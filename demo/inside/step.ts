/** What the steps of the walk have in common. */
import type { Inspection, Model } from "../../src/index.ts";
import { className } from "../classes.ts";
import { make, write } from "../dom.ts";
import { count, decimal } from "../language.ts";
import type { Grid, Strip } from "./grid.ts";
import { isOnScreen, type Overlay } from "./live_maps.ts";
import { channelsOf, type FeatureMap, featureMap, type Values } from "./maps.ts";
import { tell } from "./messages.ts";
import { grey, magnitude, paint, type Rgb, signed } from "./paint.ts";

/** What all steps look at. */
export interface Look {
  readonly model: Model;
  readonly inspection: Inspection;
}

export interface Step {
  readonly element: HTMLElement;
  show(look: Look): void;
  /** Pictures that can move with the training; those that show what is no layer's value stand still. */
  overlays?(): readonly Overlay[];
  /** Another drawing: where the cursor stood means nothing now. */
  forget?(): void;
  /** Whether it shows gradients of parameters at present; they cost a program of their own. */
  wantsParameterGradients?(): boolean;
}

/** Columns of the widest kernel whose numbers are written; larger ones are a picture. */
export const WIDEST_WITH_NUMBERS = 5;

/** Digits after the point: enough to follow a sum, few enough to read. */
export const number = (value: number) => decimal(Math.abs(value) < 0.0005 ? 0 : value, 3).replace("-", "\u2212");
/** A number as a factor or a summand: negative ones in brackets. */
export const bracketed = (value: number) => (value < 0 ? `(${number(value)})` : number(value));
export const times = (...sizes: number[]) => sizes.map(count).join("\u202f×\u202f");

/** A heading, a paragraph and a body. */
export function section(className: string): { element: HTMLElement; title: HTMLElement; text: HTMLElement } {
  const title = make("h2");
  const text = make("p", { className: "step-text" });
  return { element: make("section", { className: `step ${className}` }, title, text), title, text };
}

/** Whether a picture is red, green and blue. */
export const isColoured = ({ shape }: Values): boolean => shape[2] === 3;

/** The picture as it is: grey, or in its colours. */
export function pictureColors(picture: Values): (index: number) => Rgb {
  const { data, shape } = picture;
  const channels = shape[2] ?? 1;
  const level = (at: number) => grey(data[at] ?? 0)[0];
  if (!isColoured(picture)) return (index) => grey(data[index * channels] ?? 0);
  return (index) => [level(3 * index), level(3 * index + 1), level(3 * index + 2)];
}

/** The colours of one channel of a tensor: the picture itself as it is, else signed with the tensor's own range. */
export function colors(values: Values, map: FeatureMap, isImage: boolean): (index: number) => Rgb {
  if (isImage) return pictureColors(values);
  const most = magnitude(values.data);
  return (index) => signed(map.values[index] ?? 0, most);
}

/** The range of the colours, as a bar with its two ends. */
export class Legend {
  readonly element = make("p", { className: "legend-bar" });
  readonly #least = make("span");
  readonly #most = make("span");

  constructor() {
    const bar = make("span", { className: "legend-colors" });
    bar.ariaHidden = "true";
    this.element.append(this.#least, bar, this.#most);
  }

  show(most: number): void {
    write(this.#least, number(-most));
    write(this.#most, number(most));
  }
}

export const clamp = (value: number, most: number) => Math.min(Math.max(value, 0), Math.max(0, most));

/** The channel with the largest value. */
export function strongest({ data, shape }: Values): number {
  let best = 0;
  data.forEach((value, index) => {
    if (value > (data[best] ?? 0)) best = index;
  });
  return best % (shape[2] ?? 1);
}

export function showStrip(strip: Strip, values: Values, chosen: number): void {
  const text = tell();
  const most = magnitude(values.data);
  strip.show({
    count: channelsOf(values),
    chosen,
    label: text.inAllMaps,
    name: (index) => text.inMap(count(index + 1)),
    draw(index, canvas) {
      const map = featureMap(values, index);
      paint(canvas, map.rows, map.columns, (place) => signed(map.values[place] ?? 0, most));
    },
  });
}

/** The digits, of which one is asked for. */
export function showDigits(strip: Strip, { logits, target }: Inspection, label: string): void {
  strip.show({
    count: logits.data.length,
    chosen: target,
    label,
    name: String,
    draw: (index, canvas) => canvas.replaceWith(make("span", { text: className(index) })),
  });
}

/** All maps of a layer over the strip that shows them, where it is on the screen. */
export function overStrip(strip: Strip, drawing: Omit<Overlay["drawing"], "columns" | "mapWidth" | "gap">): Overlay[] {
  const layout = isOnScreen(strip.element) ? strip.layout : undefined;
  return layout ? [{ host: strip.element, drawing: { ...drawing, ...layout } }] : [];
}

/** One map of a layer over its picture, where it is on the screen. */
export function overGrid({ frame }: Grid, drawing: Overlay["drawing"]): Overlay[] {
  return isOnScreen(frame) ? [{ host: frame, drawing: { ...drawing, gap: 0 } }] : [];
}
