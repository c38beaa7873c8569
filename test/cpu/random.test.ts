import { describe, expect, it } from "vitest";
import {
  hashString,
  permutationHalfBits,
  permute,
  randomBits,
  randomKey,
  randomNormal,
  randomUniform,
} from "../../src/core/random.ts";

const SEED = 20261123;
const KEY = randomKey(SEED);

describe(`counter-based random numbers (seed ${SEED})`, () => {
  it("permute is a bijection for every count up to 130, around powers of four, and for MNIST", () => {
    const counts = [...Array.from({ length: 130 }, (_, i) => i + 1), 255, 256, 257, 1023, 1024, 1025, 4097, 60_000];
    for (const count of counts) {
      const seen = new Set(Array.from({ length: count }, (_, index) => permute(KEY, index, count)));
      expect(seen.size, `count ${count}`).toBe(count);
      expect(Math.max(...seen), `count ${count}`).toBe(count - 1);
    }
  });

  it("permute orders every epoch differently, and moves most rows", () => {
    const orders = [0, 1].map((epoch) =>
      Array.from({ length: 1000 }, (_, index) => permute(randomKey(SEED, epoch), index, 1000)),
    );
    const same = orders[0]!.filter((row, index) => row === orders[1]![index]).length;
    expect(same).toBeLessThan(10);
    expect(orders[0]!.filter((row, index) => row === index).length).toBeLessThan(10);
  });

  it("the permuted domain is the smallest power of four that holds the count", () => {
    expect([1, 4, 5, 16, 17, 60_000].map(permutationHalfBits)).toEqual([1, 1, 2, 2, 3, 8]);
  });

  // 6 standard errors each: a right generator fails once in 10⁸ seeds.
  const COUNT = 100_000;
  const moments = (draw: (key: number, counter: number) => number) => {
    const values = Array.from({ length: COUNT }, (_, i) => draw(KEY, i));
    const mean = values.reduce((a, b) => a + b) / COUNT;
    const central = (power: number) => values.reduce((sum, x) => sum + (x - mean) ** power, 0) / COUNT;
    return { mean, variance: central(2), fourth: central(4), least: Math.min(...values), most: Math.max(...values) };
  };

  it("uniform numbers have mean 1/2 and variance 1/12, within the open interval", () => {
    const { mean, variance, least, most } = moments(randomUniform);
    expect(Math.abs(mean - 1 / 2)).toBeLessThan(6 * Math.sqrt(1 / 12 / COUNT));
    expect(Math.abs(variance - 1 / 12)).toBeLessThan(6 * Math.sqrt(1 / 180 / COUNT));
    expect(least).toBeGreaterThan(0);
    expect(most).toBeLessThan(1);
  });

  it("normal numbers have mean 0, variance 1 and fourth moment 3", () => {
    const { mean, variance, fourth } = moments(randomNormal);
    expect(Math.abs(mean)).toBeLessThan(6 / Math.sqrt(COUNT));
    expect(Math.abs(variance - 1)).toBeLessThan(6 * Math.sqrt(2 / COUNT));
    expect(Math.abs(fourth - 3)).toBeLessThan(6 * Math.sqrt(96 / COUNT));
  });

  it("each of the 32 bits is set half of the time", () => {
    const set = new Array<number>(32).fill(0);
    for (let i = 0; i < 10_000; i++) {
      const bits = randomBits(KEY, i);
      for (let bit = 0; bit < 32; bit++) set[bit] = set[bit]! + ((bits >>> bit) & 1);
    }
    for (const count of set) expect(Math.abs(count - 5000)).toBeLessThan(6 * 50);
  });

  it("depend on the key and the counter alone, and on every part of the key", () => {
    expect(randomUniform(KEY, 77)).toBe(randomUniform(randomKey(SEED), 77));
    const keys = [
      randomKey(1),
      randomKey(2),
      randomKey(1, 0),
      randomKey(1, 1),
      randomKey(1, 0, 0),
      randomKey(2 ** 32 + 1),
    ];
    expect(new Set(keys).size).toBe(keys.length);
    expect(new Set(["conv2d/kernel", "conv2d/bias", ""].map(hashString)).size).toBe(3);
  });
});
