/**
 * Holds the library against results that others computed (../shared/conformance), all of them:
 *
 *     npm run conformance -- [--backend cpu|webgpu|all] [--source torch/conv2d,keras-js] [--webgpu-every 8]
 *                            [--shapes 5000] [--seed 1] [--out docs/conformance.md]
 *
 * `--source`: only sources that begin so. `--webgpu-every`: on WebGPU each Nth case only, as a software GPU compiles
 * every case's kernels for a second. `--shapes`: random shapes on which WebGPU must agree with the CPU reference.
 * `--out`: writes the table there too. Exits with 1 when a case fails, a file is missing, or a case got lost.
 */
import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { type Backend, cpu, webgpu } from "../src/index.ts";
import { Report, type Suite } from "../test/conformance/suite.ts";
import { suites } from "../test/conformance/suites.ts";
import { checkAgreement } from "../test/support/agreement.ts";
import { drawCases } from "../test/support/agreement_families.ts";

const { values: options } = parseArgs({
  options: {
    backend: { type: "string", default: "cpu" },
    source: { type: "string", default: "" },
    "webgpu-every": { type: "string", default: "1" },
    shapes: { type: "string" },
    seed: { type: "string", default: "1" },
    out: { type: "string" },
  },
});

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) fail(`--${name} wants a whole number of at least 1, got "${text}".`);
  return value;
}

const KINDS: Readonly<Record<string, readonly string[]>> = { cpu: ["cpu"], webgpu: ["webgpu"], all: ["cpu", "webgpu"] };
const kinds = KINDS[options.backend] ?? fail(`--backend is cpu, webgpu or all, not "${options.backend}".`);
const webgpuEvery = wholeNumber("webgpu-every", options["webgpu-every"]);
const shapes = options.shapes === undefined ? 0 : wholeNumber("shapes", options.shapes);
const seed = wholeNumber("seed", options.seed);
const prefixes = options.source.split(",");
const chosen = suites.filter(({ source }) => prefixes.some((prefix) => source.startsWith(prefix)));
if (chosen.length === 0) {
  fail(`--source ${options.source}: no such source. There are: ${suites.map(({ source }) => source).join(", ")}.`);
}

/** Dawn's Node binding must not be collected while a device lives. */
let dawn: GPU | undefined;

async function open(kind: string): Promise<Backend> {
  if (kind === "cpu") return cpu();
  const { create, globals } = await import("webgpu");
  Object.assign(globalThis, globals);
  dawn ??= create([]);
  return webgpu({ gpu: dawn, quickStart: false });
}

/** Lines of the table, and what stands below it. */
const rows: string[] = [];
const reasons = new Map<string, number>();
const descriptions: string[] = [];
let failed = 0;

function problem(line: string): void {
  failed++;
  console.log(`  FAILED ${line}`);
}

async function runSuite(suite: Suite, kind: string): Promise<void> {
  const every = kind === "webgpu" ? webgpuEvery : 1;
  const report = new Report({ every });
  const backend = await open(kind);
  const started = performance.now();
  await suite.run(backend, report).finally(() => backend.dispose());
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const { passed, inScope, total } = report.counts;
  const sample = every === 1 ? "every case" : `each ${every}th case`;
  rows.push(`| ${suite.source} | ${kind} | ${sample} | ${passed} | ${inScope} | ${total} | ${seconds} |`);
  console.log(
    `${suite.source} on ${kind}, ${sample}: ${passed} passed / ${inScope} in scope / ${total} · ${seconds} s`,
  );
  for (const failure of report.failures) problem(failure);
  for (const [reason, count] of report.outOfScope) {
    console.log(`  out of scope: ${count} × ${reason}`);
    if (every === 1) reasons.set(`${suite.source}: ${reason}`, count);
  }
  for (const path of report.missing) problem(`${path} is not in ../shared/conformance`);
  const { expected } = suite;
  if (total !== expected.total) problem(`${total} cases, expected ${expected.total}`);
  if (every === 1 && inScope !== expected.inScope) problem(`${inScope} in scope, expected ${expected.inScope}`);
}

/** Random shapes in families; each family is one line. */
async function runShapes(): Promise<void> {
  const backend = await open("webgpu");
  for (const [name, list] of drawCases(shapes, seed)) {
    const report = new Report();
    const started = performance.now();
    await report.each(
      list,
      (one) => one.name,
      (one) => checkAgreement(backend, one),
    );
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    const { passed, inScope, total } = report.counts;
    rows.push(`| random shapes: ${name} | webgpu | seed ${seed} | ${passed} | ${inScope} | ${total} | ${seconds} |`);
    console.log(`random shapes, ${name}: ${passed} passed / ${total} · ${seconds} s`);
    for (const failure of report.failures) problem(failure);
  }
  backend.dispose();
}

for (const kind of kinds) {
  const backend = await open(kind);
  descriptions.push(`- ${kind}: ${backend.description}`);
  backend.dispose();
  for (const suite of chosen) await runSuite(suite, kind);
}
if (shapes > 0) await runShapes();

if (options.out !== undefined) {
  const command = `npm run conformance -- ${process.argv.slice(2).join(" ")}`;
  const left = [...reasons].map(([reason, count]) => `| ${reason} | ${count} |`);
  const lines = [
    "# Conformance",
    "",
    `Results that others computed, against this library's. Written by \`${command}\`. Where a row is a sample, "passed" and`,
    '"in scope" count the cases of the sample, and "total" all cases of the source.',
    "",
    ...descriptions,
    "",
    "| source | backend | cases run | passed | in scope | total | seconds |",
    "| --- | --- | --- | ---: | ---: | ---: | ---: |",
    ...rows,
    "",
    failed === 0 ? "No case failed." : `${failed} failed.`,
    ...(left.length === 0 ? [] : ["", "## Out of scope", "", "| why | cases |", "| --- | ---: |", ...left]),
  ];
  await writeFile(options.out, `${lines.join("\n")}\n`);
}
console.log(failed === 0 ? "no case failed" : `${failed} FAILED`);
if (failed > 0) process.exitCode = 1;
