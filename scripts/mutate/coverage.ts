import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Reached } from "./coverage_setup.ts";
import type { Mutant } from "./mutant.ts";
import { readSource } from "./sources.ts";
import { passes, reason, Worker } from "./worker.ts";

/** Longest time for one test file of a coverage run, in milliseconds. */
const FILE_LIMIT = 400_000;

/** What one test file reaches, and of which sources. */
interface FileCoverage {
  readonly file: string;
  /** Of the test file, when it ran. */
  readonly hash: string;
  /** Of each source that it reaches. */
  readonly sources: Readonly<Record<string, string>>;
  readonly tests: readonly Reached[];
}

/** The tests of one file that reach a mutant. */
export interface Reaching {
  readonly file: string;
  /** Cheapest first. */
  readonly tests: readonly Reached[];
  /** Whether it is reached outside of tests: then any test of the file may tell. */
  readonly outside: boolean;
}

function hashOf(file: string): string {
  return createHash("sha1").update(readSource(file)).digest("hex");
}

/** Which test reaches which line, kept in `folder` from run to run. */
export class Coverage {
  readonly #folder: string;
  readonly #files = new Map<string, FileCoverage>();

  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true });
    for (const name of readdirSync(folder)) {
      if (!name.endsWith(".json")) continue;
      const coverage: FileCoverage = JSON.parse(readFileSync(join(folder, name), "utf8"));
      this.#files.set(coverage.file, coverage);
    }
  }

  /** Forgets all other test files. */
  keep(testFiles: readonly string[]): void {
    for (const file of this.#files.keys()) if (!testFiles.includes(file)) this.#files.delete(file);
  }

  /** Runs the test files that are new or have changed since, `lanes` at a time. False when `isTimeUp` ended it. */
  async update(testFiles: readonly string[], lanes: number, isTimeUp: () => boolean): Promise<boolean> {
    this.keep(testFiles);
    const stale = testFiles.filter((file) => this.#files.get(file)?.hash !== hashOf(file));
    const left = [...stale];
    const lane = async (_: unknown, number: number) => {
      const raw = join(this.#folder, `raw${number}`);
      const worker = new Worker({ CORTEZA_COVERAGE: raw });
      try {
        for (let file = left.shift(); file !== undefined; file = left.shift()) {
          if (isTimeUp()) return left.push(file);
          await this.#cover(file, worker, raw);
        }
      } finally {
        worker.end();
      }
      return left.length;
    };
    await Promise.all(Array.from({ length: Math.min(lanes, stale.length) }, lane));
    return left.length === 0;
  }

  async #cover(file: string, worker: Worker, raw: string): Promise<void> {
    rmSync(raw, { recursive: true, force: true });
    mkdirSync(raw);
    const hash = hashOf(file);
    const started = performance.now();
    const answer = await worker.run({ file, coverage: true }, FILE_LIMIT);
    if (!passes(answer)) {
      console.error(`${file} fails on unchanged sources and takes no part: ${reason(answer)}`);
      this.#files.delete(file);
      return;
    }
    const tests = readdirSync(raw).flatMap((name): Reached[] => JSON.parse(readFileSync(join(raw, name), "utf8")));
    const sources = [...new Set(tests.flatMap(({ lines }) => Object.keys(lines)))].sort();
    const coverage: FileCoverage = {
      file,
      hash,
      sources: Object.fromEntries(sources.map((source) => [source, hashOf(source)])),
      tests: tests.filter(({ id, lines }) => id !== "" || Object.keys(lines).length > 0),
    };
    this.#files.set(file, coverage);
    const name = `${createHash("sha1").update(file).digest("hex")}.json`;
    writeFileSync(join(this.#folder, name), JSON.stringify(coverage));
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(`coverage of ${file}: ${tests.length} records, ${sources.length} sources, ${seconds} s`);
  }

  /** The tests that reach the mutant's line. Of a source that has changed since, those that reach any line of it. */
  reaching({ file, line, text }: Mutant): Reaching[] {
    const hash = existsSync(file) ? hashOf(file) : "";
    return [...this.#files.values()].flatMap((coverage): Reaching[] => {
      // The preprocessor leaves nothing of its own lines, so that any line tells.
      const anyLine = coverage.sources[file] !== hash || text.startsWith("#");
      const reached = coverage.tests.filter(({ lines }) => {
        const numbers = lines[file];
        return numbers !== undefined && (anyLine || numbers.includes(line));
      });
      if (reached.length === 0) return [];
      const tests = reached.filter(({ id }) => id !== "").sort((a, b) => a.milliseconds - b.milliseconds);
      return [{ file: coverage.file, tests, outside: reached.some(({ id }) => id === "") }];
    });
  }

  /** Milliseconds that all tests of the file took. */
  cost(testFile: string): number {
    return (this.#files.get(testFile)?.tests ?? []).reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  }
}
