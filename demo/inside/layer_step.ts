import type { Inspection, LayerInspection, Model, PlacedLayer } from "../../src/index.ts";
import { announce, make, write } from "../dom.ts";
import { inputOf, type Place, type Values } from "./maps.ts";
import { type Look, type Step, section } from "./step.ts";

/** What a step about one layer shows. */
export interface LayerLook {
  readonly model: Model;
  readonly inspection: Inspection;
  readonly placed: PlacedLayer;
  readonly layer: LayerInspection;
  /** What the layer reads; the first of several. */
  readonly input: Values;
}

/** A step about one layer: which of its maps is looked at, at which place, and what is written of that. */
export abstract class LayerStep implements Step {
  readonly element: HTMLElement;
  protected readonly index: number;
  protected readonly count = make("p", { className: "step-count" });
  /** What the layer does at the place, with its numbers. */
  protected readonly formula = make("p", { className: "step-formula" });
  /** Until somebody chooses one, `render` does. */
  protected filter: number | undefined;
  protected place: Place | undefined;
  readonly #parts: ReturnType<typeof section>;
  #look: Look | undefined;

  constructor(index: number, className: string) {
    this.index = index;
    this.#parts = section(className);
    this.element = this.#parts.element;
  }

  show(look: Look): void {
    this.#look = look;
    this.renderAgain();
  }

  forget(): void {
    this.place = undefined;
  }

  /** Looks at another map. */
  choose(filter: number): void {
    this.filter = filter;
    this.renderAgain();
  }

  /** Looks at another place. */
  protected point(place: Place): void {
    this.place = place;
    this.renderAgain();
    announce(this.formula.textContent ?? "");
  }

  /** What was last looked at; undefined before, and for a network without this layer. */
  protected get look(): LayerLook | undefined {
    if (this.#look === undefined) return undefined;
    const { model, inspection } = this.#look;
    const placed = model.layers[this.index];
    const layer = inspection.layers[this.index];
    return placed && layer && { model, inspection, placed, layer, input: inputOf(model, inspection, this.index) };
  }

  /** After something else was chosen. */
  protected renderAgain(): void {
    const { look } = this;
    if (look) this.render(look);
  }

  /** Heading, paragraph (none where it is empty) and counts. */
  protected writeHead(title: string, text: string, count: string): void {
    write(this.#parts.title, title);
    write(this.#parts.text, text);
    this.#parts.text.hidden = text === "";
    write(this.count, count);
  }

  protected abstract render(look: LayerLook): void;
}
