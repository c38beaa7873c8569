/**
 * The whole view “Look inside” in a document: what it shows of a network trained on WebGPU, figure by figure and picture by
 * picture, is what it shows when the CPU backend computed everything.
 */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { KernelMemory } from "../../demo/inside/kernel_memory.ts";
import { KernelsStep } from "../../demo/inside/kernels_step.ts";
import { LazyInsideView } from "../../demo/inside/lazy_view.ts";
import { buildDesign, decodeRows, PRESETS, preset, type Row } from "../../demo/train/design.ts";
import { cpu } from "../../src/cpu.ts";
import { rasterizeDigit } from "../../src/data/digit.ts";
import {
  adam,
  type Backend,
  createTrainer,
  type Dataset,
  dataset,
  type Model,
  type Trainer,
  webgpu,
} from "../../src/index.ts";
import { GLYPHS } from "../support/digit_strokes.ts";

const IMAGE = [28, 28, 1] as const;

const drawings = GLYPHS.map(({ strokes }) => {
  const raster = rasterizeDigit(strokes.map((points) => ({ points })));
  if (raster === undefined) throw new Error("an empty glyph");
  return raster.image;
});

function drawnDigits(): Dataset {
  const images = new Float32Array(drawings.length * 784);
  drawings.forEach((pixels, index) => {
    images.set(pixels, index * 784);
  });
  return dataset({ images, labels: Int32Array.from(GLYPHS, ({ digit }) => digit), shape: [...IMAGE] });
}

function trainerOf(model: Model, backend: Backend): Promise<Trainer> {
  return createTrainer(model, {
    ...{
      backend,
      loss: "sparseCategoricalCrossentropy",
      optimizer: adam({ learningRate: 0.003 }),
      batchSize: 10,
      seed: 2,
    },
  });
}

/** What index.html has for the view. */
function makePage(): void {
  document.body.innerHTML =
    '<p id="inside-answer"></p><p id="inside-status"></p><nav id="walk-contents"></nav><div id="walk"></div><p id="live"></p>';
}

afterEach(() => document.body.replaceChildren());

interface Shown {
  /** Every word of a section of the walk, by its heading. */
  readonly sections: readonly { title: string; text: string; pictures: readonly ImageData[] }[];
  readonly answer: string;
}

async function until(what: string, holds: () => boolean): Promise<void> {
  const end = performance.now() + 60_000;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`${what}: waited a minute for it`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Opens the view on a drawing, has it cover parts of it and show its kernels' gradients, and reads all that it shows. */
async function look(trainer: Trainer, model: Model, pixels: Float32Array, { covering = true } = {}): Promise<Shown> {
  makePage();
  const view = new LazyInsideView({
    inspect: (image, options) => trainer.inspect(image, options),
    predict: async (images) => (await trainer.predict(images)).data,
    async parameters() {
      await trainer.syncModel();
      return model.parameters;
    },
    model: () => model,
    steps: () => trainer.stats().steps,
  });
  view.visible = true;
  view.pixels = pixels;
  await view.remember();
  const walk = document.querySelector("#walk") as HTMLElement;
  await until("the walk", () => !walk.hidden && walk.ariaBusy === "false");
  await showGradients(walk, 3);
  const cover = walk.querySelector<HTMLButtonElement>(".step-looked .step-body button");
  if (covering) cover?.click();
  await until("the covering", () => cover?.disabled === false);
  const sections = Array.from(walk.children, (section) => ({
    title: section.querySelector("h2")?.textContent ?? "",
    text: (section as HTMLElement).textContent ?? "",
    pictures: Array.from(section.querySelectorAll("canvas"), (canvas) => {
      const context = canvas.getContext("2d") as CanvasRenderingContext2D;
      return context.getImageData(0, 0, canvas.width, canvas.height);
    }),
  }));
  return { sections, answer: document.querySelector("#inside-answer")?.textContent ?? "" };
}

/** Opens the gradients of all convolutions' kernels, for the loss of one digit. */
async function showGradients(walk: HTMLElement, digit: number): Promise<void> {
  const parts = walk.querySelectorAll<HTMLDetailsElement>(".kernel-gradient");
  for (const part of parts) part.open = true;
  const shown = () => Array.from(parts).every((part) => part.querySelector(".moves:not([hidden]) td") !== null);
  await until("the gradients", () => shown() && walk.ariaBusy === "false");
  parts[0]?.querySelectorAll<HTMLButtonElement>(".digits button")[digit]?.click();
  const losses = () => Array.from(parts, (part) => part.querySelector(".step-formula")?.textContent ?? "");
  await until("the digit's gradients", () => losses().every((loss) => loss.includes(`should be ${digit}:`)));
}

/** A view of a network without training, on a drawing, with the filters by hand at its end. */
async function openView(): Promise<{ view: LazyInsideView; filters: HTMLElement; close: () => void }> {
  makePage();
  const model = buildDesign(decodeRows("c2_g_d") ?? [], IMAGE, 1);
  const trainer = await trainerOf(model, cpu());
  const view = new LazyInsideView({
    inspect: (image, options) => trainer.inspect(image, options),
    predict: async (images) => (await trainer.predict(images)).data,
    parameters: async () => model.parameters,
    model: () => model,
    steps: () => 0,
  });
  view.visible = true;
  view.pixels = drawings[25] as Float32Array;
  const walk = document.querySelector("#walk") as HTMLElement;
  await until("the walk", () => !walk.hidden && walk.ariaBusy === "false");
  const filters = document.querySelector(".step-filters") as HTMLElement;
  return { view, filters, close: () => trainer.dispose() };
}

function choose(select: HTMLSelectElement, value: string): void {
  select.value = value;
  select.dispatchEvent(new Event("change"));
}

const NUMBER = /[-\u2212]?\d[\d,]*(?:\.\d+)?/g;
const valuesOf = (text: string) =>
  (text.match(NUMBER) ?? []).map((word) => ({
    value: Number(word.replaceAll(",", "").replace("\u2212", "-")),
    /** Half a unit of its last place: what printing took off, at most. */
    rounded: word.includes(".") ? 0.5 * 10 ** -(word.split(".")[1] ?? "").length : 0,
  }));

/** Products behind a figure of these networks, at most, forwards and backwards through all layers. */
const SUM_LENGTH = 20_000;

/**
 * The same words; counts the same; measured figures apart by what printing rounds on both sides, and by what sums of
 * `SUM_LENGTH` products in f32 may (8 · √K · 2⁻²⁴ of the largest figure of the section, four times for Σ|a||b|).
 */
function expectSameFigures(got: string, want: string, where: string): void {
  expect(got.replaceAll(NUMBER, "#"), where).toBe(want.replaceAll(NUMBER, "#"));
  const [a, b] = [valuesOf(got), valuesOf(want)];
  const most = Math.max(...b.filter(({ rounded }) => rounded > 0).map(({ value }) => Math.abs(value)), 1);
  const arithmetic = 8 * Math.sqrt(SUM_LENGTH) * 2 ** -24 * 4 * most;
  a.forEach(({ value, rounded }, index) => {
    const other = b[index] ?? { value: Number.NaN, rounded: 0 };
    const allowed = rounded === 0 ? 0 : rounded + other.rounded + arithmetic;
    if (!(Math.abs(value - other.value) <= allowed))
      throw new Error(`${where}: figure ${index} reads ${value}, the CPU backend's ${other.value}, in: ${want}`);
  });
}

function expectSamePictures(got: readonly ImageData[], want: readonly ImageData[], where: string): void {
  expect(got.length, where).toBe(want.length);
  got.forEach((picture, index) => {
    const other = want[index];
    expect([picture.width, picture.height], where).toEqual([other?.width, other?.height]);
    const worst = picture.data.reduce(
      (most, level, at) => Math.max(most, Math.abs(level - (other?.data[at] ?? 999))),
      0,
    );
    // A colour between two levels may fall to either side.
    expect(worst, `${where}, picture ${index}`).toBeLessThanOrEqual(1);
  });
}

const small: readonly (readonly [string, readonly Row[], number])[] = [
  ["the reference network", preset("reference"), 20],
  ["a residual block, a pooling and means of maps", decodeRows("c4_r8_p_g_d") ?? [], 5],
  ["hidden dense layers and dropout", decodeRows("c6.5_p_f_d24.relu_o_d") ?? [], 5],
];

describe("every figure shown is the CPU backend's", () => {
  it.each(small)("%s, trained on WebGPU", async (_, rows, steps) => {
    const digits = drawnDigits();
    const model = buildDesign(rows, IMAGE, 3);
    const backend = await webgpu();
    const onGpu = await trainerOf(model, backend);
    await onGpu.fit(digits, { steps });
    const twin = buildDesign(rows, IMAGE, 3);
    const reference = await trainerOf(twin, cpu());
    await reference.restore(await onGpu.checkpoint());
    const pixels = drawings[25] as Float32Array;
    const got = await look(onGpu, model, pixels);
    const want = await look(reference, twin, pixels);
    expectSameFigures(got.answer, want.answer, "the answer");
    expect(got.sections.map(({ title }) => title)).toEqual(want.sections.map(({ title }) => title));
    // The gradient of the loss is beside each kernel's weights, and says where they would go.
    for (const { title, text } of got.sections.filter((section) => section.title.startsWith("Convolution")))
      expect(text, title).toMatch(/should be 3: −ln\(\d.*Gradient of the loss.*\d\n[↑↓]/s);
    got.sections.forEach(({ title, text, pictures }, index) => {
      const other = want.sections[index];
      expectSameFigures(text, other?.text ?? "", title);
      expectSamePictures(pictures, other?.pictures ?? [], title);
    });
    onGpu.dispose();
    backend.dispose();
    reference.dispose();
  });
});

describe("the gradient of a kernel", () => {
  it("is the loss's, of the weights beside it, and a step moves each of them against it", async () => {
    makePage();
    const model = buildDesign(decodeRows("c4_p_c6_f_d") ?? [], IMAGE, 3);
    const trainer = await trainerOf(model, cpu());
    const pixels = drawings[25] as Float32Array;
    const asked: (boolean | undefined)[] = [];
    const view = new LazyInsideView({
      inspect(image, options) {
        asked.push(options.parameterGradients);
        return trainer.inspect(image, options);
      },
      predict: async (images) => (await trainer.predict(images)).data,
      parameters: async () => model.parameters,
      model: () => model,
      steps: () => 0,
    });
    view.visible = true;
    view.pixels = pixels;
    const walk = document.querySelector("#walk") as HTMLElement;
    await until("the walk", () => !walk.hidden && walk.ariaBusy === "false");
    // They cost a program of their own, which is compiled for those who look.
    expect(asked).toEqual([false]);
    await showGradients(walk, 3);
    const convolution = walk.querySelectorAll(".step-conv")[1] as HTMLElement;
    convolution.querySelectorAll<HTMLButtonElement>(".strip button")[4]?.click();
    convolution.querySelectorAll<HTMLButtonElement>(".channels button")[2]?.click();
    const [weights, moves] = convolution.querySelectorAll(".kernel-gradient table") as unknown as [Element, Element];
    const [, filter = 0, map = 0] = /filter (\d+) for map (\d+)/.exec(weights.ariaLabel ?? "")?.map(Number) ?? [];
    expect(filter).toBe(5);
    const times = Number(/× ([\d,]+)/.exec(moves.ariaLabel ?? "")?.[1]?.replaceAll(",", "") ?? 1);
    const cells = (table: Element) => Array.from(table.querySelectorAll("td"), (cell) => cell.textContent ?? "");
    const { parameters, parameterGradients } = await trainer.inspect(pixels, { target: 3, parameterGradients: true });
    cells(moves).forEach((words, place) => {
      // [3, 3, 4, 6]
      const at = (place * 4 + (map - 1)) * 6 + filter - 1;
      const slope = times * (parameterGradients?.get("conv2d_1/kernel")?.data[at] ?? Number.NaN);
      const weight = parameters.get("conv2d_1/kernel")?.data[at] ?? Number.NaN;
      const [gradient, direction] = words.split("\n");
      const zero = Math.abs(slope) < 0.0005;
      expect(Math.abs((valuesOf(gradient ?? "")[0]?.value ?? Number.NaN) - slope)).toBeLessThanOrEqual(0.0005001);
      expect(direction).toBe(zero ? "" : slope < 0 ? "↑" : "↓");
      expect(valuesOf(cells(weights)[place] ?? "")[0]?.value).toBeCloseTo(weight, 2);
    });
    trainer.dispose();
  });
});

describe("the walk has a step for every layer that does something", () => {
  const STEPS: Readonly<Record<string, string>> = {
    conv2d: "Convolution",
    maxPooling2d: "Max pooling",
    batchNormalization: "Batch normalisation",
    activation: "ReLU",
    add: "Addition",
    globalAveragePooling2d: "Mean of each map",
    flatten: "Flattening",
    dense: "Dense layer",
  };

  it.each(PRESETS)("in the preset %s, with its counts, and without a figure that is no number", async (name) => {
    const model = buildDesign(preset(name), IMAGE, 1);
    const trainer = await trainerOf(model, cpu());
    const { sections } = await look(trainer, model, drawings[25] as Float32Array, { covering: false });
    const layers = model.layers.slice(0, -1).filter(({ layer }) => layer.config.kind !== "dropout");
    const titles = sections.map(({ title }) => title.replace(/ \d+$/, ""));
    expect(titles).toEqual([
      "Pixels are neurons",
      ...layers.map(({ layer }) => STEPS[layer.config.kind]),
      "The answer",
      "Where it looked",
      "How the kernels formed",
      "Filters by hand",
    ]);
    layers.forEach(({ outputShape }, index) => {
      const total = outputShape.reduce((product, extent) => product * extent, 1).toLocaleString("en");
      expect(sections[index + 1]?.text).toContain(total);
    });
    for (const { title, text } of sections) expect(text, title).not.toMatch(/NaN|undefined|Infinity/);
    trainer.dispose();
  });
});

describe("the whys of the reference network", () => {
  it("are answered with its own numbers, those of the text that the project grew from", async () => {
    const model = buildDesign(preset("reference"), IMAGE, 1);
    const trainer = await trainerOf(model, cpu());
    const { sections } = await look(trainer, model, drawings[25] as Float32Array, { covering: false });
    const said = (title: string) =>
      sections.find((section) => section.title === title)?.text.replaceAll("\u202f", " ") ?? "";
    expect(said("Pixels are neurons")).toContain("set its 50,186 parameters");
    const first = said("Convolution 1");
    expect(first).toContain("3 · 3 · 1 · 32 weights + 32 biases = 320");
    // (784 + 1) · 25,088
    expect(first).toContain("would have 19,694,080 parameters");
    expect(first).toContain("225,792 multiply-adds in this layer");
    // 224² · 32 values of 3 · 3 · 3 products each
    expect(first).toContain("224 × 224 × 32 = 1,605,632 neurons, with 43,352,064 multiply-adds");
    // 14² · 64 · 3 · 3 · 32, and four times as many on 28².
    expect(said("Max pooling 1")).toContain(
      "has 3,612,672 multiply-adds. Without this pooling it would have 14,450,688: 4 times",
    );
    expect(said("Convolution 2")).toContain(
      "depends on 8 × 8 pixels of the picture, one of the first convolution on 3 × 3",
    );
    expect(said("How the kernels formed")).toContain("√(2 / 9) = 0.471");
    trainer.dispose();
  });
});

describe("the camera in the filters by hand", () => {
  const devices = navigator.mediaDevices;
  let answer: () => Promise<MediaStream>;

  beforeEach(() => {
    Object.defineProperty(navigator, "mediaDevices", {
      configurable: true,
      value: { getUserMedia: () => answer() },
    });
  });
  afterEach(() => Object.defineProperty(navigator, "mediaDevices", { configurable: true, value: devices }));

  /** A camera in front of a grey wall, which gets lighter. */
  function wall(): { stream: MediaStream; paint: (level: number) => void } {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [640, 480];
    const context = canvas.getContext("2d") as CanvasRenderingContext2D;
    const paint = (level: number) => {
      context.fillStyle = `rgb(${level} ${level} ${level})`;
      context.fillRect(0, 0, 640, 480);
    };
    paint(0);
    return { stream: canvas.captureStream(), paint };
  }

  it("shows what it sees, filtered, until the view is left; then its light goes out", async () => {
    const { view, filters, close } = await openView();
    const { stream, paint } = wall();
    answer = async () => stream;
    const source = filters.querySelector("#filter-source") as HTMLSelectElement;
    choose(source, "camera");
    const [before, after] = filters.querySelectorAll("canvas") as unknown as [HTMLCanvasElement, HTMLCanvasElement];
    let level = 0;
    await until("the camera's picture", () => {
      level = (level + 1) % 200;
      paint(level);
      return before.width === 160;
    });
    expect([before.height, after.width, after.height]).toEqual([120, 160, 120]);
    view.visible = false;
    expect(stream.getTracks().map(({ readyState }) => readyState)).toEqual(["ended"]);
    expect(source.value).toBe("drawing");
    expect(before.width).toBe(28);
    close();
  });

  it.each([
    ["NotAllowedError", /refused\. Allow it/],
    ["NotFoundError", /No camera was found/],
    ["NotReadableError", /another program/],
  ])("%s: says what is in the way, and shows the test picture", async (name, words) => {
    const { filters, close } = await openView();
    answer = () => Promise.reject(new DOMException("", name));
    const source = filters.querySelector("#filter-source") as HTMLSelectElement;
    choose(source, "camera");
    await until("the answer", () => source.value === "scene");
    expect(filters.querySelector('[role="status"]')?.textContent).toMatch(words);
    close();
  });

  it("a permission that comes after the view was left turns nothing on", async () => {
    const { view, filters, close } = await openView();
    const { stream } = wall();
    let allow: (stream: MediaStream) => void = () => undefined;
    answer = () => new Promise((resolve) => (allow = resolve));
    choose(filters.querySelector("#filter-source") as HTMLSelectElement, "camera");
    view.visible = false;
    allow(stream);
    await until("the end of the camera", () => stream.getTracks().every(({ readyState }) => readyState === "ended"));
    close();
  });
});

describe("the time-lapse of the kernels", () => {
  it("goes to a moment by its slider, and plays them all", async () => {
    makePage();
    const memory = new KernelMemory();
    const step = new KernelsStep(memory);
    document.body.append(step.element);
    const moment = (value: number) => ({ shape: [3, 3, 1, 2], data: new Float32Array(18).fill(value) });
    for (const at of [0, 8, 16]) memory.remember(at, moment(at / 16));
    step.render();
    const label = () => step.element.querySelector("label")?.textContent;
    const slider = step.element.querySelector("input") as HTMLInputElement;
    expect(label()).toBe("After 16 steps");
    slider.value = "0";
    slider.dispatchEvent(new Event("input"));
    expect(label()).toBe("Before any training");
    step.element.querySelector("button")?.click();
    const shown = new Set<string | null | undefined>();
    await until("the last moment", () => shown.add(label()).size > 0 && label() === "After 16 steps");
    expect([...shown]).toEqual(["Before any training", "After 8 steps", "After 16 steps"]);
    expect(step.element.querySelector("button")?.textContent).toBe("Play the training");
  });
});

describe("while the network trains", () => {
  /** Opens the view beside a training of some steps; the sizes of the canvases that were seen drawn into, by their places. */
  async function watch(): Promise<Map<string, string>> {
    makePage();
    const model = buildDesign(decodeRows("c4_p_f_d") ?? [], IMAGE, 3);
    const backend = await webgpu();
    const trainer = await trainerOf(model, backend);
    let training = true;
    const view = new LazyInsideView({
      inspect: (image, options) => trainer.inspect(image, options),
      predict: async (images) => (await trainer.predict(images)).data,
      draw: (image, pictures) => trainer.draw(image, pictures),
      drawer: () => trainer,
      training: () => training,
      parameters: async () => model.parameters,
      model: () => model,
      steps: () => trainer.stats().steps,
    });
    view.visible = true;
    view.pixels = drawings[25] as Float32Array;
    const walk = document.querySelector("#walk") as HTMLElement;
    await until("the walk", () => !walk.hidden && walk.ariaBusy === "false");
    document.querySelector(".step-conv .strip")?.scrollIntoView();
    view.refresh();
    const seen = new Map<string, string>();
    const digits = drawnDigits();
    // Until maps have moved, and some steps in any case; a busy machine has few frames.
    const end = performance.now() + 30_000;
    for (let turn = 0; turn < 8 || (performance.now() < end && seen.size < 2 && !still()); turn++) {
      await trainer.fit(digits, { steps: 5 });
      for (const canvas of document.querySelectorAll<HTMLCanvasElement>(".live:not([hidden])"))
        seen.set(canvas.parentElement?.className ?? "", `${canvas.width} ${canvas.height}`);
    }
    training = false;
    view.refresh();
    await until("the rest", () => document.querySelector(".live:not([hidden])") === null);
    trainer.dispose();
    backend.dispose();
    return seen;
  }

  const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

  it("maps on the screen move: one over the large map, one over all of them", async () => {
    const seen = await watch();
    expect(seen.get("grid-frame")).toMatch(/^(28 28|14 14)$/);
    expect(seen.has("strip")).toBe(true);
  });

  it("nothing moves where motion is not wanted", async () => {
    const { matchMedia } = window;
    window.matchMedia = (query) =>
      query.includes("reduced-motion") ? ({ matches: true } as MediaQueryList) : matchMedia.call(window, query);
    try {
      expect(await watch()).toEqual(new Map());
    } finally {
      window.matchMedia = matchMedia;
    }
  });
});
