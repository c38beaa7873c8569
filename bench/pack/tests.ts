/**
 * The tests of kernels, graphs and trainings on WebGPU, as one file for a machine without node_modules (`npm run bench:pack`):
 *
 *     bash .gpu/run.sh .gpu/tests.mjs [--seconds 150] [--only kernels_matmul,tiles] [--out tests.json]
 *
 * All cases run, not a third. A file that has not begun when the time is up does not begin, and is named. Ends with 1 where a test failed.
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { type File, startTests, type Task, type VitestRunner } from "@vitest/runner";

const FILES: Readonly<Record<string, () => Promise<unknown>>> = import.meta.glob([
  "../../test/webgpu/kernels_*.gpu.test.ts",
  "../../test/webgpu/{conv2d_kernels,tiles,op_types,pointwise,batch_norm,augment_images,in_place,agreement}.gpu.test.ts",
  "../../test/webgpu/{non_finite,recompute}.gpu.test.ts",
  "../../test/train/{training,regularized_training}.gpu.test.ts",
  "../../test/train/{residual,losses,micro_batches,mixing,diverging,runs}.backends.test.ts",
]);

/** Long ones last, whatever they are about: what is left when the time is up is then few files. */
const LAST = ["conv2d_kernels", "tiles", "agreement"];

interface Outcome {
  readonly file: string;
  readonly passed: number;
  readonly skipped: number;
  readonly failed: readonly { readonly test: string; readonly message: string }[];
  readonly seconds: number;
}

const { values: options } = parseArgs({
  options: {
    seconds: { type: "string", default: "150" },
    only: { type: "string" },
    out: { type: "string" },
  },
});

const nameOf = (path: string) => path.replace(/^.*\/(\w+)\..*$/, "$1");
const wanted = options.only?.split(",");
const paths = Object.keys(FILES)
  .filter((path) => wanted === undefined || wanted.includes(nameOf(path)))
  .sort((one, other) => LAST.indexOf(nameOf(one)) - LAST.indexOf(nameOf(other)));
if (paths.length === 0) throw new Error(`tests: --only is some of ${Object.keys(FILES).map(nameOf).join(", ")}`);

const runner: VitestRunner = {
  config: {
    ...{ root: "/", setupFiles: [], name: "gpu", passWithNoTests: false, testNamePattern: undefined, allowOnly: false },
    sequence: { seed: 1, hooks: "stack", setupFiles: "list" },
    ...{ chaiConfig: undefined, maxConcurrency: 1, testTimeout: 120_000, hookTimeout: 60_000, retry: 0 },
    ...{ includeTaskLocation: undefined, tags: [], tagsFilter: undefined, strictTags: false },
  },
  importFile: (path) => FILES[path]?.(),
};

function outcomeOf(file: File, seconds: number): Outcome {
  const failed: { test: string; message: string }[] = [];
  let [passed, skipped] = [0, 0];
  const visit = (task: Task | File, path: string) => {
    const name = path === "" ? task.name : `${path} > ${task.name}`;
    const { state, errors = [] } = task.result ?? {};
    for (const { message } of state === "fail" ? errors : []) failed.push({ test: name, message });
    if ("tasks" in task) for (const inner of task.tasks) visit(inner, task === file ? "" : name);
    else if (state === "pass") passed++;
    else if (state !== "fail") skipped++;
  };
  visit(file, "");
  return { file: nameOf(file.filepath), passed, skipped, failed, seconds };
}

const started = performance.now();
const secondsSince = (from: number) => (performance.now() - from) / 1000;
const outcomes: Outcome[] = [];
const notBegun: string[] = [];
for (const path of paths) {
  if (secondsSince(started) > Number(options.seconds)) {
    notBegun.push(nameOf(path));
    continue;
  }
  const begun = performance.now();
  const [file] = await startTests([path], runner);
  if (file === undefined) throw new Error(`tests: ${path} gave nothing`);
  const outcome = outcomeOf(file, secondsSince(begun));
  outcomes.push(outcome);
  const { failed, passed, seconds } = outcome;
  const mark = failed.length > 0 || passed === 0 ? "FAILED" : "passed";
  console.log(
    `${mark}  ${outcome.file.padEnd(28)} ${String(passed).padStart(5)} tests  ${seconds.toFixed(1).padStart(6)} s`,
  );
  for (const { test, message } of failed.slice(0, 5)) console.log(`    ${test}: ${message.slice(0, 300)}`);
}
const failures = outcomes.reduce((sum, { failed, passed }) => sum + failed.length + (passed === 0 ? 1 : 0), 0);
const total = outcomes.reduce((sum, { passed }) => sum + passed, 0);
console.log(`${total} tests passed, ${failures} failed, in ${secondsSince(started).toFixed(0)} s`);
if (notBegun.length > 0) console.log(`not begun, the time was up: ${notBegun.join(", ")}`);
if (options.out) writeFileSync(options.out, `${JSON.stringify({ total, failures, notBegun, outcomes }, null, 2)}\n`);
process.exit(failures > 0 ? 1 : 0);
