/** Pictures without a canvas: in Node, and what is plain arithmetic everywhere. */
import { describe, expect, it } from "vitest";
import { pictureValues } from "../../src/data/picture.ts";
import { resized } from "../../src/data/resize.ts";
import { ArgumentError, type ClassifierImage, normalizeDigitImage, ShapeError } from "../../src/index.ts";
import { mnistFile } from "../support/mnist_files.ts";
import { seenBy } from "../support/pixel_classifier.ts";

const AUTO = { background: "auto", invert: undefined } as const;

/** Pixels of these values of red, green, blue and alpha. */
function pixels(width: number, ...colors: readonly (readonly [number, number, number, number])[]) {
  return { width, height: colors.length / width, data: Uint8ClampedArray.from(colors.flat()) };
}

const BLACK = [0, 0, 0, 255] as const;
const WHITE = [255, 255, 255, 255] as const;
const CLEAR = [0, 0, 0, 0] as const;

describe("the values of pixels", () => {
  it("opaque colours are c / 255 to the bit, and grey is their luma", () => {
    const colors = Array.from({ length: 256 }, (_, c) => [c, c, c, 255] as const);
    const values = pictureValues(pixels(16, ...colors), 3, AUTO);
    expect(values).toEqual(
      Float32Array.from(
        colors.flatMap(([c]) => [c, c, c]),
        (c) => c / 255,
      ),
    );
    expect(pictureValues(pixels(1, [255, 128, 0, 255]), 1, { ...AUTO, invert: false })[0]).toBeCloseTo(
      0.299 + (0.587 * 128) / 255,
      6,
    );
  });

  it("half-transparent white is 0.502 over black and 1 over white", () => {
    const half = pixels(2, [255, 255, 255, 128], [255, 255, 255, 128]);
    expect(pictureValues(half, 1, AUTO)).toEqual(Float32Array.of(128 / 255, 128 / 255));
    expect(pictureValues(half, 3, { ...AUTO, background: [255, 255, 255] })).toEqual(new Float32Array(6).fill(1));
  });

  it("dark ink on a transparent ground goes over white, light ink over black", () => {
    const drawing = (ink: readonly [number, number, number, number]) =>
      pixels(3, CLEAR, CLEAR, CLEAR, CLEAR, ink, CLEAR, CLEAR, CLEAR, CLEAR);
    const want = Float32Array.of(0, 0, 0, 0, 1, 0, 0, 0, 0);
    expect(pictureValues(drawing(BLACK), 1, AUTO)).toEqual(want);
    expect(pictureValues(drawing(WHITE), 1, AUTO)).toEqual(want);
    expect(pictureValues(drawing(BLACK), 1, { ...AUTO, invert: false })).toEqual(want.map((value) => 1 - value));
    expect(pictureValues(pixels(2, CLEAR, CLEAR), 1, AUTO)).toEqual(new Float32Array(2));
  });
});

it("digits of MNIST come out as they are, be they light on dark, dark on light, or ink on a transparent ground", () => {
  const mnist = mnistFile("t10k-images-idx3-ubyte").subarray(16);
  for (let index = 0; index < 300; index++) {
    const digit = [...mnist.subarray(index * 784, (index + 1) * 784)];
    const want = Float32Array.from(digit, (ink) => ink / 255);
    const grey = (level: number) => [level, level, level, 255] as const;
    for (const colors of [
      digit.map((ink) => grey(ink)),
      digit.map((ink) => grey(255 - ink)),
      digit.map((ink) => [0, 0, 0, ink] as const),
      digit.map((ink) => [255, 255, 255, ink] as const),
    ]) {
      const values = pictureValues(pixels(28, ...colors), 1, AUTO);
      expect(values.findIndex((value, place) => Math.abs(value - (want[place] ?? 0)) > 1e-6)).toBe(-1);
    }
  }
});

describe("resized", () => {
  it("takes the mean of what a pixel covers, by whole pixels and by parts", () => {
    const row = pixels(4, BLACK, WHITE, WHITE, WHITE);
    expect([...pictureValues(resized(row, 2, 1), 1, { ...AUTO, invert: false })]).toEqual([0.5, 1]);
    const three = pixels(3, BLACK, WHITE, BLACK);
    const [left, right] = pictureValues(resized(three, 2, 1), 1, { ...AUTO, invert: false });
    expect(left).toBeCloseTo(1 / 3, 6);
    expect(right).toBeCloseTo(1 / 3, 6);
  });

  it("is linear between pixels where it enlarges", () => {
    const values = pictureValues(resized(pixels(2, BLACK, WHITE), 4, 1), 1, { ...AUTO, invert: false });
    expect([...values]).toEqual([0, 0.25, 0.75, 1]);
    expect(pictureValues(resized(pixels(1, WHITE), 3, 2), 1, { ...AUTO, invert: false })).toEqual(
      new Float32Array(6).fill(1),
    );
  });

  it("leaves no trace of colours that cannot be seen", () => {
    const { data } = resized(pixels(2, [255, 0, 0, 0], [0, 0, 255, 255]), 1, 1);
    expect([...data]).toEqual([0, 0, 255, 127.5]);
  });

  it("keeps the mean of any picture, to any size that divides its own", () => {
    const source = pixels(
      12,
      ...Array.from({ length: 96 }, (_, index) => [(index * 37) % 256, (index * 91) % 256, index, 255] as const),
    );
    const mean = (values: Float32Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const whole = mean(pictureValues(source, 3, AUTO));
    for (const [width, height] of [
      [6, 4],
      [3, 8],
      [12, 2],
      [1, 1],
    ] as const) {
      expect(mean(pictureValues(resized(source, width, height), 3, AUTO))).toBeCloseTo(whole, 5);
    }
  });
});

describe("pictures in Node", () => {
  const seen = (image: unknown) => seenBy([2, 2, 1], image as ClassifierImage);

  it("pixels are taken as they are, in any size, as an object or as bytes", async () => {
    const white = pixels(4, ...new Array<typeof WHITE>(16).fill(WHITE));
    const dot = pixels(2, BLACK, BLACK, BLACK, WHITE);
    expect((await seen(white)).every((value) => Math.abs(value - 1) < 1e-5)).toBe(true);
    for (const one of [dot, dot.data, Uint8Array.from(dot.data)]) {
      expect([...(await seen(one))].map((value) => Math.round(value * 1e4) / 1e4)).toEqual([0, 0, 0, 1]);
    }
  });

  it("what is no picture is an ArgumentError with what to give, never a name that does not exist here", async () => {
    for (const [given, told] of [
      [null, /got null/],
      [undefined, /got undefined/],
      ["seven.png", /createImageBitmap/],
      [new URL("https://example.org/7.png"), /createImageBitmap/],
      [new Blob([]), /createImageBitmap/],
      [new ArrayBuffer(4), /new Uint8Array\(buffer\)/],
      [new DataView(new ArrayBuffer(4)), /new Float32Array\(buffer\)/],
      [BigInt64Array.of(1n, 2n, 3n, 4n), /Float32Array\.from\(values, Number\)/],
      [[1n, 2n, 3n, 4n], /entry 0: got the BigInt 1n/],
      [["1", "2", "3", "4"], /entry 0: got "1"/],
      [[0, 0, 0, undefined], /entry 3: got undefined/],
      [{ shape: [2, 2, 1], data: new Float32Array(4) }, /give its data/],
      [new Set([0, 0, 0, 0]), /Float32Array\.from\(values\)/],
      [{ width: 2, height: 2, data: new Float32Array(16) }, /must be bytes/],
      [{ width: 2, height: 3, data: new Uint8Array(16) }, /16 bytes for 2 × 3 pixels/],
      [{ width: 2, height: 2, data: new Uint8Array(0) }, /transferred/],
      [Promise.resolve(1), /await it/],
    ] as const) {
      await expect(seen(given)).rejects.toThrow(ArgumentError);
      await expect(seen(given)).rejects.toThrow(told);
    }
    await expect(seen(new Float32Array(5))).rejects.toThrow(ShapeError);
  });

  it("normalizeDigitImage takes pixels too, and refuses what is no picture", () => {
    const bar = Array.from({ length: 100 }, (_, index) =>
      index % 10 === 4 && index > 20 && index < 80 ? BLACK : WHITE,
    );
    const grey = Float32Array.from(bar, ([red]) => red);
    const want = normalizeDigitImage(grey, 10, 10);
    expect(want?.some((value) => value > 0.9)).toBe(true);
    expect(normalizeDigitImage(pixels(10, ...bar) as ImageData)).toEqual(want);
    expect(normalizeDigitImage([...grey], 10, 10)).toEqual(want);
    expect(normalizeDigitImage(Float64Array.from(grey), 10, 10)).toEqual(want);
    expect(() => normalizeDigitImage("7.png" as never)).toThrow(ArgumentError);
    expect(() => normalizeDigitImage(grey as never)).toThrow(ArgumentError);
    expect(() => normalizeDigitImage(grey, 10, 10, { inverted: true } as object)).toThrow(/did you mean "invert"/);
  });

  it("background and invert are checked by createClassifier", async () => {
    const white = pixels(2, WHITE, WHITE, WHITE, WHITE);
    const refused = (options: object) => expect(seenBy([2, 2, 1], white as ImageData, options)).rejects;
    await refused({ background: "blue" }).toThrow(/background must be .*"#rrggbb".*got "blue"/);
    await refused({ background: [0, 0, 256] }).toThrow(ArgumentError);
    await refused({ background: null }).toThrow(ArgumentError);
    await refused({ invert: "yes" }).toThrow(/invert must be "auto", true or false, got "yes"/);
    await refused({ inverse: true }).toThrow(/did you mean "invert"/);
  });
});
