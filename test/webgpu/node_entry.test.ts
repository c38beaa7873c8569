import { spawn } from "node:child_process";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "vite";
import { afterAll, beforeAll, expect, it } from "vitest";

const root = resolve(import.meta.dirname, "../..");
/** Within the project, so that the child finds the package "webgpu" as a user's program would. */
const cache = join(root, "node_modules/.cache");
let folder: string;

beforeAll(async () => {
  await mkdir(cache, { recursive: true });
  folder = await mkdtemp(join(cache, "node-entry-"));
  await build({
    configFile: false,
    root,
    logLevel: "error",
    publicDir: false,
    build: {
      outDir: folder,
      emptyOutDir: true,
      target: "es2022",
      minify: false,
      lib: { entry: { index: "src/index.ts", cpu: "src/cpu.ts" }, formats: ["es"] },
    },
  });
});

afterAll(() => rm(folder, { recursive: true, force: true }));

function runChild(): Promise<{ status: number | string | null; output: string; errors: string }> {
  const script = join(root, "test/support/node_entry_child.mjs");
  const library = pathToFileURL(join(folder, "index.js")).href;
  const child = spawn(process.execPath, ["--expose-gc", script, library], { stdio: ["ignore", "pipe", "pipe"] });
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

it("webgpu({ gpu: create([]) }) trains in Node while everything that nobody holds is collected, again and again", async () => {
  for (let time = 0; time < 3; time++) {
    const { status, output, errors } = await runChild();
    expect(status, `run ${time}: ${errors}`).toBe(0);
    const { gpu, cpu } = JSON.parse(output) as { gpu: number[]; cpu: number[] };
    expect(gpu).toHaveLength(8);
    [...gpu].forEach((loss, step) => {
      expect(loss).toBeCloseTo(cpu[step % 4] as number, 5);
    });
  }
});
