/**
 * A process that keeps vitest loaded and runs tests on changed sources, one job at a time, as its parent asks. Where a
 * mutant hangs, the parent ends this process with all that it started, and starts another.
 */
import { resolve } from "node:path";
import { loadConfigFromFile } from "vite";
import { createVitest, type TestModule, type Vitest } from "vitest/node";
import type { Mutant } from "./mutant.ts";
import { mutationPlugin, type PluginState } from "./plugin.ts";
import { root } from "./sources.ts";

export interface Job {
  readonly mutant?: Mutant | undefined;
  readonly coverage?: boolean;
  /** A test file, from the root, and the tests to run of it: all, without a list. */
  readonly file: string;
  readonly testIds?: readonly string[] | undefined;
}

/** Sent once at the start, then after each job. */
export type Answer =
  | { readonly kind: "ready"; readonly files: readonly string[] }
  | { readonly kind: "done"; readonly failed: readonly { readonly id: string; readonly why: string }[] };

const state: PluginState = { mutant: undefined, coverage: false };
/** What of vitest.config.ts is used here. */
interface Config {
  test?: { projects?: { test: { name: string; include: string[]; exclude: string[] } }[] };
}
const loaded = await loadConfigFromFile({ command: "serve", mode: "test" }, resolve(root, "vitest.config.ts"));
const projects = (loaded?.config as Config | undefined)?.test?.projects ?? [];
const [plain, node] = ["plain", "node"].map((name) => projects.find(({ test }) => test.name === name)?.test);
if (!plain || !node) throw new Error("vitest.config.ts has no project named plain, or none named node.");
const vitest: Vitest = await createVitest(
  "test",
  {
    config: false,
    root,
    watch: false,
    include: [...plain.include, ...node.include],
    exclude: plain.exclude,
    // One failure says enough.
    bail: 1,
    pool: "forks",
    fileParallelism: false,
    testTimeout: 600_000,
    hookTimeout: 120_000,
    reporters: [{}],
    setupFiles: process.env["CORTEZA_COVERAGE"] ? [resolve(import.meta.dirname, "coverage_setup.ts")] : [],
  },
  { plugins: [mutationPlugin(state)], server: { watch: null }, logLevel: "silent" },
);
const project = vitest.getRootProject();

async function run(job: Job): Promise<Answer> {
  const changed = new Set([state.mutant, job.mutant].flatMap((mutant) => (mutant ? [mutant.file] : [])));
  state.mutant = job.mutant;
  state.coverage = job.coverage ?? false;
  for (const file of changed) vitest.invalidateFile(resolve(root, file));
  const specification = project.createSpecification(
    resolve(root, job.file),
    job.testIds ? { testIds: [...job.testIds] } : undefined,
  );
  const { testModules, unhandledErrors } = await vitest.runTestSpecifications([specification]);
  // vitest remembers what other files did in earlier runs.
  const own = testModules.filter(({ moduleId }) => moduleId === specification.moduleId);
  const failed = [...own.flatMap(failuresOf), ...unhandledErrors.map((error) => ({ id: "", why: String(error) }))];
  return { kind: "done", failed };
}

function failuresOf(module: TestModule): { id: string; why: string }[] {
  const failures = module.errors().map(({ message }) => ({ id: "", why: message }));
  for (const test of module.children.allTests()) {
    const { state: outcome, errors } = test.result();
    if (outcome === "failed") failures.push({ id: test.id, why: `${test.fullName}: ${errors?.[0]?.message ?? ""}` });
  }
  // A hook or an import that failed.
  if (failures.length === 0 && !module.ok()) failures.push({ id: "", why: "the file failed" });
  return failures;
}

// Without its parent nobody would end what hangs: this process leads a group with all that it started.
process.on("disconnect", () => process.kill(-process.pid, "SIGKILL"));
let last: Promise<void> = Promise.resolve();
process.on("message", (job: Job) => {
  last = last.then(async () => {
    process.send?.(await run(job));
  });
});
const { testFiles } = await project.globTestFiles();
process.send?.({ kind: "ready", files: testFiles.map((path) => path.slice(root.length + 1)).sort() });
// Until the parent ends it.
await new Promise(() => {});
