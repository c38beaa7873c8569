/** The 1s that the page draws into its training set. */
import { expect, it } from "vitest";
import { withWrittenOnes, writtenCount } from "../../demo/written_ones.ts";
import { sample } from "../../src/data/subset.ts";
import type { Dataset } from "../../src/index.ts";
import { mnistSmall } from "../support/mnist_small.ts";

it("puts a drawn picture in the place of every third 1, the same ones each time, and leaves all else as it was", async () => {
  const mnist = await mnistSmall("train");
  const before = mnist.images.slice();
  const [written, again] = [await withWrittenOnes(mnist), await withWrittenOnes(mnist)];
  const same = (a: Dataset["images"], b: Dataset["images"]) => a.every((value, index) => value === b[index]);
  expect(same(mnist.images, before)).toBe(true);
  expect(same(written.images, again.images)).toBe(true);
  const changed = Array.from({ length: mnist.count }, (_, row) => row).filter((row) => {
    const [old, now] = [sample(mnist, row).image, sample(written, row).image];
    return old.some((value, index) => value !== now[index]);
  });
  expect(changed).toHaveLength(66);
  expect(writtenCount(mnist)).toBe(66);
  expect(new Set(changed.map((row) => mnist.labels[row]))).toEqual(new Set([1]));
  // As much ink as digits have, 20 pixels long, with the centre of mass on pixel 14.
  for (const row of changed) {
    const { image } = sample(written, row);
    const sum = image.reduce((total, value) => total + value, 0);
    expect(sum).toBeGreaterThan(25);
    expect(sum).toBeLessThan(150);
    const x = image.reduce((total, value, index) => total + value * (index % 28), 0) / sum;
    expect(Math.abs(x - 14)).toBeLessThan(0.6);
  }
});
