import { describe, expect, it } from "vitest";
import { betaShares, SHARES } from "../../src/core/mixing.ts";
import { cpu } from "../../src/cpu/backend.ts";
import { Graph } from "../../src/graph.ts";
import { ArgumentError, ShapeError } from "../../src/index.ts";
import { RandomData } from "../support/random.ts";

const [COUNT, BATCH, HEIGHT, WIDTH] = [37, 8, 6, 5];

/** The plan of a batch: rows of share, partner, top, bottom, left, right. */
async function planOf(mixing: { mixup?: number; cutMix?: number }, cursor: number, batch = BATCH, count = COUNT) {
  const graph = new Graph();
  const options = { ...mixing, count, batch, height: HEIGHT, width: WIDTH, seed: 3 };
  const plan = graph.mixingPlan(graph.constant(cursor, [], "u32"), options);
  const program = await cpu().compile(graph, { outputs: { plan } });
  const { data } = (await program.run({}))["plan"] as { data: ArrayLike<number> };
  return Array.from({ length: batch }, (_, row) => Array.from(data).slice(row * 6, row * 6 + 6)) as [
    ...[share: number, partner: number, top: number, bottom: number, left: number, right: number],
  ][];
}

describe("shares of the Beta distribution", () => {
  it.each([
    // Uniform; the arcsine law; 3 x² − 2 x³.
    [1, (x: number) => x],
    [0.5, (x: number) => (2 / Math.PI) * Math.asin(Math.sqrt(x))],
    [2, (x: number) => 3 * x ** 2 - 2 * x ** 3],
  ])("of alpha %d are its quantiles", (alpha, distribution) => {
    betaShares(alpha).forEach((share, index) => {
      expect(Math.abs(2 * distribution(1 - share) - (1 - (index + 0.5) / SHARES))).toBeLessThan(1e-12);
    });
  });

  it.each([0.01, 0.2, 5, 100])("of alpha %d have its variance, and are at least ½", (alpha) => {
    const shares = betaShares(alpha);
    const variance = shares.reduce((sum, share) => sum + (share - 0.5) ** 2, 0) / SHARES;
    // 1 / (4 (2 α + 1)); the tail beyond the last quantile is what is missing.
    expect(Math.abs(variance * 4 * (2 * alpha + 1) - 1)).toBeLessThan(4 / SHARES);
    expect(shares.every((share, index) => share >= 0.5 && share <= 1 && share >= (shares[index - 1] ?? 0))).toBe(true);
  });
});

describe("a plan of mixing", () => {
  it("has a permutation of the batch's images as partners, of a last, shorter batch too", async () => {
    for (const cursor of [0, 1, 4, 9]) {
      const plan = await planOf({ mixup: 0.2 }, cursor);
      const valid = cursor % 5 === 4 ? 5 : 8;
      const partners = plan.slice(0, valid).map(([, partner]) => partner);
      expect(partners.sort((a, b) => a - b)).toEqual([...Array(valid).keys()]);
      for (const row of plan.slice(valid)) expect(row).toEqual([1, -1, 0, 0, 0, 0]);
    }
    expect(await planOf({ mixup: 0.2 }, 0)).not.toEqual(await planOf({ mixup: 0.2 }, 1));
  });

  it("gives rectangles what they cover, around any pixel, and each image one of both kinds", async () => {
    const plan = await planOf({ cutMix: 1 }, 0, 4000, 4000);
    const middles = new Set<string>();
    for (const [share, , top, bottom, left, right] of plan) {
      expect([top >= 0, bottom <= HEIGHT, left >= 0, right <= WIDTH]).toEqual([true, true, true, true]);
      expect(Math.abs(share - 1 + ((bottom - top) * (right - left)) / (HEIGHT * WIDTH))).toBeLessThan(2 ** -24);
      expect(share).toBeGreaterThanOrEqual(0.5);
      if (bottom - top === 1 && right - left === 1) middles.add(`${top} ${left}`);
    }
    expect(middles.size).toBe(HEIGHT * WIDTH);
    const both = await planOf({ cutMix: 100, mixup: 100 }, 0, 4000, 4000);
    const cut = both.filter(([, , top, bottom]) => bottom > top).length;
    // Five standard deviations of a binomial count.
    expect(Math.abs(cut - 2000)).toBeLessThan(5 * Math.sqrt(1000));
  });

  it("mixes images as it says, and an infinite partner without a share does no harm", async () => {
    const random = new RandomData(4);
    const images = Float32Array.from(random.normals(3 * HEIGHT * WIDTH * 2));
    const size = HEIGHT * WIDTH * 2;
    images[2 * size] = Number.POSITIVE_INFINITY;
    const rows = [
      [0.75, 1, 0, 0, 0, 0],
      [0.8, 0, 1, 4, 2, 5],
      [1, 1, 0, 0, 0, 0],
      [1, 2, 0, 0, 0, 0],
    ];
    const graph = new Graph();
    const all = Float32Array.from([...images, ...images.slice(0, size)]);
    const y = graph.mixImages(graph.constant(all, [4, HEIGHT, WIDTH, 2]), graph.constant(rows.flat(), [4, 6]));
    const program = await cpu().compile(graph, { outputs: { y } });
    const data = Array.from((await program.run({}))["y"]?.data ?? []);
    const of = (image: number, element: number) => all[image * size + element] ?? 0;
    for (let element = 0; element < size; element++) {
      const [row, column] = [Math.floor(element / 2 / WIDTH), Math.floor(element / 2) % WIDTH];
      expect(data[element]).toBe(Math.fround(0.75 * of(0, element) + 0.25 * of(1, element)));
      expect(data[size + element]).toBe(of(row >= 1 && row < 4 && column >= 2 ? 0 : 1, element));
      expect(data[2 * size + element]).toBe(of(2, element));
      expect(data[3 * size + element]).toBe(of(3, element));
    }
  });

  it("refuses alphas and shapes that make none", async () => {
    await expect(planOf({ mixup: -1 }, 0)).rejects.toThrow(/mixup must be a number from 0 to 100/);
    await expect(planOf({ cutMix: Number.NaN }, 0)).rejects.toThrow(ArgumentError);
    await expect(planOf({ cutMix: 1 }, 0, 0)).rejects.toThrow(ArgumentError);
    const graph = new Graph();
    const images = graph.input("x", [4, 2, 2, 1]);
    expect(() => graph.mixImages(images, graph.input("plan", [3, 6]))).toThrow(ShapeError);
    expect(() => graph.mixingPlan(images, { count: 4, batch: 4, height: 2, width: 2, seed: 1 })).toThrow(ShapeError);
  });
});
