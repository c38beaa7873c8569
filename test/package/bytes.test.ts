/** What pages fetch of the library as npm would publish it, by four bundlers. `npm run bytes` prints the same as a table. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BUNDLERS, bundleJob, type Fetched, installPacked, JOBS, Pages } from "../../scripts/bytes.mjs";

/** kB of gzip that a bundler's result may not exceed: what is reached, with a few per cent of room. */
const BARS: Readonly<Record<string, number>> = {
  "train the reference network": 150,
  "classify with a loaded model": 108,
  dataset: 4,
  loadSafetensors: 4,
  "the import alone": 0.1,
};
/** Modules that unused code imports on demand stay alive for esbuild, and what they share with the page comes as a whole. */
const OF_ESBUILD: typeof BARS = { dataset: 18, loadSafetensors: 18 };

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
  it.each(Object.entries(bars))("%s fetches at most %d kB, and no CPU backend", async (job, bar) => {
    const { bytes, text }: Fetched = await pages.fetched(await bundleJob(folder, bundler, job));
    expect(bytes / 1000).toBeLessThanOrEqual(bar);
    // What it says where its option is wrong.
    expect(text).not.toContain("cpu: precision must be");
  });
});
