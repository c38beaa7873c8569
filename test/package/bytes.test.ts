/** What pages fetch of the library as npm would publish it, by four bundlers. `npm run bytes` prints the same as a table. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BUNDLERS, bundleJob, type Fetched, installPacked, JOBS, Pages } from "../../scripts/bytes.mjs";
import { describeEmbedding } from "./embedded.ts";

/** kB of gzip that a bundler's result may not exceed: what is reached, with 0.3 of room. */
const BARS: Readonly<Record<string, number>> = {
  "train the reference network": 79.8,
  "classify with a loaded model": 49.9,
  // Of these 10.7 beside a page that classifies on what bestBackend() opens.
  "read with <digit-pad>": 61.4,
  dataset: 2.5,
  loadSafetensors: 3.2,
  "the import alone": 0.1,
};
/** What unused code imports on demand stays alive for esbuild, and what it shares with the page comes as a whole. */
const OF_ESBUILD: typeof BARS = { "train the reference network": 80.3, dataset: 3.0, loadSafetensors: 4.0 };

/** What no job here wants: a method of the CPU backend, FTRL's option and formula, and an error's text, for which a page has a number. */
const UNWANTED = ["takeNew", "learningRatePower", "L2_SHRINKAGE", "wants an object of options"];
/**
 * What modules of layers say that no job's program has, beside the layers' names, which are in the table of what is fetched on
 * demand too: keywords of automatic names, and names of parameters.
 */
const UNUSED_LAYERS = [
  ...["moving_variance", "layer_normalization", "group_normalization", "unit_normalization", "conv2d_transpose"],
  ...["pointwise_kernel", "up_sampling2d", "zero_padding2d", "leaky_re_lu", "p_re_lu", "average_pooling2d"],
  ...["global_max_pooling2d", "split_tensor", "spatial_dropout2d"],
];

let folder: string;
let pages: Pages;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "corteza-bytes-"));
  [pages] = await Promise.all([Pages.open(), installPacked(folder)]);
}, 120_000);

afterAll(async () => {
  await pages?.close();
  await rm(folder, { recursive: true, force: true });
});

it("every job has a bar", () => {
  expect(Object.keys(BARS)).toEqual(Object.keys(JOBS));
});

describe.each(Object.keys(BUNDLERS))("bundled by %s", (bundler) => {
  const bars = bundler === "esbuild" ? { ...BARS, ...OF_ESBUILD } : BARS;
  it.each(Object.entries(bars))("%s fetches at most %d kB, and nothing of what it does not use", async (job, bar) => {
    const { bytes, text }: Fetched = await pages.fetched(await bundleJob(folder, bundler, job));
    expect(bytes / 1000).toBeLessThanOrEqual(bar);
    expect([...UNWANTED, ...UNUSED_LAYERS].filter((words) => text.includes(words))).toEqual([]);
  });
});

describe("embedded in a page", () => describeEmbedding(() => folder));
