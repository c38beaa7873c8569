/** Augmentation by loops of WebAssembly's backend: every number as the CPU backend has it. */
import { afterAll, describe, expect, it } from "vitest";
import type { ImageAugmentation } from "../../src/core/augmentation.ts";
import { cpu } from "../../src/cpu/backend.ts";
import { Graph } from "../../src/graph.ts";
import { openWasm } from "../../src/wasm/backend.ts";
import { RandomData } from "../support/random.ts";

const SEED = 91;
const backends = [cpu(), await openWasm()];
afterAll(() => {
  for (const backend of backends) backend.dispose();
});

const EVERYTHING: ImageAugmentation = {
  ...{ shift: 2, rotate: 15, zoom: 0.2, shear: 10, flip: "both", crop: 2, contrast: 0.4, brightness: 0.3 },
  ...{ noise: 0.1, cutout: 0.4 },
};

const CASES: readonly (readonly [string, number, ImageAugmentation, boolean])[] = [
  ["moves", 1, { shift: 2, rotate: 12, zoom: 0.1, shear: 10 }, false],
  ["moves, nearest outside", 3, { shift: 4, rotate: 30, fill: "nearest" }, false],
  ["moves, mirrored outside", 2, { shift: 9, zoom: 0.5, fill: "reflect" }, false],
  ["crops and flips whole pixels", 3, { crop: 3, flip: "both", fillValue: 0.25 }, false],
  ["mirrors, left and right", 4, { flip: "horizontal" }, false],
  ["colours within 0…1", 3, { contrast: 0.6, brightness: 0.5, saturation: 0.7 }, true],
  ["noise and a square cut out", 1, { noise: 0.3, cutout: 0.5, fillValue: -1 }, false],
  ["everything, of one channel", 1, { ...EVERYTHING, fill: "reflect" }, true],
  ["everything, of three channels", 3, { ...EVERYTHING, saturation: 0.5, fillValue: 0.5 }, false],
];

describe(`images are changed as by the CPU backend (seed ${SEED})`, () => {
  it.each(CASES)("%s", async (_, channels, options, clip) => {
    const shape = [5, 9, 12, channels];
    const data = Float32Array.from(new RandomData(SEED).normals(5 * 9 * 12 * channels), (value) => 0.5 + 0.2 * value);
    const results = await Promise.all(
      backends.map(async (backend) => {
        const graph = new Graph();
        const x = graph.input("x", shape);
        const changed = graph.augmentImages(x, graph.input("batch", [], "u32"), { ...options, seed: 3, clip });
        const program = await backend.compile(graph, { outputs: { changed } });
        const { changed: result } = await program.run({ x: data, batch: Uint32Array.of(7) });
        program.dispose();
        return result?.data;
      }),
    );
    // Contrast's mean is of a sum in f32 there, of 108 values a channel.
    const allowed = options.contrast ? 108 * 2 ** -24 : 0;
    const [want = [], got = []] = results;
    const apart = Array.from(want, (value, index) => Math.abs(value - (got[index] ?? Number.NaN)));
    expect(Math.max(...apart)).toBeLessThanOrEqual(allowed);
    expect(results[1]).not.toEqual(data);
  });
});
