import { make, write } from "../dom.ts";
import { count } from "../language.ts";
import { NumberField } from "../number_field.ts";
import { Camera } from "./camera.ts";
import { Grid } from "./grid.ts";
import { type FeatureMap, filterPicture } from "./maps.ts";
import { tell } from "./messages.ts";
import { grey, magnitude, signed } from "./paint.ts";
import { greyPicture } from "./picture.ts";
import { number, section } from "./step.ts";

const ninth = 1 / 9;
/** The classic kernels, row by row; convolution in the sense of networks, without turning the kernel. */
const PRESETS = {
  presetIdentity: [0, 0, 0, 0, 1, 0, 0, 0, 0],
  presetBlur: Array<number>(9).fill(ninth),
  presetGauss: [1, 2, 1, 2, 4, 2, 1, 2, 1].map((weight) => weight / 16),
  presetSharpen: [0, -1, 0, -1, 5, -1, 0, -1, 0],
  presetEmboss: [-2, -1, 0, -1, 1, 1, 0, 1, 2],
  presetEdges: [0, 1, 0, 1, -4, 1, 0, 1, 0],
  presetOutline: [-1, -1, -1, -1, 8, -1, -1, -1, -1],
  presetSobelX: [-1, 0, 1, -2, 0, 2, -1, 0, 1],
  presetSobelY: [-1, -2, -1, 0, 0, 0, 1, 2, 1],
  presetPrewitt: [-1, 0, 1, -1, 0, 1, -1, 0, 1],
  presetDiagonal: [2, -1, -1, -1, 2, -1, -1, -1, 2],
  presetGauss5: [1, 4, 6, 4, 1].flatMap((row) => [1, 4, 6, 4, 1].map((column) => (row * column) / 256)),
  presetMotion: Array.from({ length: 25 }, (_, index) => (index % 6 === 0 ? 0.2 : 0)),
  // A Mexican hat: the Laplacian of a Gaussian, rounded to whole numbers.
  presetLog: [0, 0, -1, 0, 0, 0, -1, -2, -1, 0, -1, -2, 16, -2, -1, 0, -1, -2, -1, 0, 0, 0, -1, 0, 0],
} satisfies Record<string, readonly number[]>;

type Preset = keyof typeof PRESETS | "presetRandom";

const START = "presetSobelX";
const MOST_WEIGHT = 1e6;
/** Longest side of a picture from a file. */
const MOST_PIXELS = 192;

/** A kernel of one's own, on the drawing or on a picture. */
export class FiltersStep {
  readonly element: HTMLElement;
  readonly #parts = section("step-filters");
  readonly #preset = make("select");
  readonly #presetLabel = make("label");
  readonly #size = make("select");
  readonly #sizeLabel = make("label");
  readonly #source = make("select");
  readonly #sourceLabel = make("label");
  readonly #file = make("input");
  readonly #relu = make("input");
  readonly #reluText = make("span");
  readonly #weights = make("table", { className: "numbers weights" });
  readonly #weightsCaption = make("p", { className: "caption" });
  readonly #before = new Grid();
  readonly #after = new Grid();
  readonly #problem = make("p", { className: "note" });
  #fields: NumberField[] = [];
  readonly #refused = make("p", { className: "field-note" });
  #kernel: readonly number[] = PRESETS[START];
  #chosen: Preset | "own" = START;
  #drawing: FeatureMap | undefined;
  #fromFile: FeatureMap | undefined;
  #fromCamera: FeatureMap | undefined;
  readonly #camera = new Camera((picture) => {
    this.#fromCamera = picture;
    this.#renderPictures();
  });

  constructor() {
    this.element = this.#parts.element;
    this.#problem.setAttribute("role", "status");
    const named = (select: HTMLSelectElement, label: HTMLLabelElement, id: string) => {
      select.id = id;
      label.htmlFor = id;
      return make("span", { className: "pair" }, label, select);
    };
    this.#file.type = "file";
    this.#file.accept = "image/*";
    this.#file.hidden = true;
    this.#relu.type = "checkbox";
    this.#preset.addEventListener("change", () => this.#choosePreset(this.#preset.value as Preset | "own"));
    this.#size.addEventListener("change", () => this.#resize(Number(this.#size.value)));
    this.#source.addEventListener("change", () => void this.#chooseSource());
    this.#file.addEventListener("change", () => void this.#read());
    this.#relu.addEventListener("change", () => this.#renderPictures());
    this.element.append(
      make(
        "div",
        { className: "settings" },
        named(this.#preset, this.#presetLabel, "filter-preset"),
        named(this.#size, this.#sizeLabel, "filter-size"),
        named(this.#source, this.#sourceLabel, "filter-source"),
        this.#file,
        make("label", { className: "check" }, this.#relu, this.#reluText),
      ),
      this.#problem,
      make(
        "div",
        { className: "step-body" },
        this.#before.element,
        make("div", { className: "step-middle" }, this.#weightsCaption, this.#weights, this.#refused),
        this.#after.element,
      ),
    );
  }

  /** The drawing, as the network sees it. */
  set drawing(map: FeatureMap | undefined) {
    this.#drawing = map;
    this.#renderPictures();
  }

  /** Nobody looks at the filters any more: the camera is let go. */
  leave(): void {
    if (this.#source.value !== "camera") return;
    this.#source.value = "drawing";
    void this.#chooseSource();
  }

  async #chooseSource(): Promise<void> {
    write(this.#problem, "");
    this.#camera.stop();
    this.#fromCamera = undefined;
    if (this.#source.value === "file" && this.#fromFile === undefined) this.#file.click();
    this.render();
    if (this.#source.value !== "camera") return;
    write(this.#problem, tell().inCameraAsking);
    const problem = await this.#camera.start();
    if (this.#source.value !== "camera") return;
    write(this.#problem, problem === undefined ? "" : tell().cameraProblems[problem]);
    if (problem !== undefined) this.#source.value = "scene";
    this.render();
  }

  get #side(): number {
    return Math.sqrt(this.#kernel.length);
  }

  #choosePreset(preset: Preset | "own"): void {
    this.#chosen = preset;
    if (preset === "presetRandom") {
      // He et al. 2015, as the layers start: a normal distribution whose width suits the number of pixels under it.
      const deviation = Math.sqrt(2 / this.#kernel.length);
      this.#kernel = this.#kernel.map(() => {
        const radius = Math.sqrt(-2 * Math.log(1 - Math.random()));
        return Number((deviation * radius * Math.cos(2 * Math.PI * Math.random())).toFixed(3));
      });
    } else if (preset !== "own") this.#kernel = PRESETS[preset];
    this.render();
  }

  /** The kernel in the middle of a larger one, or its middle. */
  #resize(side: number): void {
    const before = this.#side;
    const shift = (side - before) / 2;
    this.#kernel = Array.from({ length: side * side }, (_, index) => {
      const row = Math.floor(index / side) - shift;
      const column = (index % side) - shift;
      const inside = row >= 0 && row < before && column >= 0 && column < before;
      return inside ? (this.#kernel[row * before + column] ?? 0) : 0;
    });
    this.#chosen = "own";
    this.render();
  }

  async #read(): Promise<void> {
    const file = this.#file.files?.[0];
    if (file === undefined) return;
    try {
      const bitmap = await createImageBitmap(file);
      this.#fromFile = greyPicture(bitmap, bitmap.width, bitmap.height, MOST_PIXELS);
      write(this.#problem, "");
    } catch {
      write(this.#problem, tell().inFilterBadFile);
      this.#source.value = "scene";
    }
    this.render();
  }

  #picture(): FeatureMap {
    if (this.#source.value === "file" && this.#fromFile) return this.#fromFile;
    if (this.#source.value === "camera" && this.#fromCamera) return this.#fromCamera;
    if (this.#source.value !== "scene" && this.#drawing) return this.#drawing;
    return testPicture();
  }

  render(): void {
    const text = tell();
    write(this.#parts.title, text.inFiltersTitle);
    write(this.#parts.text, text.inFiltersText);
    write(this.#presetLabel, text.inFilterPreset);
    write(this.#weightsCaption, text.inFilterPreset);
    write(this.#sizeLabel, text.inFilterSize);
    write(this.#sourceLabel, text.inFilterSource);
    write(this.#reluText, text.inFilterRelu);
    fill(this.#preset, [
      ...[...Object.keys(PRESETS), "presetRandom"].map((name) => [name, text[name as Preset]] as const),
      ["own", text.inFilterOwn],
    ]);
    this.#preset.value = this.#chosen;
    fill(this.#size, [
      ["3", `3\u202f×\u202f3`],
      ["5", `5\u202f×\u202f5`],
    ]);
    this.#size.value = String(this.#side);
    const source = this.#source.value || "drawing";
    fill(this.#source, [
      ["drawing", text.inFilterDrawing],
      ["scene", text.inFilterScene],
      ["file", text.inFilterFile],
      ["camera", text.inFilterCamera],
    ]);
    this.#source.value = source;
    this.#renderWeights();
    this.#renderPictures();
  }

  #renderWeights(): void {
    const side = this.#side;
    if (this.#fields.length !== this.#kernel.length) {
      this.#fields = this.#kernel.map(
        (_, index) =>
          new NumberField(make("input"), {
            ...{ least: -MOST_WEIGHT, most: MOST_WEIGHT, live: true, note: this.#refused },
            take: (value = 0) => {
              this.#kernel = this.#kernel.with(index, value);
              this.#chosen = "own";
              this.#preset.value = "own";
              this.#renderPictures();
            },
          }),
      );
      const row = (index: number) =>
        make(
          "tr",
          {},
          ...this.#fields.slice(index * side, (index + 1) * side).map(({ input }) => make("td", {}, input)),
        );
      this.#weights.replaceChildren(make("tbody", {}, ...Array.from({ length: side }, (_, index) => row(index))));
    }
    this.#fields.forEach((field, index) => {
      field.show(Number((this.#kernel[index] ?? 0).toFixed(3)));
      field.translate();
      field.input.ariaLabel = tell().inFilterWeight(count(Math.floor(index / side) + 1), count((index % side) + 1));
    });
  }

  #renderPictures(): void {
    const text = tell();
    const picture = this.#picture();
    const filtered = filterPicture(picture, this.#kernel, this.#side, this.#relu.checked);
    this.#before.label(text.inFilterBefore);
    this.#before.paint(picture.rows, picture.columns, (index) => grey(picture.values[index] ?? 0));
    const most = magnitude(filtered.values);
    this.#after.label(`${text.inFilterAfter}, ${number(-most)} … ${number(most)}`);
    this.#after.paint(filtered.rows, filtered.columns, (index) => signed(filtered.values[index] ?? 0, most));
  }
}

function fill(select: HTMLSelectElement, options: readonly (readonly [string, string])[]): void {
  if (select.options.length !== options.length) {
    select.replaceChildren(...options.map(([value]) => Object.assign(make("option"), { value })));
  }
  options.forEach(([, words], index) => {
    const option = select.options[index];
    if (option) write(option, words);
  });
}

let scene: FeatureMap | undefined;

/** A picture with edges in all directions, circles, a soft slope and a fine pattern: something for every kernel. */
function testPicture(): FeatureMap {
  if (scene) return scene;
  const side = 96;
  const values = Float32Array.from({ length: side * side }, (_, index) => {
    const x = (index % side) / side;
    const y = Math.floor(index / side) / side;
    const distance = Math.hypot(x - 0.3, y - 0.32);
    if (distance < 0.2) return distance > 0.13 ? 0.95 : 0.35;
    if (x > 0.58 && x < 0.92 && y > 0.12 && y < 0.46)
      return (Math.floor(x * 24) + Math.floor(y * 24)) % 2 === 0 ? 0.9 : 0.1;
    if (y > 0.6 && x < 0.5) return y - 0.6 > (0.5 - x) * 0.7 ? 0.8 : 0.15 + 0.5 * x;
    if (y > 0.6) return 0.5 + 0.45 * Math.sin(40 * (x - 0.5) * (x - 0.4));
    return 0.2 + 0.25 * y;
  });
  scene = { rows: side, columns: side, values };
  return scene;
}
