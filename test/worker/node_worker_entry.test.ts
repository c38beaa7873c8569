/** `createWorkerTrainer` in Node, from the built library, in processes of their own. */
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { buildLibrary } from "../../scripts/library.mjs";

const root = resolve(import.meta.dirname, "../..");
let folder: string;

beforeAll(async () => {
  // Within the project, so that a worker finds the package "webgpu" as a user's program would.
  const cache = join(root, "node_modules/.cache");
  await mkdir(cache, { recursive: true });
  folder = await mkdtemp(join(cache, "worker-entry-"));
  await buildLibrary(folder);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

interface Trained {
  readonly kind: string;
  readonly why?: string;
  readonly stepLosses: readonly number[];
}

function run(...args: string[]): Promise<{ status: number | string | null; output: string; errors: string }> {
  const child = spawn(process.execPath, [join(root, "test/support/node_worker_child.mjs"), ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [output, errors] = ["", ""];
  child.stdout.on("data", (text) => {
    output += text;
  });
  child.stderr.on("data", (text) => {
    errors += text;
  });
  return new Promise((done) => {
    child.on("close", (code, signal) => done({ status: signal ?? code, output, errors }));
  });
}

it("trains in a thread without being told how, and on WebGPU in a thread of one's own; the process ends by itself", async () => {
  const library = pathToFileURL(folder).href;
  const alone = await run(library);
  expect(alone.status, alone.errors).toBe(0);
  const onWasm = JSON.parse(alone.output) as Trained;
  expect(onWasm.kind).toBe("wasm");
  expect(onWasm.why).toMatch(/webgpu/);
  expect(onWasm.stepLosses).toHaveLength(4);

  const script = join(folder, "my_worker.mjs");
  await writeFile(
    script,
    `import { create, globals } from "webgpu";
     import { setGpu } from "./worker/host.js";
     Object.assign(globalThis, globals);
     setGpu(create([]));`,
  );
  const own = await run(library, pathToFileURL(script).href);
  expect(own.status, own.errors).toBe(0);
  const onGpu = JSON.parse(own.output) as Trained;
  expect(onGpu.kind).toBe("webgpu");
  onGpu.stepLosses.forEach((loss, step) => {
    expect(loss).toBeCloseTo(onWasm.stepLosses[step] ?? 0, 5);
  });
});
