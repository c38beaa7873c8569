import { describe, expect, it } from "vitest";
import { ArgumentError, ShapeError } from "../../src/core/errors.ts";
import { dataset, sample, subset, take } from "../../src/data/dataset.ts";

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
    ["a part beyond the end", () => subset(three, 2, 2), ArgumentError, /2 images from number 2/],
    ["a sample beyond the end", () => sample(three, 3), ArgumentError, /image 3/],
    ["no images taken", () => take(three, 0), ArgumentError, /take/],
  ])("refuses %s", (_, attempt, type, message) => {
    expect(attempt).toThrow(type);
    expect(attempt).toThrow(message);
  });
});
