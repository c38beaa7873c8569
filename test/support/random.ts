import { randomKey, randomNormal, randomUniform } from "../../src/core/random.ts";
import {
  type ConvGeometry,
  convGeometry,
  type Padding,
  type Pair,
  type PoolGeometry,
  poolGeometry,
} from "../../src/core/window_geometry.ts";
import type { Pool2dOptions } from "../../src/graph/ops/max_pool2d.ts";

/** Seeded test data; the seed goes into the test's name so that a failure can be repeated. */
export class RandomData {
  readonly #key: number;
  #counter = 0;

  constructor(seed: number) {
    this.#key = randomKey(seed);
  }

  /** Uniform in (0, 1). */
  uniform(): number {
    return randomUniform(this.#key, this.#counter++);
  }

  /** A whole number from `least` to `most`, both included. */
  integer(least: number, most: number): number {
    return least + Math.floor(this.uniform() * (most - least + 1));
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.integer(0, choices.length - 1)] as T;
  }

  normals(count: number): Float64Array {
    return Float64Array.from({ length: count }, () => Math.fround(randomNormal(this.#key, this.#counter++)));
  }

  /** Small whole numbers: sums of their products are exact in f32, in any order. */
  integers(count: number, most = 3): Float64Array {
    return Float64Array.from({ length: count }, () => this.integer(-most, most));
  }

  /** Values no two of which are closer than 0.01 × 2/3, in random order: a maximum over them has no near-ties. */
  distinct(count: number): Float64Array {
    const order = Array.from({ length: count }, (_, i) => i);
    for (let i = count - 1; i > 0; i--) {
      const j = this.integer(0, i);
      [order[i], order[j]] = [order[j] as number, order[i] as number];
    }
    return Float64Array.from(order, (rank) => Math.fround((rank - count / 2) * 0.01 + 0.003 * (this.uniform() - 0.5)));
  }

  /** A convolution of few operations: any kernel, stride, dilation, padding and grouping that fits. */
  conv(options: { most?: number; batch?: number } = {}): ConvGeometry {
    const most = options.most ?? 9;
    for (;;) {
      const groups = this.pick([1, 1, 1, 2, 3]);
      const inChannels = groups * this.pick([1, 2, 3, 4, 5, 8]);
      const outChannels = groups * this.pick([1, 2, 3, 4, 6, 8, 9]);
      const kernel: Pair = [this.integer(1, 4), this.integer(1, 4)];
      const strides: Pair = [this.pick([1, 1, 2, 3, 5]), this.pick([1, 1, 2, 3, 5])];
      const dilations: Pair = [this.pick([1, 1, 2]), this.pick([1, 1, 2])];
      const padding: Padding = this.pick<Padding>([
        "same",
        "valid",
        [
          [this.integer(0, 2), this.integer(0, 2)],
          [this.integer(0, 2), this.integer(0, 2)],
        ],
      ]);
      const input = [options.batch ?? this.pick([1, 2, 3]), this.integer(1, most), this.integer(1, most), inChannels];
      const filter = [kernel[0], kernel[1], inChannels / groups, outChannels];
      try {
        return convGeometry("random", input, filter, { strides, padding, dilations, groups });
      } catch {
        // The kernel is larger than the image: draw again.
      }
    }
  }

  /** A pooling of few operations: overlapping or spaced windows, dilated, padded, rounded up, whatever fits. */
  pool(options: { most?: number; batch?: number } = {}): { input: number[]; options: Required<Pool2dOptions> } {
    const most = options.most ?? 9;
    for (;;) {
      const size: Pair = [this.integer(1, 3), this.integer(1, 3)];
      const pool = {
        size,
        strides: [this.integer(1, 4), this.integer(1, 4)] as const,
        dilations: [this.pick([1, 1, 2]), this.pick([1, 1, 2])] as const,
        padding: this.pick<Padding>([
          "same",
          "valid",
          [
            [this.integer(0, size[0] - 1), this.integer(0, size[0] - 1)],
            [this.integer(0, size[1] - 1), this.integer(0, size[1] - 1)],
          ],
        ]),
        ceilMode: this.uniform() < 0.3,
      };
      const batch = options.batch ?? this.pick([1, 2]);
      const input = [batch, this.integer(1, most), this.integer(1, most), this.integer(1, 4)];
      try {
        poolGeometry("random", input, pool);
        return { input, options: pool };
      } catch {
        // The window does not fit: draw again.
      }
    }
  }
}

/** Whether some window of a pooling lies on padding alone, as dilation can bring about: its maximum is −∞. */
export function hasEmptyWindow(g: PoolGeometry): boolean {
  const misses = (extent: number, out: number, kernel: number, stride: number, dilation: number, pad: number) =>
    Array.from({ length: out }, (_, window) =>
      Array.from({ length: kernel }, (_, tap) => window * stride - pad + tap * dilation),
    ).some((places) => places.every((place) => place < 0 || place >= extent));
  return (
    misses(g.inHeight, g.outHeight, g.kernelHeight, g.strideHeight, g.dilationHeight, g.padTop) ||
    misses(g.inWidth, g.outWidth, g.kernelWidth, g.strideWidth, g.dilationWidth, g.padLeft)
  );
}

/** Sizes that no tile divides, for every family beside the random ones: a batch of 61, images of 27 × 29. */
export const AWKWARD_INPUTS: readonly (readonly number[])[] = [
  [61, 5, 5, 3],
  [2, 27, 29, 4],
  [1, 27, 29, 1],
];

/** What identifies a geometry in a test's name. */
export function describeConv(g: ConvGeometry): string {
  return (
    `[${g.batch},${g.inHeight},${g.inWidth},${g.inChannels}] * [${g.kernelHeight},${g.kernelWidth},${g.groupInChannels},${g.outChannels}]` +
    ` s${g.strideHeight}${g.strideWidth} d${g.dilationHeight}${g.dilationWidth} p${g.padTop}${g.padBottom}${g.padLeft}${g.padRight} g${g.groups}`
  );
}

/** Options of `Graph.conv2d` that give this geometry. */
export function convOptions(g: ConvGeometry) {
  return {
    strides: [g.strideHeight, g.strideWidth] as const,
    padding: [
      [g.padTop, g.padBottom],
      [g.padLeft, g.padRight],
    ] as const,
    dilations: [g.dilationHeight, g.dilationWidth] as const,
    groups: g.groups,
  };
}
