/**
 * The network at work on the first screen: the drawing, the maps of every layer as they are at this moment, and the ten
 * probabilities. While nothing is drawn, a held-out digit goes through it.
 */
import type { MapsDrawing, Model } from "../../src/index.ts";
import { Bars } from "../bars.ts";
import { CLASSES, hasLongNames } from "../classes.ts";
import { find, make, write } from "../dom.ts";
import { paintInk } from "../ink.ts";
import { count, say, wordsKey } from "../language.ts";
import { largestOf } from "../largest.ts";
import { layerName } from "../layer_names.ts";
import { atTemperature } from "../temperature.ts";
import { type Column, columnsOf, gridOf } from "./columns.ts";

/** A picture is drawn this often at most; as long as it took belongs to the training alone afterwards. */
const LEAST_MILLISECONDS = 80;
/** The layers stand below each other where the page is as narrow as this (stage.css). */
const NARROW = "(max-width: 620px)";

export interface StageOptions {
  model(): Model;
  /** Who draws: a canvas belongs to one trainer for ever. Undefined while there is none. */
  trainer(): object | undefined;
  draw(pixels: Float32Array, drawings: readonly MapsDrawing[]): Promise<void>;
  /** Probabilities of the ten digits. */
  predict(pixels: Float32Array): Promise<Float32Array | undefined>;
  temperature(): number;
  training(): boolean;
  hasLearned(): boolean;
  /** The visitor wants to look inside, at this layer of the model. */
  onLook(layer: number): void;
}

interface Shown {
  readonly column: Column;
  readonly place: HTMLElement;
  readonly drawing: Omit<MapsDrawing, "canvas">;
}

export class Stage {
  readonly #options: StageOptions;
  readonly #root = find("stage", HTMLElement);
  readonly #strip = find("stage-strip", HTMLElement);
  readonly #input = find("stage-input", HTMLCanvasElement);
  readonly #note = find("stage-note", HTMLElement);
  readonly #bars = new Bars(find("stage-bars", HTMLElement), CLASSES);
  readonly #narrow = matchMedia(NARROW);
  readonly #still = matchMedia("(prefers-reduced-motion: reduce)");
  /** Of the stage, where the layers stand below each other. */
  #width: number | undefined;
  #shown: readonly Shown[] = [];
  #shownKey = "";
  #model: Model | undefined;
  #trainer: object | undefined;
  #pixels: Float32Array | undefined;
  #sample: Float32Array | undefined;
  #painted: Float32Array | undefined;
  #probabilities: Float32Array | undefined;
  /** What the sentence below is about: the layer under the pointer or with the focus. */
  #pointed: string | undefined;
  #visible = false;
  #onScreen = false;
  /** What is shown is no longer how things are. */
  #stale = false;
  #running = false;

  constructor(options: StageOptions) {
    this.#options = options;
    // Told by the browser: to ask in every frame would lay the page out in every frame.
    new ResizeObserver(([entry]) => {
      this.#width = this.#narrow.matches ? entry?.contentRect.width : undefined;
      this.render();
    }).observe(this.#root);
    new IntersectionObserver((entries) => {
      this.#onScreen = entries.at(-1)?.isIntersecting === true;
      this.#start();
    }).observe(this.#root);
  }

  /** Whether its view is open. */
  set visible(visible: boolean) {
    this.#visible = visible;
    this.#start();
  }

  /** Another drawing, or none. */
  set pixels(pixels: Float32Array | undefined) {
    this.#pixels = pixels;
    this.refresh();
  }

  /** What goes through the network while the pad is empty. */
  set sample(sample: Float32Array) {
    this.#sample = sample;
    this.refresh();
  }

  /** Shows the network as it is now. */
  refresh(): void {
    this.#stale = true;
    this.#start();
  }

  /** Other weights took the place of those at hand: what these said goes. */
  forget(): void {
    this.#probabilities = undefined;
    this.refresh();
  }

  /** Writes everything, in the page's language; makes the columns of a network that is new. */
  render(): void {
    const { model, trainer } = this.#options;
    const key = `${wordsKey()} ${this.#width}`;
    // No canvas changes its trainer.
    if (model() !== this.#model || trainer() !== this.#trainer || key !== this.#shownKey) {
      this.#model = model();
      this.#trainer = trainer();
      this.#shownKey = key;
      this.#make(model());
      this.refresh();
    }
    this.#renderBars();
    this.#renderNote();
    this.#start();
  }

  #make(model: Model): void {
    const widest = this.#width;
    this.#shown = columnsOf(model).map((column) => {
      const { layer } = column;
      const { perRow, width, height } = gridOf(layer.outputShape, widest);
      const place = make("span", { className: "stage-picture" });
      place.style.setProperty("--width", `${width}px`);
      place.style.setProperty("--height", `${height}px`);
      place.append(make("canvas"));
      return {
        column,
        place,
        drawing: { layer: layer.name, ...(layer.outputShape.length > 1 && { columns: perRow }) },
      };
    });
    const text = say();
    write(find("stage-input-shape", HTMLElement), neuronsOf(model.inputShapes[0] ?? []));
    const [given] = this.#strip.children;
    const nameAt = (order: number) => {
      const opens = this.#shown[order]?.column.opens;
      return opens === undefined ? text.stageInput : layerName(model.layers[opens]?.name ?? "");
    };
    this.#strip.replaceChildren(
      ...(given ? [given] : []),
      ...this.#shown.map(({ column, place }, order) => {
        const { layer, opens, from } = column;
        const shape = shapeOf(layer.outputShape);
        const neurons = count(layer.neurons);
        const button = make(
          "button",
          { className: "stage-layer" },
          place,
          make("span", { className: "stage-name", text: nameAt(order) }),
          make("span", { className: "stage-shape", text: neuronsOf(layer.outputShape) }),
        );
        // Where a network branches, the layer before is not the one on the left.
        const follows = from.length === 1 && from[0] === order - 1;
        if (!follows) button.append(make("span", { className: "stage-shape", text: text.stageFrom(from.map(nameAt)) }));
        button.type = "button";
        const says = text.stageSays(
          whatItDoes(model, opens),
          (layer.outputShape.length > 1 ? text.stageNeurons(shape, neurons) : text.stageRow(neurons)) +
            parametersOf(model, column),
        );
        button.setAttribute("aria-description", says);
        const point = (what: string | undefined) => () => {
          this.#pointed = what;
          this.#renderNote();
        };
        for (const event of ["pointerenter", "focus"]) button.addEventListener(event, point(says));
        for (const event of ["pointerleave", "blur"]) button.addEventListener(event, point(undefined));
        button.addEventListener("click", () => this.#options.onLook(opens));
        return make("li", { className: follows ? "follows" : "" }, button);
      }),
    );
    this.#pointed = undefined;
  }

  #renderBars(): void {
    const winner = this.#probabilities && this.#options.hasLearned() ? largestOf(this.#probabilities) : undefined;
    this.#root.classList.toggle("named", hasLongNames());
    this.#bars.show(this.#probabilities, winner);
  }

  #renderNote(): void {
    const text = say();
    const { training, hasLearned } = this.#options;
    const state = training() ? text.stageTraining : hasLearned() ? text.stageTrained : text.stageUntrained;
    write(this.#note, this.#pointed ?? state);
    // What there is to do next.
    this.#root.classList.toggle("your-turn", hasLearned() && !training() && this.#pixels === undefined);
  }

  /** Whether there is something to draw that is seen. */
  #wanted(): boolean {
    if (!this.#visible || !this.#onScreen || document.hidden || this.#trainer === undefined) return false;
    return this.#stale || (this.#options.training() && !this.#still.matches);
  }

  #start(): void {
    if (this.#running || !this.#wanted()) return;
    this.#running = true;
    void this.#run()
      // The session's own calls meet the same failure and tell the visitor.
      .catch(() => undefined)
      .finally(() => {
        this.#running = false;
      });
  }

  async #run(): Promise<void> {
    while (this.#wanted()) {
      await new Promise((resolve) => requestAnimationFrame(resolve));
      this.#stale = false;
      const began = performance.now();
      await this.#show();
      const took = performance.now() - began;
      await new Promise((resolve) => setTimeout(resolve, Math.max(took, LEAST_MILLISECONDS - took)));
    }
  }

  async #show(): Promise<void> {
    const { draw, predict, temperature } = this.#options;
    const pixels = this.#pixels ?? this.#sample;
    if (pixels === undefined) return;
    if (pixels !== this.#painted) paintInk(this.#input, pixels);
    this.#painted = pixels;
    const shown = this.#shown;
    const drawings = shown.map(({ place, drawing }) => ({ ...drawing, canvas: canvasIn(place) }));
    const [probabilities] = await Promise.all([predict(pixels), draw(pixels, drawings)]);
    // Another network may have come meanwhile.
    if (probabilities === undefined || shown !== this.#shown) return;
    for (const { place } of shown) place.classList.add("drawn");
    this.#probabilities = atTemperature(probabilities, temperature());
    this.#renderBars();
  }
}

function canvasIn(place: HTMLElement): HTMLCanvasElement {
  const canvas = place.firstElementChild;
  if (!(canvas instanceof HTMLCanvasElement)) throw new Error("A layer of the stage has lost its canvas.");
  return canvas;
}

/** "28×28×32 = 25,088"; of a row only how many. */
function neuronsOf(shape: readonly number[]): string {
  if (shape.length === 1) return shapeOf(shape);
  return `${shapeOf(shape)} = ${count(shape.reduce((product, extent) => product * extent, 1))}`;
}

const shapeOf = (shape: readonly number[]) => shape.map(count).join("×");

/** A sentence about what a layer does, without its sizes. */
function whatItDoes(model: Model, index: number): string {
  const text = say();
  const placed = model.layers[index];
  const { kind = "", options = {} } = placed?.layer.config ?? {};
  const filters = count(placed?.outputShape.at(-1) ?? 0);
  if (kind === "conv2d") return text.stageSaysConv(filters, sizeOf(options["kernelSize"]));
  if (kind === "maxPooling2d") return text.stageSaysPool(sizeOf(options["poolSize"] ?? 2));
  if (kind === "globalAveragePooling2d" || kind === "globalMaxPooling2d") return text.stageSaysMean;
  return kind === "dense" ? text.stageSaysDense : text.stageSaysOther;
}

/** "3×3" of 3 or [3, 3]. */
function sizeOf(size: unknown): string {
  const [rows, columns] = Array.isArray(size) ? size : [size, size];
  return `${count(Number(rows))}×${count(Number(columns))}`;
}

/** Those of a layer and of the ones that are shown in its place. */
function parametersOf(model: Model, { index, opens }: Column): string {
  const rows = model.summary().rows;
  const parameters = (opens === index ? [index] : [opens, index]).reduce(
    (sum, row) => sum + (rows[row]?.parameters ?? 0),
    0,
  );
  return parameters === 0 ? "" : say().stageParameters(count(parameters));
}
