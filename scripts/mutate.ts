/**
 * `npm run mutate -- [--count 400] [--seed 1] [--resume] [--minutes 10] [--out docs/mutation.md] [--only PATH]`
 *
 * Mutation test of the suite: changes one thing at a time in a shader, a CPU kernel or a shape rule, and runs the tests
 * of Node that reach the changed line until one fails. Exit code 1 when fewer than 95 % are caught. Files are not
 * written: the tests get the changed text from memory.
 *
 * The first run finds out which test reaches which line, which takes as long as the tests of Node do. `--resume` takes
 * up what an earlier run with the same seed has caught (node_modules/.cache/mutate) and tries the rest, survivors
 * again; `--minutes` ends a run early. `--only TEXT` draws from files whose path holds the text, `--tests PATTERN` lets
 * only some of the test files take part, which can but make more survive.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Coverage } from "./mutate/coverage.ts";
import { drawMutants } from "./mutate/draw.ts";
import { keyOf, type Result, readEquivalents, summarize, TARGET } from "./mutate/report.ts";
import { mutatedFiles, possibleMutants, root } from "./mutate/sources.ts";
import { Trial, type Verdict } from "./mutate/trial.ts";
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
    out: { type: "string" },
  },
});
const [seed, count] = [Number(options.seed), Number(options.count)];
const deadline = performance.now() + 60_000 * Number(options.minutes);
const isTimeUp = () => performance.now() > deadline;

const files = mutatedFiles().filter((file) => file.includes(options.only));
const mutants = drawMutants(seed, count, new Map(files.map((file) => [file, possibleMutants(file)])));
console.log(`seed ${seed}: ${mutants.length} mutants of ${files.length} files`);

const cache = join(root, "node_modules/.cache/mutate");
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

const worker = new Worker();
const stop = () => {
  worker.end();
  process.exit(1);
};
process.on("SIGTERM", stop).on("SIGINT", stop);
try {
  await run();
} finally {
  worker.end();
}

async function run(): Promise<void> {
  await worker.start();
  const testFiles = worker.files.filter((file) => new RegExp(options.tests).test(file));
  const coverage = new Coverage(join(cache, "coverage"));
  if (!(await coverage.update(testFiles, isTimeUp))) {
    console.log("The time is up before it is known which test reaches what: go on with --resume.");
    process.exitCode = 1;
    return;
  }
  const trial = new Trial(coverage, worker);
  const results: Result[] = [];
  for (const [i, mutant] of mutants.entries()) {
    let verdict = known.get(keyOf(mutant));
    if (verdict?.outcome !== "caught") {
      if (isTimeUp()) {
        if (verdict) results.push({ mutant, verdict });
        continue;
      }
      verdict = await trial.run(mutant);
      appendFileSync(memory, `${JSON.stringify({ key: keyOf(mutant), verdict })}\n`);
      console.log(
        `${i + 1}/${mutants.length} ${verdict.outcome} ${mutant.file}:${mutant.line} ${mutant.description} ` +
          `(${verdict.seconds} s) ${verdict.by}`,
      );
    }
    results.push({ mutant, verdict });
  }
  const { share, text } = summarize(results, readEquivalents());
  console.log(text);
  if (results.length < mutants.length) {
    console.log(`${mutants.length - results.length} not tried yet: go on with --resume.`);
    process.exitCode = 1;
    return;
  }
  if (options.out) {
    const date = new Date().toISOString().slice(0, 10);
    const command = `npm run mutate -- --count ${count} --seed ${seed} --out ${options.out}`;
    const head = `# Mutation test\n\nWritten on ${date} by \`${command}\` (seed ${seed}).\n\n`;
    writeFileSync(join(root, options.out), head + text);
  }
  if (share < TARGET) process.exitCode = 1;
}
