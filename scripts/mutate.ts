/**
 * `npm run mutate -- [--count 400] [--seed 1] [--resume] [--minutes 10] [--out docs/mutation.md] [--only PATH]`
 *
 * Mutation test of the suite: changes one thing at a time in a shader, a CPU kernel or a shape rule, and runs the tests
 * of Node that reach the changed line until one fails. Exit code 1 when fewer than 95 % are caught. Files are not
 * written: the tests get the changed text from memory.
 *
 * The first run finds out which test reaches which line, which takes as long as the tests of Node do. `--resume` takes
 * up what an earlier run with the same seed has caught (kept in the system's folder for temporary files) and tries the rest, survivors
 * again; `--minutes` ends a run early. `--only TEXT` tries those in files whose path holds the text, `--tests PATTERN` lets
 * only some of the test files take part, which can but make more survive.
 */
import { createHash } from "node:crypto";
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Coverage } from "./mutate/coverage.ts";
import { drawMutants } from "./mutate/draw.ts";
import { keyOf, type Result, readEquivalents, summarize, TARGET } from "./mutate/report.ts";
import { mutatedFiles, possibleMutants, readSource, root } from "./mutate/sources.ts";
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
      // Somebody may be writing the file meanwhile.
      if (readSource(mutant.file).split("\n")[mutant.line - 1]?.trim() !== mutant.text) continue;
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
