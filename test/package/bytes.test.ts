/** What pages fetch of the library as npm would publish it, by four bundlers. `npm run bytes` prints the same as a table. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BUNDLERS, bundleJob, type Fetched, installPacked, JOBS, Pages } from "../../scripts/bytes.mjs";

/** kB of gzip that a bundler's result may not exceed: what is reached, with a few per cent of room. */
const BARS: Readonly<Record<string, number>> = {
  "train the reference network": 121,
  "classify with a loaded model": 90,
  dataset: 3.7,
  loadSafetensors: 3.8,
  "the import alone": 0.1,
};
/** What unused code imports on demand stays alive for esbuild, and what it shares with the page comes as a whole. */
const OF_ESBUILD: typeof BARS = { dataset: 5.4, loadSafetensors: 6.2 };

/** What parts of the library say that no job here wants: the CPU backend where its option is wrong, FTRL's option and formula. */
const UNWANTED = ["cpu: precision must be", "learningRatePower", "L2_SHRINKAGE"];
/** Names of layers that no job's program has; `modelFromConfig` alone knows them all. */
const UNUSED_LAYERS = [
  ...["batchNormalization", "layerNormalization", "groupNormalization", "unitNormalization", "conv2dTranspose"],
  ...["depthwiseConv2d", "separableConv2d", "upSampling2d", "zeroPadding2d", "cropping2d", "leakyReLU"],
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
    const layers = JOBS[job]?.includes("modelFromConfig") ? [] : UNUSED_LAYERS;
    expect([...UNWANTED, ...layers].filter((words) => text.includes(words))).toEqual([]);
  });
});
