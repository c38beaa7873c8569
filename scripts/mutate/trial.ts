import type { Coverage, Reaching } from "./coverage.ts";
import type { Mutant } from "./mutant.ts";
import type { Worker } from "./worker.ts";

export interface Verdict {
  readonly outcome: "caught" | "survived";
  /** What caught it: the test, or that it hangs. */
  readonly by: string;
  readonly seconds: number;
}

/** Milliseconds to start a test file. */
const START = 1300;
/** Milliseconds of tests of one file that the first round spends. */
const FIRST_ROUND = 2500;
/** A run that takes this many times what it takes on unchanged sources, and this long beside, hangs. */
const HANG_FACTOR = 10;
const HANG_LEAST = 45_000;

/** Test files and the tests in them, in the order in which they are tried. */
interface Attempt {
  readonly file: string;
  readonly testIds: readonly string[] | undefined;
  readonly cost: number;
}

/**
 * Tries mutants on the tests that reach them: first the cheapest few of each file, then all of them. A test that fails
 * has to pass on the unchanged sources when it runs in the same company.
 */
export class Trial {
  readonly #coverage: Coverage;
  readonly #worker: Worker;
  /** Attempts that pass on unchanged sources. */
  readonly #trusted = new Set<string>();
  /** How often a test file was tried, and caught something. */
  readonly #record = new Map<string, { tried: number; caught: number }>();

  constructor(coverage: Coverage, worker: Worker) {
    this.#coverage = coverage;
    this.#worker = worker;
  }

  async run(mutant: Mutant): Promise<Verdict> {
    const started = performance.now();
    const verdict = (outcome: Verdict["outcome"], by: string): Verdict => ({
      outcome,
      by,
      seconds: Math.round((performance.now() - started) / 100) / 10,
    });
    const reaching = this.#coverage.reaching(mutant);
    if (reaching.length === 0) return verdict("survived", "no test reaches it");
    const first = this.#ordered(reaching.map((r) => this.#cheapest(r)));
    const second = this.#ordered(reaching.flatMap((r) => this.#whole(r, first)));
    for (const attempt of [...first, ...second]) {
      const by = await this.#attempt(mutant, attempt);
      const record = this.#record.get(attempt.file) ?? { tried: 0, caught: 0 };
      this.#record.set(attempt.file, record);
      record.tried++;
      if (by === undefined) continue;
      record.caught++;
      return verdict("caught", by);
    }
    return verdict("survived", `${reaching.length} test files reach it`);
  }

  async #attempt(mutant: Mutant, { file, testIds, cost }: Attempt): Promise<string | undefined> {
    const limit = HANG_LEAST + HANG_FACTOR * cost;
    const answer = await this.#worker.run({ mutant, file, testIds }, limit);
    const key = `${file} ${testIds?.join() ?? ""}`;
    if (typeof answer !== "string" && answer.kind === "done" && answer.failed.length === 0) return undefined;
    if (!this.#trusted.has(key)) {
      const plain = await this.#worker.run({ file, testIds }, limit);
      if (typeof plain === "string" || plain.kind !== "done" || plain.failed.length > 0) {
        console.error(`${file}: fails on unchanged sources when ${testIds?.length ?? "all"} tests run; not counted.`);
        return undefined;
      }
      this.#trusted.add(key);
    }
    if (typeof answer === "string") return `${file}: ${answer}`;
    const why = answer.kind === "done" ? (answer.failed[0]?.why ?? "") : "";
    return `${file}: ${why.replace(/\s+/g, " ").slice(0, 200)}`;
  }

  /** The file's cheapest tests that reach the mutant. */
  #cheapest({ file, tests, outside }: Reaching): Attempt {
    let cost = START;
    const chosen: string[] = [];
    for (const { id, milliseconds } of tests) {
      if (chosen.length > 0 && cost + milliseconds > START + FIRST_ROUND) break;
      cost += milliseconds;
      chosen.push(id);
    }
    if (chosen.length > 0) return { file, testIds: chosen, cost };
    return { file, testIds: outside ? undefined : [], cost: START + this.#coverage.cost(file) };
  }

  /** All of the file's tests that may tell, unless the first round had them. */
  #whole({ file, tests, outside }: Reaching, first: readonly Attempt[]): Attempt[] {
    const had = first.find((attempt) => attempt.file === file)?.testIds;
    if (had === undefined) return [];
    if (outside) return [{ file, testIds: undefined, cost: START + this.#coverage.cost(file) }];
    const rest = tests.filter(({ id }) => !had.includes(id));
    if (rest.length === 0) return [];
    const cost = rest.reduce((sum, { milliseconds }) => sum + milliseconds, START);
    return [{ file, testIds: rest.map(({ id }) => id), cost }];
  }

  /** Cheapest first, for what they have been worth so far. */
  #ordered(attempts: readonly Attempt[]): Attempt[] {
    const worth = ({ file, cost }: Attempt) => {
      const { tried, caught } = this.#record.get(file) ?? { tried: 0, caught: 0 };
      return (cost * (tried + 2)) / (caught + 1);
    };
    return attempts
      .map((attempt) => ({ attempt, order: worth(attempt) }))
      .sort((a, b) => a.order - b.order)
      .map(({ attempt }) => attempt);
  }
}
