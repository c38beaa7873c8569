import { announce, make, write } from "../dom.ts";
import { count, decimal } from "../language.ts";
import { Choice } from "./choice.ts";
import { Grid } from "./grid.ts";
import { type FeatureMap, featureMap, type Place, valueAt } from "./maps.ts";
import { tell } from "./messages.ts";
import { Numbers } from "./numbers.ts";
import { clamp, isColoured, type Look, number, pictureColors, type Step, section, times } from "./step.ts";

/** The picture as numbers. */
export class PixelStep implements Step {
  readonly element: HTMLElement;
  readonly #parts = section("step-pixels");
  readonly #grid: Grid;
  readonly #count = make("p", { className: "step-count" });
  readonly #value = make("p", { className: "step-formula" });
  readonly #near = new Numbers();
  /** Whether the numbers are the network's, 0…1, or the picture's, 0…255. */
  readonly #scale = new Choice([false, true], (shares) => {
    this.#shares = shares;
    this.#render();
  });
  readonly #note = make("p", { className: "note" });
  #shares = false;
  #place: Place | undefined;
  #look: Look | undefined;

  constructor() {
    this.element = this.#parts.element;
    this.#grid = new Grid((place) => {
      this.#place = place;
      this.#render();
      announce(this.#value.textContent ?? "");
    });
    this.element.append(
      make(
        "div",
        { className: "step-body" },
        this.#grid.element,
        make(
          "div",
          { className: "step-side" },
          ...[this.#count, this.#value, this.#scale.element, this.#near.table, this.#note],
        ),
      ),
    );
  }

  forget(): void {
    this.#place = undefined;
  }

  show(look: Look): void {
    this.#look = look;
    this.#render();
  }

  #render(): void {
    if (this.#look === undefined) return;
    const text = tell();
    const { input } = this.#look.inspection;
    const map = featureMap(input, 0);
    const [rows = 1, columns = 1, channels = 1] = input.shape;
    this.#place ??= brightestEdge(map);
    const place = this.#place;
    write(this.#parts.title, text.inPixelsTitle);
    write(this.#parts.text, isColoured(input) ? text.inColourPixelsText : text.inPixelsText);
    write(this.#count, text.inNeurons(times(rows, columns, channels), count(rows * columns * channels)));
    const value = valueAt(map, place);
    const coloured = isColoured(input);
    const valuesOf = ({ row, column }: Place) =>
      Array.from({ length: channels }, (_, channel) => input.data[(row * columns + column) * channels + channel] ?? 0);
    const levelOf = (one: number) => count(Math.round(255 * one));
    const all = valuesOf(place);
    write(
      this.#value,
      coloured
        ? text.inColourPixel(
            count(place.row + 1),
            count(place.column + 1),
            all.map(levelOf).join(" · "),
            all.map(number).join(" · "),
          )
        : text.inPixel(count(place.row + 1), count(place.column + 1), count(Math.round(255 * value)), number(value)),
    );
    this.#grid.label(text.inPixelsCaption(times(rows, columns)));
    const color = pictureColors(input);
    this.#grid.paint(map.rows, map.columns, color);
    this.#grid.cursor = place;
    const first = { row: clamp(place.row - 2, rows - 5), column: clamp(place.column - 2, columns - 5) };
    this.#grid.mark("window", { ...first, rows: 5, columns: 5 });
    this.#near.table.classList.toggle("moves", coloured);
    this.#near.show(coloured ? text.inColourNeighbours : text.inNeighbours, 5, 5, (row, column) => {
      const at = { row: first.row + row, column: first.column + column };
      const levels = valuesOf(at).map((level) => (this.#shares ? decimal(level, 2) : levelOf(level)));
      return { color: color(at.row * columns + at.column), text: levels.join("\n") };
    });
    this.#scale.show(text.inScale, this.#shares, (shares) => (shares ? text.inShares : text.inLevels));
    write(this.#note, text.inColorNote(count(28 * 28 * 3), count(224 * 224 * 3)));
  }
}

/** A bright pixel beside a dark one: there the numbers around it differ. */
function brightestEdge(map: FeatureMap): Place {
  let best: Place = { row: Math.floor(map.rows / 2), column: Math.floor(map.columns / 2) };
  let most = -1;
  for (let row = 1; row < map.rows; row++) {
    for (let column = 1; column < map.columns; column++) {
      const here = valueAt(map, { row, column });
      const contrast = here - valueAt(map, { row, column: column - 1 }) - valueAt(map, { row: row - 1, column });
      if (contrast > most) {
        most = contrast;
        best = { row, column };
      }
    }
  }
  return best;
}
