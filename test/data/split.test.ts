import { describe, expect, it } from "vitest";
import { ArgumentError, dataset, multiDataset, split } from "../../src/index.ts";

/** Image number n is all n; its class is 0 in the first 60 of 100 rows, then 1. */
const rows = 100;
const whole = dataset({
  images: Uint8Array.from({ length: rows * 4 }, (_, index) => Math.floor(index / 4)),
  labels: Uint8Array.from({ length: rows }, (_, row) => (row < 60 ? 0 : 1)),
  shape: [2, 2, 1],
  sampleWeights: Float32Array.from({ length: rows }, (_, row) => row / 10),
});
const numbers = (part: typeof whole) => Array.from({ length: part.count }, (_, row) => part.images[row * 4]);
const range = (first: number, last: number) => Array.from({ length: last - first }, (_, index) => first + index);

describe("split", () => {
  it("keeps the last share for validation, as Keras' validation_split, without a copy", () => {
    const { training, validation } = split(whole, { validation: 0.2 });
    expect(numbers(training)).toEqual(range(0, 80));
    expect(numbers(validation)).toEqual(range(80, 100));
    expect(validation.images.buffer).toBe(whole.images.buffer);
    expect(validation.labels).toEqual(new Int32Array(20).fill(1));
    expect(validation.sampleWeights?.[0]).toBeCloseTo(8);
  });

  it.each([
    [10, 0.1, 9],
    [10, 0.9, 1],
    [10, 0.25, 7],
    [3, 0.5, 1],
    [60_000, 0.1, 54_000],
    [7, 0.3, 4],
  ])("of %i images at %f trains on ⌊count · (1 − share)⌋ = %i", (count, validation, kept) => {
    const images = dataset({ images: new Uint8Array(count), labels: new Uint8Array(count), shape: [1] });
    const parts = split(images, { validation });
    expect([parts.training.count, parts.validation.count]).toEqual([kept, count - kept]);
  });

  it("with a seed takes random images, the same ones for the same seed, and loses none", () => {
    const first = split(whole, { validation: 0.2, seed: 1 });
    expect([...numbers(first.training), ...numbers(first.validation)].sort((a, b) => Number(a) - Number(b))).toEqual(
      range(0, 100),
    );
    expect(first.validation.count).toBe(20);
    expect(numbers(first.validation)).not.toEqual(range(80, 100));
    expect(split(whole, { validation: 0.2, seed: 1 })).toEqual(first);
    expect(split(whole, { validation: 0.2, seed: 2 })).not.toEqual(first);
    for (const part of [first.training, first.validation]) {
      numbers(part).forEach((number, row) => {
        expect(part.labels[row]).toBe(Number(number) < 60 ? 0 : 1);
        expect(part.sampleWeights?.[row]).toBeCloseTo(Number(number) / 10);
      });
    }
  });

  it("stratified keeps the share of each class, the last of each where there is no seed", () => {
    const { training, validation } = split(whole, { validation: 0.2, stratified: true });
    expect(numbers(validation)).toEqual([...range(48, 60), ...range(92, 100)]);
    expect(training.count).toBe(80);
    const random = split(whole, { validation: 0.2, stratified: true, seed: 3 }).validation;
    expect(random.labels.filter((label) => label === 0)).toHaveLength(12);
    expect(random.count).toBe(20);
  });

  it("keeps as many images with classes as without, where shares are no whole numbers", () => {
    const labels = [0, 0, 0, 1, 1, 1, 2, 2, 2, 9];
    const odd = dataset({ images: new Float32Array(10), labels, shape: [1] });
    const { training, validation } = split(odd, { validation: 0.4, stratified: true });
    expect([training.count, validation.count]).toEqual([6, 4]);
    expect([0, 1, 2].map((label) => validation.labels.filter((one) => one === label).length)).toEqual([2, 1, 1]);
    expect(training.labels).toContain(9);
    expect([training.classes, validation.classes]).toEqual([10, 10]);
  });

  it("divides every input and output of a data set alike", () => {
    const several = multiDataset({
      inputs: {
        left: { images: whole.images, shape: [2, 2, 1] },
        right: { images: Float32Array.from(range(0, 100)), shape: [1] },
      },
      outputs: {
        digit: { labels: whole.labels },
        sum: { targets: Float32Array.from(range(0, 200)), targetShape: [2] },
      },
    });
    const { validation } = split(several, { validation: 0.1, seed: 5 });
    const own = numbers(validation).map(Number);
    expect(Array.from(validation.more?.inputs[0]?.images ?? [])).toEqual(own);
    expect(Array.from(validation.more?.outputs[0]?.targets?.data ?? [])).toEqual(
      own.flatMap((n) => [2 * n, 2 * n + 1]),
    );
  });

  it.each([0, 1, -0.5, Number.NaN, 20])("refuses a share of %f", (validation) => {
    expect(() => split(whole, { validation })).toThrow(ArgumentError);
    expect(() => split(whole, { validation })).toThrow(/split: validation must be a share above 0 and below 1/);
  });

  it("refuses parts without images, classes that are not there, and unknown options", () => {
    const one = dataset({ images: new Uint8Array(1), labels: [0], shape: [1] });
    expect(() => split(one, { validation: 0.5 })).toThrow(/split: 1 images cannot be split/);
    const targets = dataset({ images: new Uint8Array(4), targets: new Float32Array(4), shape: [1] });
    expect(() => split(targets, { validation: 0.5, stratified: true })).toThrow(/stratified wants class labels/);
    expect(split(targets, { validation: 0.5, seed: 1 }).training.targets?.data).toHaveLength(2);
    expect(() => split(whole, { validation: 0.2, stratify: true } as never)).toThrow(/did you mean "stratified"/);
  });

  it("lets files' names say which images validate", () => {
    const names = Array.from({ length: rows }, (_, row) => `films_val_/${row % 4 === 0 ? "val_" : ""}${row}.png`);
    const { training, validation } = split({ ...whole, names }, { validation: "val_" });
    expect(numbers(validation)).toEqual(range(0, 25).map((row) => 4 * row));
    expect(training.count).toBe(75);
    expect(validation.names?.[1]).toBe("films_val_/val_4.png");
    expect(() => split({ ...whole, names }, { validation: "test_" })).toThrow(
      /no image's file begins with "test_"; one part would be empty. The first is "films_val_\/val_0.png"/,
    );
    expect(() => split({ ...whole, names }, { validation: "" })).toThrow(/every image's file begins with ""/);
    expect(() => split(whole, { validation: "val_" })).toThrow(/wants a data set whose images have names/);
    expect(() => split({ ...whole, names }, { validation: "val_", seed: 1 })).toThrow(/there is no choice left/);
  });

  it("keeps groups of images together, and the share nearly", () => {
    // Ten films of different lengths, mixed.
    const names = Array.from({ length: rows }, (_, row) => `film${Math.floor(Math.sqrt((row * 37) % 100))}_${row}.png`);
    const groupBy = (name: string) => name.split("_")[0] ?? "";
    const sides: string[] = [];
    for (const seed of [undefined, 1, 2, 3]) {
      const { training, validation } = split(
        { ...whole, names },
        { validation: 0.3, groupBy, ...(seed ? { seed } : {}) },
      );
      expect([...numbers(training), ...numbers(validation)].sort((a, b) => Number(a) - Number(b))).toEqual(
        range(0, rows),
      );
      const [trained, unseen] = [training, validation].map((part) => new Set(part.names?.map(groupBy)));
      for (const film of unseen ?? []) expect(trained).not.toContain(film);
      // The largest film has 19 images.
      expect(Math.abs(validation.count - 30)).toBeLessThanOrEqual(10);
      sides.push([...(unseen ?? [])].sort().join());
    }
    expect(new Set(sides).size).toBeGreaterThan(2);
    expect(() => split({ ...whole, names }, { validation: 0.3, groupBy: () => "one" })).toThrow(
      /all images the same group/,
    );
    expect(() => split({ ...whole, names }, { validation: 0.3, groupBy, stratified: true })).toThrow(
      /do not go together/,
    );
    expect(() => split(whole, { validation: 0.3, groupBy })).toThrow(
      /groupBy wants a data set whose images have names/,
    );
    expect(() => split({ ...whole, names }, { validation: 0.3, groupBy: "film" as never })).toThrow(
      /groupBy must be a function/,
    );
  });
});
