/** Probabilities that mean what they say. */
import { expect, it } from "vitest";
import { atTemperature, fitTemperature } from "../../demo/temperature.ts";
import { RandomData } from "../support/random.ts";

/** Scores [count, 10] and labels drawn by lot from softmax(scores / temperature). */
function drawn(count: number, temperature: number) {
  const random = new RandomData(5);
  const data = Float32Array.from(random.normals(count * 10), (value) => 3 * value);
  const labels = Array.from({ length: count }, (_, row) => {
    const shares = Array.from(data.subarray(row * 10, row * 10 + 10), (score) => Math.exp(score / temperature));
    let left = random.uniform() * shares.reduce((sum, share) => sum + share, 0);
    for (const [label, share] of shares.entries()) {
      left -= share;
      if (left < 0) return label;
    }
    return 9;
  });
  return { scores: { shape: [count, 10], data }, labels };
}

it.each([0.5, 1, 2.5])("finds the temperature %s that labels were drawn at", (temperature) => {
  const { scores, labels } = drawn(2000, temperature);
  expect(fitTemperature(scores, labels) / temperature).toBeCloseTo(1, 1);
});

it("stays within its bounds where every answer is right, or wrong", () => {
  const scores = { shape: [2, 2], data: Float32Array.of(9, 0, 0, 9) };
  expect(fitTemperature(scores, [0, 1])).toBeCloseTo(0.2, 3);
  expect(fitTemperature(scores, [1, 0])).toBeCloseTo(5, 2);
});

it("changes nothing where the scores are no numbers, or there are none", () => {
  expect(fitTemperature({ shape: [1, 2], data: Float32Array.of(Number.NaN, 0) }, [0])).toBe(1);
  expect(fitTemperature({ shape: [0, 2], data: new Float32Array(0) }, [])).toBe(1);
});

it("gives the softmax of scores divided by the temperature, from the softmax of the scores", () => {
  const scores = [2, -1, 0.5];
  const softmax = (temperature: number) => {
    const shares = scores.map((score) => Math.exp(score / temperature));
    const sum = shares.reduce((before, share) => before + share, 0);
    return Float32Array.from(shares, (share) => share / sum);
  };
  for (const temperature of [0.5, 1, 3]) {
    const [found, wanted] = [atTemperature(softmax(1), temperature), softmax(temperature)];
    for (const [index, share] of found.entries()) expect(share).toBeCloseTo(wanted[index] ?? 0, 5);
  }
  // A share of 0 stays the smallest.
  expect(Array.from(atTemperature(Float32Array.of(1, 0), 0.5))).toEqual([1, 0]);
});
