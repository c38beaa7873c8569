import { make, write } from "../dom.ts";
import { Grid, Strip } from "./grid.ts";
import { type FeatureMap, featureMap, gradCam, occluded, saliency, type Values } from "./maps.ts";
import { tell } from "./messages.ts";
import { grey, magnitude, type Rgb, signed } from "./paint.ts";
import { isColoured, type Look, pictureColors, type Step, section, showDigits, times } from "./step.ts";
import { titleOf } from "./titles.ts";

/** Side of the square that covers part of the picture, and how far it moves. */
const COVER = 5;
const COVER_STRIDE = 2;

interface LookedOptions {
  /** Probabilities of the classes for one or more images. */
  predict(pixels: Float32Array): Promise<Float32Array | undefined>;
  /** Has the page look inside again, for another digit. */
  ask(target: number): void;
}

/** Which pixels the answer hangs on: the slope, Grad-CAM, and covering parts of the picture. */
export class LookedStep implements Step {
  readonly element: HTMLElement;
  readonly #parts = section("step-looked");
  readonly #strip: Strip;
  readonly #saliency = new Grid();
  readonly #cam = new Grid();
  readonly #cover = new Grid();
  readonly #saliencyNote = make("p", { className: "note" });
  readonly #camNote = make("p", { className: "note" });
  readonly #coverNote = make("p", { className: "note" });
  readonly #button = make("button");
  readonly #options: LookedOptions;
  #look: Look | undefined;
  /** Fall of the target's share at each place of the cover; of which look, since training goes on. */
  #fall: { rows: number; columns: number; values: Float32Array; look: Look } | undefined;

  constructor(options: LookedOptions) {
    this.#options = options;
    this.element = this.#parts.element;
    this.#strip = new Strip((digit) => options.ask(digit));
    this.#strip.element.classList.add("digits");
    this.#button.type = "button";
    this.#button.addEventListener("click", () => void this.#occlude());
    this.element.append(
      this.#strip.element,
      make(
        "div",
        { className: "step-body" },
        make("div", {}, this.#saliency.element, this.#saliencyNote),
        make("div", {}, this.#cam.element, this.#camNote),
        make("div", {}, this.#cover.element, this.#coverNote, this.#button),
      ),
    );
  }

  forget(): void {
    this.#fall = undefined;
  }

  show(look: Look): void {
    this.#look = look;
    const text = tell();
    const { inspection, model } = look;
    write(this.#parts.title, text.inLookedTitle);
    write(this.#parts.text, text.inLookedText);
    showDigits(this.#strip, inspection, text.inLookedFor);
    const pixels = featureMap(inspection.input, 0);
    const paper = paperOf(inspection.input);
    const heat = (grid: Grid, name: string, map: FeatureMap) => {
      grid.label(name);
      const most = magnitude(map.values);
      grid.paint(map.rows, map.columns, (index) => signed(map.values[index] ?? 0, most));
    };
    heat(this.#saliency, text.inSaliency, saliency(inspection));

    const index = inspection.layers.findLastIndex(({ kind, output }) => kind === "conv2d" && output.shape.length === 3);
    const layer = inspection.layers[index];
    this.#cam.element.parentElement?.toggleAttribute("hidden", layer === undefined);
    if (layer) {
      const cam = gradCam(layer);
      const most = magnitude(cam.values);
      this.#cam.label(text.inGradCam);
      // Over the picture, so that one sees what lies under it.
      this.#cam.paint(pixels.rows, pixels.columns, (index) => {
        const row = Math.floor(index / pixels.columns);
        const column = index % pixels.columns;
        const heat = smoothAt(
          cam,
          ((row + 0.5) * cam.rows) / pixels.rows,
          ((column + 0.5) * cam.columns) / pixels.columns,
        );
        return over(paper(index), signed(heat, most));
      });
      write(this.#camNote, text.inGradCamNote(titleOf(model, index)));
    }
    write(this.#saliencyNote, text.inSaliencyNote);
    write(this.#coverNote, text.inOcclusionNote(times(COVER, COVER)));
    write(this.#button, text.inOcclude);
    this.#showFall();
  }

  #showFall(): void {
    const look = this.#look;
    if (look === undefined) return;
    const pixels = featureMap(look.inspection.input, 0);
    const paper = paperOf(look.inspection.input);
    this.#cover.label(tell().inOcclusion);
    const fall = this.#fall;
    const most = fall ? Math.max(0.02, magnitude(fall.values)) : 1;
    this.#cover.paint(pixels.rows, pixels.columns, (index) => {
      if (fall === undefined) return paper(index);
      const row = (Math.floor(index / pixels.columns) - COVER / 2) / COVER_STRIDE + 0.5;
      const column = ((index % pixels.columns) - COVER / 2) / COVER_STRIDE + 0.5;
      return over(paper(index), signed(smoothAt(fall, row + 0.5, column + 0.5), most));
    });
  }

  async #occlude(): Promise<void> {
    const look = this.#look;
    if (look === undefined) return;
    this.#button.disabled = true;
    try {
      const { target, probabilities, input } = look.inspection;
      const { images, rows, columns } = occluded(input, COVER, COVER_STRIDE);
      const classes = probabilities.data.length;
      const answers = await this.#options.predict(images);
      if (answers === undefined) return;
      const before = probabilities.data[target] ?? 0;
      const values = Float32Array.from(
        { length: rows * columns },
        (_, at) => before - (answers[at * classes + target] ?? 0),
      );
      this.#fall = { rows, columns, values, look };
      this.#showFall();
    } catch {
      // The session's own calls meet the same failure and tell the visitor.
    } finally {
      this.#button.disabled = false;
    }
  }
}

/** What heat is laid over: ink on paper, or a picture in its colours. */
function paperOf(picture: Values): (index: number) => Rgb {
  return isColoured(picture) ? pictureColors(picture) : (index) => grey(1 - (picture.data[index] ?? 0));
}

/** Bilinear, with the values in the middles of their cells. */
function smoothAt({ rows, columns, values }: FeatureMap, row: number, column: number): number {
  const at = (y: number, x: number) =>
    values[Math.min(Math.max(y, 0), rows - 1) * columns + Math.min(Math.max(x, 0), columns - 1)] ?? 0;
  const [y, x] = [Math.floor(row - 0.5), Math.floor(column - 0.5)];
  const [dy, dx] = [row - 0.5 - y, column - 0.5 - x];
  return (1 - dy) * ((1 - dx) * at(y, x) + dx * at(y, x + 1)) + dy * ((1 - dx) * at(y + 1, x) + dx * at(y + 1, x + 1));
}

/** A transparent colour over paper and ink: the darker of both in each part. */
function over(paper: Rgb, color: Rgb): Rgb {
  const part = (index: 0 | 1 | 2) => Math.round((paper[index] * 0.45 + 255 * 0.55) * (color[index] / 255));
  return [part(0), part(1), part(2)];
}
