import type { Coverage, Reaching } from "./coverage.ts";
import type { Mutant } from "./mutant.ts";
import { passes, reason, type Worker } from "./worker.ts";

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
/** Milliseconds of tests that run in one go afterwards. */
const CHUNK = 15_000;
/** A run that takes this many times what it takes on unchanged sources, and this long beside, hangs. */
const HANG_FACTOR = 8;
const HANG_LEAST = 40_000;

/** Test files and the tests in them, in the order in which they are tried. */
interface Attempt {
  readonly file: string;
  readonly testIds: readonly string[] | undefined;
  readonly cost: number;
}

/** What test files have been worth so far: those that catch much come first. */
export class Worth {
  readonly #record = new Map<string, { tried: number; caught: number }>();
  /** Files whose tests pass only when all of them run. */
  readonly companions = new Set<string>();

  note(file: string, caught: boolean): void {
    const { tried, caught: before } = this.#record.get(file) ?? { tried: 0, caught: 0 };
    this.#record.set(file, { tried: tried + 1, caught: before + (caught ? 1 : 0) });
  }

  /** Cheapest first, for what they are worth. */
  ordered(attempts: readonly Attempt[]): Attempt[] {
    const order = ({ file, cost }: Attempt) => {
      const { tried, caught } = this.#record.get(file) ?? { tried: 0, caught: 0 };
      return (cost * (tried + 2)) / (caught + 1);
    };
    return attempts
      .map((attempt) => ({ attempt, at: order(attempt) }))
      .sort((a, b) => a.at - b.at)
      .map(({ attempt }) => attempt);
  }
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
  readonly #worth: Worth;

  constructor(coverage: Coverage, worker: Worker, worth: Worth) {
    this.#coverage = coverage;
    this.#worker = worker;
    this.#worth = worth;
  }

  /** Undefined when `isTimeUp` ended it. */
  async run(mutant: Mutant, isTimeUp: () => boolean): Promise<Verdict | undefined> {
    const started = performance.now();
    const verdict = (outcome: Verdict["outcome"], by: string): Verdict => ({
      outcome,
      by,
      seconds: Math.round((performance.now() - started) / 100) / 10,
    });
    const reaching = this.#coverage.reaching(mutant);
    if (reaching.length === 0) return verdict("survived", "no test reaches it");
    const first = this.#worth.ordered(reaching.map((r) => this.#cheapest(r)));
    const second = this.#worth.ordered(reaching.flatMap((r) => this.#whole(r, first)));
    for (const attempt of [...first, ...second]) {
      if (isTimeUp()) return undefined;
      const by = await this.#attempt(mutant, attempt);
      this.#worth.note(attempt.file, by !== undefined);
      if (by === undefined) continue;
      return verdict("caught", by);
    }
    return verdict("survived", `${reaching.length} test files reach it`);
  }

  async #attempt(mutant: Mutant, { file, cost, testIds }: Attempt): Promise<string | undefined> {
    const wanted = this.#worth.companions.has(file) ? undefined : testIds;
    const limit = HANG_LEAST + HANG_FACTOR * (wanted ? cost : START + this.#coverage.cost(file));
    const answer = await this.#worker.run({ mutant, file, testIds: wanted }, limit);
    if (passes(answer)) return undefined;
    const key = `${file} ${wanted?.join() ?? ""}`;
    if (!this.#trusted.has(key)) {
      const plain = await this.#worker.run({ file, testIds: wanted }, limit);
      if (!passes(plain)) {
        console.error(`${file} fails on unchanged sources, ${wanted?.length ?? "all"} tests: ${reason(plain)}`);
        if (wanted === undefined) return undefined;
        // Its tests count on each other.
        this.#worth.companions.add(file);
        return this.#attempt(mutant, { file, cost, testIds: undefined });
      }
      this.#trusted.add(key);
    }
    return `${file}: ${reason(answer)}`;
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
    const chunks: { ids: string[]; cost: number }[] = [];
    for (const { id, milliseconds } of tests) {
      if (had.includes(id)) continue;
      const last = chunks.at(-1);
      if (last && last.cost + milliseconds < CHUNK) {
        last.ids.push(id);
        last.cost += milliseconds;
      } else chunks.push({ ids: [id], cost: START + milliseconds });
    }
    return chunks.map(({ ids, cost }) => ({ file, testIds: ids, cost }));
  }
}
