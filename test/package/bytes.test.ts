/** What pages fetch of the library as npm would publish it, by four bundlers. `npm run bytes` prints the same as a table. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BUNDLERS, bundleJob, type Fetched, installPacked, JOBS, Pages } from "../../scripts/bytes.mjs";

/** kB of gzip that no bundler's result may exceed. */
const BARS: Readonly<Record<string, number>> = {
  "train the reference network": 145,
  "classify with a loaded model": 125,
  dataset: 6,
  loadSafetensors: 7,
  "the import alone": 0.1,
};

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
  it.each(Object.entries(BARS))("%s fetches at most %d kB, and no CPU backend", async (job, bar) => {
    const { bytes, text }: Fetched = await pages.fetched(await bundleJob(folder, bundler, job));
    expect(bytes / 1000).toBeLessThanOrEqual(bar);
    // What it says where its option is wrong.
    expect(text).not.toContain("cpu: precision must be");
  });
});
