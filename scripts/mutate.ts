/**
 * `npm run mutate -- [--count 400] [--seed 1] [--resume] [--minutes 10] [--out docs/mutation.md] [--only PATH]`
 *
 * Mutation test of the suite: changes one thing at a time in a shader, a CPU kernel or a shape rule, and runs the tests
 * of Node that reach the changed line until one fails. Exit code 1 when fewer than 95 % are caught. Files are not
 * written: the tests get the changed text from memory.
 *
 * The first run finds out which test reaches which line, which takes as long as the tests of Node do. `--resume` takes
 * up what an earlier run with the same seed has caught (kept in the system's folder for temporary files) and tries the
 * rest, survivors again; `--minutes` ends a run early. `--only TEXT` tries those in files whose path holds the text,
 * `--tests PATTERN` lets only some of the test files take part, which can but make more survive. `--known` is content
 * with what it knows of tests that have changed since. `--workers` processes run tests; a
 * mutant that none has caught after `--patience` seconds waits for the next run.
 */
import { createHash } from "node:crypto";
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Coverage } from "./mutate/coverage.ts";
import { drawMutants } from "./mutate/draw.ts";
import type { Mutant } from "./mutate/mutant.ts";
import { keyOf, type Result, readEquivalents, summarize, TARGET } from "./mutate/report.ts";
import { mutatedFiles, possibleMutants, readSource, root } from "./mutate/sources.ts";
import { Trial, type Verdict, Worth } from "./mutate/trial.ts";
import { Worker } from "./mutate/worker.ts";

const { values: options } = parseArgs({
  args: process.argv.slice(2),
  options: {
    count: { type: "string", default: "400" },
    seed: { type: "string", default: "1" },
    minutes: { type: "string", default: "1000" },
    resume: { type: "boolean", default: false },
    only: { type: "string", default: "" },
    tests: { type: "string", default: "" },
    workers: { type: "string", default: "2" },
    known: { type: "boolean", default: false },
    patience: { type: "string", default: "600" },
    out: { type: "string" },
  },
});
const [seed, count] = [Number(options.seed), Number(options.count)];
const deadline = performance.now() + 60_000 * Number(options.minutes);
const isTimeUp = () => performance.now() > deadline;

const files = mutatedFiles();
const drawn = drawMutants(seed, count, new Map(files.map((file) => [file, possibleMutants(file)])));
const mutants = drawn.filter(({ file }) => file.includes(options.only));
console.log(`seed ${seed}: ${drawn.length} mutants of ${files.length} files; ${mutants.length} to try`);

// Not in node_modules, which npm empties when a package changes.
const cache = join(tmpdir(), `corteza-mutate-${createHash("sha1").update(root).digest("hex").slice(0, 8)}`);
mkdirSync(cache, { recursive: true });
const memory = join(cache, `results-${seed}.jsonl`);
if (!options.resume) rmSync(memory, { force: true });
const known = new Map<string, Verdict>();
if (existsSync(memory)) {
  for (const line of readFileSync(memory, "utf8").split("\n").filter(Boolean)) {
    const { key, verdict }: { key: string; verdict: Verdict } = JSON.parse(line);
    known.set(key, verdict);
  }
}

const workers = Array.from({ length: Number(options.workers) }, () => new Worker());
const endAll = () => {
  for (const worker of workers) worker.end();
};
const stop = () => {
  endAll();
  process.exit(1);
};
process.on("SIGTERM", stop).on("SIGINT", stop);
try {
  await run();
} finally {
  endAll();
}

async function run(): Promise<void> {
  await workers[0]?.start();
  const testFiles = (workers[0]?.files ?? []).filter((file) => new RegExp(options.tests).test(file));
  const coverage = new Coverage(join(cache, "coverage"));
  if (options.known) coverage.keep(testFiles);
  else if (!(await coverage.update(testFiles, workers.length, isTimeUp))) {
    console.log("The time is up before it is known which test reaches what: go on with --resume.");
    process.exitCode = 1;
    return;
  }
  const left = mutants.filter((mutant) => known.get(keyOf(mutant))?.outcome !== "caught");
  // What nobody has tried comes before what has survived; steps of the golden ratio mix the areas, so that what is tried
  // until the time is up speaks for all.
  const order = new Map(left.map((mutant, i) => [mutant, (known.has(keyOf(mutant)) ? 1 : 0) + ((i * 0.618034) % 1)]));
  left.sort((a, b) => (order.get(a) ?? 0) - (order.get(b) ?? 0));
  const worth = new Worth();
  const putOff: Mutant[] = [];
  await Promise.all(workers.map((worker) => tryMutants(left, putOff, new Trial(coverage, worker, worth))));
  left.push(...putOff);
  const results = mutants.flatMap((mutant): Result[] => {
    const verdict = known.get(keyOf(mutant));
    return verdict ? [{ mutant, verdict }] : [];
  });
  const { share, text } = summarize(results, readEquivalents());
  console.log(text);
  if (left.length > 0) console.log(`${left.length} not tried: go on with --resume.`);
  if (options.out) {
    const date = new Date().toISOString().slice(0, 10);
    const some = options.tests ? ` --tests '${options.tests}'` : "";
    const command = `npm run mutate -- --count ${count} --seed ${seed}${some} --out ${options.out}`;
    const untried =
      results.length < mutants.length
        ? `**Not finished: ${mutants.length - results.length} of ${mutants.length} mutants are not tried yet.**\n\n`
        : "";
    const head = `# Mutation test\n\nWritten on ${date} by \`${command}\` (seed ${seed}).\n\n`;
    writeFileSync(join(root, options.out), head + untried + text);
  }
  if (left.length > 0 || share < TARGET) process.exitCode = 1;
}

/** Takes mutants from the list, which others share, until it is empty or the time is up; puts off what takes too long. */
async function tryMutants(left: Mutant[], putOff: Mutant[], trial: Trial): Promise<void> {
  while (!isTimeUp()) {
    const mutant = left.shift();
    if (!mutant) return;
    // Somebody may be writing the file meanwhile.
    if (readSource(mutant.file).split("\n")[mutant.line - 1]?.trim() !== mutant.text) continue;
    const patience = performance.now() + 1000 * Number(options.patience);
    const verdict = await trial.run(mutant, () => isTimeUp() || performance.now() > patience);
    if (!verdict) {
      putOff.push(mutant);
      continue;
    }
    known.set(keyOf(mutant), verdict);
    appendFileSync(memory, `${JSON.stringify({ key: keyOf(mutant), verdict })}\n`);
    const { file, line, description } = mutant;
    const place = `${file}:${line} ${description}`;
    console.log(`${left.length} left; ${verdict.outcome} ${place} (${verdict.seconds} s) ${verdict.by}`);
  }
}
