/** The package's two builds, for development and for pages' production builds, do the same and do not mix. */
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { installPacked, Pages } from "../../scripts/bytes.mjs";
import { importsOfEntries } from "../../scripts/chunks.mjs";

let folder: string;
let dist: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "corteza-flavours-"));
  await installPacked(folder);
  dist = join(folder, "node_modules/corteza/dist");
}, 120_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

it("no file of one build names a file of the other", () => {
  const { imports } = importsOfEntries(dist);
  const isOfProduction = (name: string) => name.startsWith("production/");
  expect(imports.filter(({ from }) => isOfProduction(from)).length).toBeGreaterThan(100);
  expect(imports.filter(({ from, to }) => isOfProduction(from) !== isOfProduction(to))).toEqual([]);
});

it("what is sent to WebAssembly's threads as text needs nothing of other files", async () => {
  for (const build of ["", "production"]) {
    const script = await readFile(join(dist, build, "wasm/threads/thread.js"), "utf8");
    expect(script).toMatch(/function runThread\(/);
    expect(script).not.toMatch(/^import /m);
  }
});

/** An epoch in the page, one in a worker with the page's trainer's seed, predictions, and an error's class. */
const PROGRAM = (build: string) => `
  import * as corteza from "./${build}/index.js";
  import { createWorkerTrainer } from "./${build}/worker.js";
  const { adam, conv2d, createTrainer, dataset, dense, dropout, flatten, maxPooling2d, sequential, webgpu } = corteza;
  const images = Uint8Array.from({ length: 40 * 144 }, (_, index) => (index * 7919 + (index >> 4) * 31) % 256);
  const labels = Uint8Array.from({ length: 40 }, (_, index) => index % 3);
  const digits = dataset({ images, labels, shape: [12, 12, 1] });
  const options = { loss: "sparseCategoricalCrossentropy", optimizer: adam(), batchSize: 16, seed: 5 };
  const network = () => sequential({ inputShape: [12, 12, 1], seed: 5 }, [
    conv2d({ filters: 8, kernelSize: 3, padding: "same", activation: "relu" }), maxPooling2d({ poolSize: 2 }),
    flatten(), dropout({ rate: 0.3 }), dense({ units: 3 }),
  ]);
  const trained = async (trainer, model) => {
    await trainer.fit(digits, { epochs: 1, validationData: digits, augment: { shift: 1, rotate: 5 } });
    await trainer.syncModel();
    const predicted = await trainer.predict(images.slice(0, 3 * 144));
    const values = [...predicted.data, ...[...model.parameters.values()].flatMap(({ data }) => [...data])];
    trainer.dispose();
    return [...new Uint32Array(Float32Array.from(values).buffer)];
  };
  const here = network();
  const inPage = await trained(await createTrainer(here, { ...options, backend: await webgpu() }), here);
  const there = network();
  const worker = await createWorkerTrainer(there, { ...options, backend: "webgpu" });
  const inWorker = await trained(worker, there);
  let fault;
  try { dense({ units: "ten" }); } catch (error) { fault = error; }
  globalThis.result = { inPage, inWorker, name: fault.name, code: fault.code, message: fault.message };
  globalThis.done = true;`;

it("an epoch of training, in the page and in a worker, and predictions have the same bits", async () => {
  const pages = await Pages.open();
  try {
    const results: Record<string, Readonly<Record<string, unknown>>> = {};
    for (const build of ["development", "production"]) {
      const site = join(folder, build);
      await mkdir(site);
      await cp(build === "production" ? join(dist, "production") : dist, join(site, build), { recursive: true });
      await writeFile(join(site, "main.js"), PROGRAM(build));
      results[build] = (await pages.fetched(site)).result as Readonly<Record<string, unknown>>;
    }
    const { development, production } = results;
    expect(development?.["inPage"]).toHaveProperty("length", 9 + 80 + 867);
    expect(production?.["inPage"]).toEqual(development?.["inPage"]);
    expect(production?.["inWorker"]).toEqual(development?.["inWorker"]);
    expect(development?.["message"]).toContain("a number");
    expect(production).toMatchObject({ name: "ArgumentError", code: "argument" });
    expect(production?.["message"]).toMatch(/^Corteza error \d+ \["dense",/);
  } finally {
    await pages.close();
  }
}, 240_000);
