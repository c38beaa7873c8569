import { describe, expect, it } from "vitest";
import { checkImageAugmentation, drawAugmentation, type ImageAugmentation } from "../../src/core/augmentation.ts";
import { cpu } from "../../src/cpu/backend.ts";
import { Graph } from "../../src/graph.ts";
import { ArgumentError } from "../../src/index.ts";
import { RandomData } from "../support/random.ts";

const SEED = 11;
/** Width and height of the test's images. */
const [HEIGHT, WIDTH] = [5, 4];

/** `batch` copies of an image [HEIGHT, WIDTH, channels], augmented as batch number `number`. */
async function copies(
  image: readonly number[],
  options: ImageAugmentation & { clip?: boolean },
  { batch = 40, number = 3 } = {},
): Promise<number[][]> {
  const graph = new Graph();
  const channels = image.length / HEIGHT / WIDTH;
  const all = Float32Array.from({ length: batch * image.length }, (_, index) => image[index % image.length] as number);
  const x = graph.constant(all, [batch, HEIGHT, WIDTH, channels]);
  const y = graph.augmentImages(x, graph.constant(number, [], "u32"), { ...options, seed: SEED });
  const program = await cpu().compile(graph, { outputs: { y } });
  const { data } = (await program.run({}))["y"] as { data: ArrayLike<number> };
  program.dispose();
  return Array.from({ length: batch }, (_, index) =>
    Array.from(data).slice(index * image.length, (index + 1) * image.length),
  );
}

/** Numbers that tell each pixel: row · 10 + column, and 1. */
const grid = Array.from({ length: HEIGHT * WIDTH }, (_, index) => 10 * Math.floor(index / WIDTH) + (index % WIDTH) + 1);
const drawn = (options: ImageAugmentation, place: number) =>
  drawAugmentation(checkImageAugmentation("test", options), [HEIGHT, WIDTH], [SEED, 3, place]);
const at = (image: readonly number[], row: number, column: number) => image[row * WIDTH + column] as number;
const gridOf = (value: (row: number, column: number) => number) =>
  grid.map((_, index) => value(Math.floor(index / WIDTH), index % WIDTH));

describe("augmentation of images", () => {
  it.each([
    ["horizontal", [gridOf((row, column) => at(grid, row, WIDTH - 1 - column))]],
    ["vertical", [gridOf((row, column) => at(grid, HEIGHT - 1 - row, column))]],
    [
      "both",
      [
        gridOf((row, column) => at(grid, row, WIDTH - 1 - column)),
        gridOf((row, column) => at(grid, HEIGHT - 1 - row, column)),
        gridOf((row, column) => at(grid, HEIGHT - 1 - row, WIDTH - 1 - column)),
      ],
    ],
  ] as const)("flips %s, each way as often as not", async (flip, mirrored) => {
    const batch = 2000;
    const images = await copies(grid, { flip }, { batch });
    const forms = [grid, ...mirrored].map((form) => form.join());
    const counts = forms.map((form) => images.filter((image) => image.join() === form).length);
    expect(counts.reduce((sum, count) => sum + count)).toBe(batch);
    const share = 1 / forms.length;
    // Five standard deviations of a binomial count.
    for (const count of counts) {
      expect(Math.abs(count - batch * share)).toBeLessThan(5 * Math.sqrt(batch * share * (1 - share)));
    }
  });

  it.each([
    ["constant", (place: number, extent: number) => (place < 0 || place >= extent ? -1 : place)],
    ["nearest", (place: number, extent: number) => Math.min(Math.max(place, 0), extent - 1)],
    // d c b a | a b c d | d c b a, written out.
    [
      "reflect",
      (place: number, extent: number) =>
        [...Array(9).keys()].flatMap((turn) => {
          const line = [...Array(extent).keys()];
          return turn % 2 === 0 ? line : line.reverse();
        })[place + 4 * extent] as number,
    ],
  ] as const)("crops windows out of a frame of %s", async (fill, source) => {
    const crop = 7;
    const images = await copies(grid, { crop, fill, fillValue: -5 });
    const places = new Set<string>();
    images.forEach((image, place) => {
      const { cropRows, cropColumns } = drawn({ crop }, place);
      places.add(`${cropRows} ${cropColumns}`);
      expect(Math.max(Math.abs(cropRows), Math.abs(cropColumns))).toBeLessThanOrEqual(crop);
      const want = gridOf((row, column) => {
        const [fromRow, fromColumn] = [source(row - cropRows, HEIGHT), source(column - cropColumns, WIDTH)];
        return fromRow < 0 || fromColumn < 0 ? -5 : at(grid, fromRow, fromColumn);
      });
      expect(image).toEqual(want);
    });
    expect(places.size).toBeGreaterThan(20);
  });

  it("a shift between pixels blends with what the frame holds", async () => {
    const one = grid.map(() => 1);
    for (const fill of ["nearest", "reflect"] as const) {
      for (const image of await copies(one, { shift: 9, rotate: 40, fill })) {
        for (const value of image) expect(Math.abs(value - 1)).toBeLessThan(2 ** -22);
      }
    }
    const filled = await copies(one, { shift: 40, fillValue: 0.25 });
    expect(new Set(filled.flat())).toContain(0.25);
    expect(Math.min(...filled.flat())).toBe(0.25);
  });

  it("cuts a square out, whose middle is any pixel", async () => {
    const images = await copies(grid, { cutout: 0.5, fillValue: 0 }, { batch: 200 });
    const middles = new Set<number>();
    images.forEach((image, place) => {
      const { cutTop, cutLeft } = drawn({ cutout: 0.5 }, place);
      middles.add((cutTop + 1) * WIDTH + cutLeft + 1);
      // Half of the shorter side of 4.
      const isCut = (row: number, column: number) =>
        row >= cutTop && row < cutTop + 2 && column >= cutLeft && column < cutLeft + 2;
      expect(image).toEqual(gridOf((row, column) => (isCut(row, column) ? 0 : at(grid, row, column))));
    });
    expect(middles.size).toBe(HEIGHT * WIDTH);
  });

  it("changes colours by torchvision's formulas, and keeps them within 0…1 where it is told to", async () => {
    const random = new RandomData(5);
    const image = random.normals(HEIGHT * WIDTH * 3).map((value) => Math.fround(Math.abs(value) / 3));
    const greyOf = (index: number) => {
      const first = index - (index % 3);
      return 0.2989 * (image[first] ?? 0) + 0.587 * (image[first + 1] ?? 0) + 0.114 * (image[first + 2] ?? 0);
    };
    const mean = image.reduce((sum, _, index) => sum + greyOf(index) / image.length, 0);
    const blend = (value: number, other: number, factor: number) => factor * value + (1 - factor) * other;
    for (const [name, other] of [
      ["contrast", () => mean],
      ["brightness", () => 0],
      ["saturation", greyOf],
    ] as const) {
      for (const clip of [false, true]) {
        const images = await copies([...image], { [name]: 0.8, clip });
        const factors = images.map((_, place) => drawn({ [name]: 0.8 }, place)[name]);
        expect(Math.min(...factors)).toBeGreaterThanOrEqual(0.2);
        expect(Math.max(...factors)).toBeLessThan(1.8);
        expect(Math.max(...factors) - Math.min(...factors)).toBeGreaterThan(1);
        images.forEach((one, place) => {
          one.forEach((value, index) => {
            const free = blend(image[index] ?? 0, other(index), factors[place] ?? 0);
            const want = clip ? Math.min(Math.max(free, 0), 1) : free;
            // Rounded to f32 once, and the sum of the mean before.
            expect(Math.abs(value - want)).toBeLessThan(2 ** -22);
          });
        });
      }
    }
  });

  it("adds normal noise, other in each image, each channel and each batch", async () => {
    const batch = 200;
    const flat = new Array<number>(HEIGHT * WIDTH * 2).fill(0.5);
    const images = await copies(flat, { noise: 0.2 }, { batch });
    const values = images.flat().map((value) => value - 0.5);
    const count = values.length;
    const within = (value: number, expected: number, deviation: number) =>
      expect(Math.abs(value - expected)).toBeLessThan((5 * deviation) / Math.sqrt(count));
    within(values.reduce((sum, value) => sum + value, 0) / count, 0, 0.2);
    within(values.reduce((sum, value) => sum + value * value, 0) / count, 0.04, 0.04 * Math.SQRT2);
    expect(new Set(values).size).toBeGreaterThan(0.99 * count);
    expect((await copies(flat, { noise: 0.2 }, { batch, number: 4 })).flat()).not.toEqual(images.flat());
  });

  it("without an option leaves images as they are, and with one draws the others' numbers as before", async () => {
    expect(await copies(grid, {})).toEqual(Array.from({ length: 40 }, () => grid));
    const moved = await copies(grid, { shift: 1 });
    const noisy = await copies(grid, { shift: 1, noise: 1e-30 });
    expect(noisy).toEqual(moved);
  });

  it.each([
    [{ flip: "sideways" }, /flip must be "horizontal", "vertical" or "both", got "sideways"/],
    [{ fill: "mirror" }, /fill must be "constant", "nearest" or "reflect", got "mirror"/],
    [{ crop: 1.5 }, /crop must be a whole number of pixels, 0 to 65535, got 1.5/],
    [{ crop: -1 }, /crop must be/],
    [{ crop: 65536 }, /crop must be/],
    [{ fillValue: Number.NaN }, /fillValue must be a number, got NaN/],
    [{ contrast: 1.5 }, /contrast must be a number from 0 to 1, got 1.5/],
    [{ brightness: -0.1 }, /brightness must be a number from 0 to 1/],
    [{ saturation: Number.NaN }, /saturation must be a number from 0 to 1/],
    [{ cutout: 2 }, /cutout must be a number from 0 to 1/],
    [{ noise: -1 }, /noise must be a standard deviation of at least 0, got -1/],
    [{ noise: Number.POSITIVE_INFINITY }, /noise must be/],
    [{ saturation: 0.5 }, /saturation wants images of 3 channels, these have 1: grey has no colour to change/],
    [{ hue: 0.5 }, /augmentImages: unknown option "hue"/],
  ])("refuses %o, and says why", async (options, message) => {
    const error = await copies(grid, options as ImageAugmentation).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(ArgumentError);
    expect(String(error)).toMatch(message);
  });
});
