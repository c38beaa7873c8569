import { describe, expect, it } from "vitest";
import { ArgumentError, ShapeError } from "../../src/core/errors.ts";
import { dataSource } from "../../src/data/data_source.ts";
import { dataset } from "../../src/data/dataset.ts";
import { sample, subset, take } from "../../src/data/subset.ts";
import { withoutClass } from "../../src/data/without_class.ts";

const images = Uint8Array.from({ length: 12 }, (_, index) => index * 20);
const three = dataset({ images, labels: [0, 2, 1], shape: [2, 2, 1] });

describe("dataset", () => {
  it("knows its count and, from the largest label, its classes", () => {
    expect(three).toEqual({ images, labels: Int32Array.of(0, 2, 1), shape: [2, 2, 1], count: 3, classes: 3 });
    expect(dataset({ images, labels: Uint8Array.of(0, 0, 0), shape: [4], classes: 10 }).classes).toBe(10);
  });

  it("takes floats as they are and clamped bytes as bytes, without a copy", () => {
    const floats = new Float32Array(4);
    expect(dataset({ images: floats, labels: [0], shape: [4] }).images).toBe(floats);
    const clamped = new Uint8ClampedArray(4);
    expect(dataset({ images: clamped, labels: [0], shape: [4] }).images.buffer).toBe(clamped.buffer);
  });

  it("takes images as lists of their own, nested or not, and names of classes", () => {
    const nested = dataset({
      images: [
        [[0], [1]],
        [[0.5], [2]],
      ],
      labels: [0, 1],
      shape: [2, 1],
      classNames: ["low", "high"],
    });
    expect(nested).toEqual({
      ...{ images: Float32Array.of(0, 1, 0.5, 2), labels: Int32Array.of(0, 1), shape: [2, 1], count: 2, classes: 2 },
      classNames: ["low", "high"],
    });
    const bytes = dataset({ images: [Uint8Array.of(1, 2), Uint8ClampedArray.of(3, 4)], labels: [0, 0], shape: [2] });
    expect(bytes.images).toEqual(Uint8Array.of(1, 2, 3, 4));
    // Bytes are pixels at every entrance.
    const mixed = dataset({ images: [Uint8Array.of(255, 0), [0.25, 7]], labels: [0, 0], shape: [2] });
    expect(mixed.images).toEqual(Float32Array.of(1, 0, 0.25, 7));
  });

  it("gives images by their numbers, a copy in that order", () => {
    const weighted = { ...three, sampleWeights: Float32Array.of(1, 2, 3), names: ["a", "b", "c"] };
    const picked = subset(weighted, [2, 0, 2]);
    expect(picked).toEqual({
      ...{ images: Uint8Array.of(...images.subarray(8), ...images.subarray(0, 4), ...images.subarray(8)), count: 3 },
      ...{ labels: Int32Array.of(1, 0, 1), sampleWeights: Float32Array.of(3, 1, 3), names: ["c", "a", "c"] },
      ...{ shape: [2, 2, 1], classes: 3 },
    });
    expect(picked.images.buffer).not.toBe(images.buffer);
  });

  it("gives images by their numbers of what is read when it is needed", async () => {
    const source = dataSource({
      ...{ count: 5, sampleShape: [1], labels: [0, 1, 0, 1, 0] },
      read: (rows, into) => into.set(rows.map((row) => 10 * row)),
    });
    const part = subset(subset(source, [4, 2, 0]), 1, 2);
    const into = new Uint8Array(2);
    await part.read?.([1, 0], into, { signal: new AbortController().signal });
    expect([[...into], [...part.labels]]).toEqual([
      [0, 20],
      [0, 0],
    ]);
  });

  it("goes on without a class", () => {
    const named = { ...three, classNames: ["a", "b", "c"] };
    expect(withoutClass(named, 1)).toEqual({
      ...{ images: images.slice(0, 8), labels: Int32Array.of(0, 1), shape: [2, 2, 1], count: 2, classes: 2 },
      classNames: ["a", "c"],
    });
  });

  it("gives parts as views, and single images as floats", () => {
    expect(subset(three, 1, 2)).toEqual({
      ...three,
      images: images.subarray(4),
      labels: Int32Array.of(2, 1),
      count: 2,
    });
    expect(take(three, 2).count).toBe(2);
    expect(take(three, 99).count).toBe(3);
    expect(sample(three, 1)).toEqual({ image: Float32Array.of(80 / 255, 100 / 255, 120 / 255, 140 / 255), label: 2 });
  });

  it.each<[string, () => unknown, new (message: string) => Error, RegExp]>([
    ["no images", () => dataset({ images: new Uint8Array(), labels: [], shape: [4] }), ArgumentError, /no labels/],
    [
      "images that are too few",
      () => dataset({ images, labels: [0, 1], shape: [2, 2, 1] }),
      ShapeError,
      /2 labels.*\[2, 2, 1\].*8 values.*12 \(3 images\)/,
    ],
    ["a shape with a zero", () => dataset({ images, labels: [0], shape: [0, 2] }), ShapeError, /at least 1/],
    [
      "a negative label",
      () => dataset({ images, labels: [0, -1, 0], shape: [4] }),
      ArgumentError,
      /label -1 of image 1/,
    ],
    [
      "a broken label",
      () => dataset({ images, labels: [0, 0.5, 0], shape: [4] }),
      ArgumentError,
      /label 0.5 of image 1/,
    ],
    [
      "a label that is no number",
      () => dataset({ images, labels: [0, Number.NaN, 0], shape: [4] }),
      ArgumentError,
      /label NaN of image 1/,
    ],
    [
      "a label beyond the classes",
      () => dataset({ images, labels: [0, 1, 2], shape: [4], classes: 2 }),
      ArgumentError,
      /label 2 of image 2.*2 classes/,
    ],
    [
      "a broken number of classes",
      () => dataset({ images, labels: [0, 1, 2], shape: [4], classes: 2.5 }),
      ArgumentError,
      /classes/,
    ],
    [
      "an image of another size in a list",
      () =>
        dataset({
          images: [
            [1, 2, 3, 4],
            [1, 2],
          ],
          labels: [0, 1],
          shape: [4],
        }),
      ShapeError,
      /image 1 has 2 values; one of \[4\] has 4/,
    ],
    [
      "something else in a list",
      () => dataset({ images: [[1], ["a"]] as unknown as number[][], labels: [0, 1], shape: [1] }),
      ArgumentError,
      /image 1, entry 0: got "a"/,
    ],
    [
      "as many names as there are no classes",
      () => dataset({ images, labels: [0, 1, 0], shape: [4], classes: 3, classNames: ["a", "b"] }),
      ArgumentError,
      /3 classes have 2 classNames/,
    ],
    [
      "a label that has no name",
      () => dataset({ images, labels: [0, 1, 2], shape: [4], classNames: ["a", "b"] }),
      ArgumentError,
      /label 2 of image 2/,
    ],
    ["numbers of images that are not there", () => subset(three, [0, 3]), ArgumentError, /image 3 is not in/],
    ["numbers of no images", () => subset(three, []), ArgumentError, /0 images/],
    ["a class that is not there", () => withoutClass(three, 3), ArgumentError, /3 is none of the labels/],
    [
      "nothing but one class without it",
      () => withoutClass(dataset({ images, labels: [0, 0, 0], shape: [4], classes: 2 }), 0),
      ArgumentError,
      /nothing would be left/,
    ],
    ["a part beyond the end", () => subset(three, 2, 2), ArgumentError, /2 images from number 2/],
    ["a sample beyond the end", () => sample(three, 3), ArgumentError, /image 3/],
    ["no images taken", () => take(three, 0), ArgumentError, /take/],
  ])("refuses %s", (_, attempt, type, message) => {
    expect(attempt).toThrow(type);
    expect(attempt).toThrow(message);
  });
});
