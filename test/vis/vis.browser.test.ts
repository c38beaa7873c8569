/** "corteza/vis": tables that equal the data, canvases that are drawn, on light and dark pages, at any width. */
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { cpu } from "../../src/cpu/backend.ts";
import { conv2d, createTrainer, dataset, dense, flatten, sequential } from "../../src/index.ts";
import type { EpochEvent } from "../../src/train/types.ts";
import { ticks } from "../../src/vis/plot.ts";
import {
  countHistogram,
  showConfusion,
  showHistogram,
  showHistory,
  showKernels,
  showMaps,
  showSummary,
} from "../../src/vis.ts";

afterEach(() => document.body.replaceChildren());

function place(style = "width: 600px", lang = "en"): HTMLElement {
  const element = document.createElement("div");
  element.setAttribute("style", style);
  element.lang = lang;
  document.body.append(element);
  return element;
}

const rootOf = (element: HTMLElement) => element.firstElementChild!.shadowRoot!;
const canvasOf = (element: HTMLElement) => rootOf(element).querySelector("canvas")!;
/** The table's text, row by row. */
const tableOf = (element: HTMLElement) =>
  [...rootOf(element).querySelectorAll("tr")].map((row) => [...row.cells].map((cell) => cell.textContent ?? ""));

/** The canvas' colours, and how many pixels each has. */
function colors(element: HTMLElement): Map<string, number> {
  const canvas = canvasOf(element);
  const found = new Map<string, number>();
  const { data } = canvas.getContext("2d")!.getImageData(0, 0, canvas.width, canvas.height);
  for (let at = 0; at < data.length; at += 4) {
    if (data[at + 3] === 0) continue;
    const name = data.subarray(at, at + 4).join();
    found.set(name, (found.get(name) ?? 0) + 1);
  }
  return found;
}
const drawn = (element: HTMLElement) => [...colors(element).values()].reduce((sum, count) => sum + count, 0);
/** Waits until something is on the canvas. */
const painted = (element: HTMLElement) => expect.poll(() => drawn(element), { timeout: 30_000 }).toBeGreaterThan(50);

const epoch = (index: number, more: Partial<EpochEvent> = {}): EpochEvent => ({
  ...{ epoch: index, loss: 1 / (index + 1), accuracy: 0.5 + index / 10, metrics: {}, learningRate: 0.001, seconds: 2 },
  ...more,
});

describe("showHistory", () => {
  it("has a row for each epoch, and curves", async () => {
    const element = place();
    showHistory(element, {
      epochs: [epoch(0), epoch(1, { validationLoss: 0.75, validationAccuracy: 0.625 })],
      stepLosses: [2, 1, Number.NaN, 0.5],
    });
    await painted(element);
    expect(tableOf(element)).toEqual([
      ["Epoch", "Loss", "Accuracy", "Validation loss", "Validation accuracy", "Learning rate", "Seconds"],
      ["1", "1", "50%", "–", "–", "0.001", "2"],
      ["2", "0.5", "60%", "0.75", "62.5%", "0.001", "2"],
    ]);
    expect(canvasOf(element).ariaLabel).toBe("Curves of a training: 2 epochs, 4 steps");
    // Both series.
    expect([...colors(element).keys()]).toEqual(expect.arrayContaining(["42,75,198,255", "189,77,0,255"]));
  });

  it("follows each fit of a trainer, beside the listeners that it has, until it is disposed", async () => {
    const model = sequential({ inputShape: [4], seed: 1 }, [dense({ units: 2 })]);
    const trainer = await createTrainer(model, {
      ...{ backend: cpu(), loss: "sparseCategoricalCrossentropy", optimizer: "adam", batchSize: 2 },
    });
    const data = dataset({ images: new Float32Array(24), labels: [0, 1, 0, 1, 0, 1], shape: [4] });
    const element = place();
    const { fit } = trainer;
    const shown = showHistory(element, trainer);
    const heard: string[] = [];
    const history = await trainer.fit(data, {
      ...{ epochs: 2, onStep: () => heard.push("step"), onEpoch: () => heard.push("epoch") },
    });
    expect(heard.filter((one) => one === "step").length).toBe(6);
    expect(heard.filter((one) => one === "epoch").length).toBe(2);
    const written = (value: number) => new Intl.NumberFormat("en", { maximumSignificantDigits: 4 }).format(value);
    const losses = () =>
      tableOf(element)
        .slice(1)
        .map((row) => row[1]);
    expect(losses()).toEqual(history.epochs.map(({ loss }) => written(loss)));
    expect(canvasOf(element).ariaLabel).toContain("2 epochs, 6 steps");
    await trainer.fit(data);
    expect(losses().length).toBe(3);
    await painted(element);
    shown.dispose();
    expect(element.childElementCount).toBe(0);
    expect(trainer.fit).toBe(fit);
    trainer.dispose();
  });

  it("is empty at first, and takes what fit tells", async () => {
    const element = place("width: 300px");
    const shown = showHistory(element);
    await painted(element);
    expect(rootOf(element).querySelector("caption")?.textContent).toContain("Nothing yet");
    shown.onEpoch(epoch(0));
    expect(tableOf(element).length).toBe(2);
    expect(() => showHistory(place(), { epochs: 3 } as never)).toThrow("wants what fit gives");
  });
});

describe("showConfusion", () => {
  it("has the counts, names, and what is right of each class", async () => {
    const element = place();
    showConfusion(
      element,
      [
        [8, 2, 0],
        [0, 5, 0],
        [0, 0, 0],
      ],
      { classNames: ["cat", "dog", "cow"] },
    );
    await painted(element);
    expect(tableOf(element)).toEqual([
      ["true \\ predicted", "cat", "dog", "cow", "Right"],
      ["cat", "8", "2", "0", "80%"],
      ["dog", "0", "5", "0", "100%"],
      ["cow", "0", "0", "0", "–"],
    ]);
    expect(canvasOf(element).ariaLabel).toBe("Confusion matrix: 86.7% of 15 right");
    // The cell that is all right is as dark as the accent.
    expect([...colors(element).keys()]).toContain("42,75,198,255");
  });

  it("takes what evaluate gives, and updates", () => {
    const element = place();
    const shown = showConfusion(element, {
      confusion: [
        [1, 0],
        [1, 2],
      ],
    });
    expect(tableOf(element)[2]).toEqual(["1", "1", "2", "66.7%"]);
    shown.update([[4]]);
    expect(tableOf(element)[1]).toEqual(["0", "4", "100%"]);
    expect(() => showConfusion(element, [[1], [2]])).toThrow("row 0 has 1 counts for 2 classes");
    expect(() => showConfusion(element, [[1]], { classNames: [] })).toThrow("0 names for 1 classes");
    expect(() => showConfusion(element, "no" as never)).toThrow("wants counts");
    // What is wrong leaves what is there.
    expect(tableOf(element)[1]).toEqual(["0", "4", "100%"]);
  });
});

describe("showMaps and showKernels", () => {
  it("draw each map in its colours, with its least, mean and largest value", async () => {
    const element = place("width: 400px");
    // Map 0 is 0, 1, 2, 3; map 1 its negative.
    showMaps(element, { shape: [2, 2, 2], data: Float32Array.of(0, 0, 1, -1, 2, -2, 3, -3) });
    await painted(element);
    expect(tableOf(element)).toEqual([
      ["Map", "Least", "Mean", "Most"],
      ["0", "0", "1.5", "3"],
      ["1", "-3", "-1.5", "0"],
    ]);
    expect(canvasOf(element).ariaLabel).toBe("2 maps of 2×2");
    // 0, and three values above and three below it.
    expect([...colors(element).values()].filter((count) => count > 20).length).toBe(7);
    expect(() => showMaps(element, { shape: [2, 2, 2], data: new Float32Array(3) })).toThrow("is 8 values");
    expect(() => showMaps(element, [1, 2] as never)).toThrow("wants a tensor");
  });

  it("takes the kernel of a layer of a model", async () => {
    const model = sequential({ inputShape: [6, 6, 2], seed: 1 }, [
      ...[conv2d({ filters: 3, kernelSize: 3 }), flatten(), dense({ units: 2 })],
    ]);
    const element = place();
    showKernels(element, model);
    await painted(element);
    const kernel = model.parameters.get("conv2d/kernel")!;
    const rows = tableOf(element).slice(1);
    expect(rows.map(([name]) => name)).toEqual(["0 → 0", "0 → 1", "0 → 2", "1 → 0", "1 → 1", "1 → 2"]);
    const one = Array.from(kernel.data).filter((_, at) => at % 6 === 4);
    const number = new Intl.NumberFormat("en", { maximumSignificantDigits: 4 });
    expect(rows[4]?.[1]).toBe(number.format(Math.min(...one)));
    expect(rows[4]?.[3]).toBe(number.format(Math.max(...one)));
    showKernels(element, model, { layer: "dense" });
    expect(canvasOf(element).ariaLabel).toBe("1 kernels of 48×2");
    expect(() => showKernels(element, model, { layer: "flatten" })).toThrow("those with one: conv2d, dense");
  });
});

describe("showHistogram", () => {
  it("counts every value once, and zeros, NaN and infinite values beside", async () => {
    const element = place();
    const values = [0, 0, 1, 2, 3, 4, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN];
    showHistogram(element, values, { bins: 2 });
    await painted(element);
    expect(tableOf(element)).toEqual([
      ["Range", "Count"],
      ["0 … 2", "3"],
      ["2 … 4", "3"],
      ["Zeros", "2"],
      ["NaN", "2"],
      ["∞", "1"],
      ["−∞", "1"],
    ]);
    expect(canvasOf(element).ariaLabel).toBe("Histogram of 6 values from 0 to 4, 2 NaN, 2 infinite");
    showHistogram(element, { data: new Float32Array(0) });
    expect(canvasOf(element).ariaLabel).toBe("Nothing yet");
    expect(() => showHistogram(element, 3 as never)).toThrow("wants numbers or a tensor");
    expect(() => showHistogram(element, [1], { bins: 0 })).toThrow("bins must be");
  });

  it("puts each number into the part of the range that holds it, whatever the numbers", () => {
    fc.assert(
      fc.property(fc.array(fc.double(), { maxLength: 40 }), fc.integer({ min: 1, max: 9 }), (values, bins) => {
        const counts = countHistogram(values, { bins });
        const inBins = counts.bins.reduce((sum, { count }) => sum + count, 0);
        const { nan, positiveInfinity, negativeInfinity } = counts;
        expect(inBins + nan + positiveInfinity + negativeInfinity).toBe(values.length);
        expect(inBins).toBe(values.filter(Number.isFinite).length);
        for (const { from, to } of counts.bins) expect(from).toBeLessThanOrEqual(to);
        if (inBins > 0) {
          const finite = values.filter(Number.isFinite);
          expect(counts.bins[0]?.from).toBe(finite.reduce((low, value) => Math.min(low, value)));
          expect(counts.bins.at(-1)?.to).toBe(finite.reduce((high, value) => Math.max(high, value)));
        }
      }),
      { numRuns: Number(import.meta.env["VITE_RUNS"] ?? 100) },
    );
  });
});

describe("showSummary", () => {
  it("has the rows of summary() and their totals, open", async () => {
    const model = sequential({ inputShape: [28, 28, 1] }, [
      ...[conv2d({ filters: 32, kernelSize: 3, padding: "same" }), flatten(), dense({ units: 10 })],
    ]);
    const element = place();
    showSummary(element, model);
    await painted(element);
    const { rows, parameters, neurons } = model.summary();
    const table = tableOf(element);
    const digits = (text = "") => Number(text.replaceAll(",", ""));
    expect(table.slice(1, -1).map((row) => [row[0], row[2], digits(row[3]), digits(row[4])])).toEqual(
      rows.map((row) => [row.name, row.outputShape.join("×"), row.neurons, row.parameters]),
    );
    expect(table.at(-1)?.[0]).toBe("Total");
    expect([digits(table.at(-1)?.[3]), digits(table.at(-1)?.[4])]).toEqual([neurons, parameters]);
    expect(rootOf(element).querySelector("details")?.open).toBe(true);
    showSummary(element, model.summary());
    expect(tableOf(element)).toEqual(table);
    expect(() => showSummary(element, {} as never)).toThrow("wants a model");
  });
});

describe("every picture", () => {
  it("follows the width of its element, and the colour of the page's text", async () => {
    const element = place("width: 600px; color: white");
    showHistory(element, { epochs: [epoch(0)], stepLosses: [1, 2] });
    await painted(element);
    // On a dark page the series are light.
    expect([...colors(element).keys()]).toContain("142,166,255,255");
    expect([...colors(element).keys()]).toContain("255,255,255,255");
    const before = canvasOf(element).clientHeight;
    element.style.width = "300px";
    await expect.poll(() => canvasOf(element).width).toBe(300 * devicePixelRatio);
    expect(canvasOf(element).clientHeight).toBe(2 * before);
  });

  it("takes the place of the one before, speaks Spanish, and wants an element", () => {
    const element = place("width: 300px", "es-AR");
    showHistogram(element, [1.5, 2.5]);
    showConfusion(element, [[1]]);
    expect(element.childElementCount).toBe(1);
    expect(rootOf(element).querySelector("summary")?.textContent).toBe("Como tabla");
    expect(() => showHistogram(null as never, [1])).toThrow("wants an element of the page");
  });
});

it("axes have two to six round numbers within what they span", () => {
  fc.assert(
    fc.property(
      fc.double({ min: -1e6, max: 1e6, noNaN: true }),
      fc.double({ min: 1e-3, max: 1e6, noNaN: true }),
      (from, span) => {
        const found = ticks(from, from + span);
        expect(found.length).toBeGreaterThanOrEqual(1);
        expect(found.length).toBeLessThanOrEqual(6);
        for (const tick of found) {
          expect(tick).toBeGreaterThanOrEqual(from - 1e-6 * span);
          expect(tick).toBeLessThanOrEqual(from + span + 1e-6 * span);
        }
      },
    ),
    { numRuns: Number(import.meta.env["VITE_RUNS"] ?? 100) },
  );
});
