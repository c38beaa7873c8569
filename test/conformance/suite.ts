/**
 * The one shape of every conformance suite: cases that nobody in this project wrote, run on a backend, and counted.
 * `npm run conformance` runs all suites of `suites.ts` in Node, Chromium or Firefox; `npm test` runs them on the CPU
 * backend and a sample of them on WebGPU (`test_suites.ts`). Suites import no test framework.
 */
import type { Backend } from "../../src/graph/backend.ts";
import { conformance } from "../support/conformance.ts";

/** The cases of one file or folder of ../shared/conformance. */
export interface Suite {
  /** Where they come from, as `--source` selects them: "torch/conv2d", "keras-js". */
  readonly source: string;
  /**
   * How many cases there are, and how many of them this library claims to do: a run that finds other numbers fails, so
   * that none gets lost unseen.
   */
  readonly expected: { readonly total: number; readonly inScope: number };
  /**
   * Of cases drawn at random, where drawing begins. Some of them may be none that a backend can be judged by: then
   * `expected.inScope` is the least number.
   */
  readonly seed?: number;
  /** Reads the cases and hands each to the report. */
  run(backend: Backend, report: Report): Promise<void>;
}

export interface Counts {
  passed: number;
  /** Cases that were run. */
  inScope: number;
  /** All cases of the source, those left out by a sample too. */
  total: number;
  /** Cases that a sample left out. */
  sampledOut: number;
}

/** Thrown by a case that this library does not claim to do; the reason is printed, once for all cases that share it. */
export class OutOfScope extends Error {
  override readonly name = "OutOfScope";
}

/** Half a unit in the last place, relative: what one rounding costs on this backend. CPU sums are in f64. */
export const precisionOf = (backend: Backend): number => (backend.kind === "cpu" ? 2 ** -53 : 2 ** -24);

export interface ReportOptions {
  /** Runs only every n-th case, beginning with case `first`. Default: every case. */
  readonly every?: number | undefined;
  readonly first?: number | undefined;
  /** Cases under way at once: pipelines of several compile side by side. Default 4. */
  readonly concurrency?: number | undefined;
}

/** Counts cases, and keeps what failed and what was out of scope, and why. */
export class Report {
  readonly counts: Counts = { passed: 0, inScope: 0, total: 0, sampledOut: 0 };
  /** One line a failed case: its name and what was wrong. */
  readonly failures: string[] = [];
  /** Cases out of scope by reason. */
  readonly outOfScope = new Map<string, number>();
  /** Files that are not there, so that none of their cases could run. */
  readonly missing: string[] = [];
  /** Names of the cases that are running now. */
  readonly underWay = new Set<string>();
  readonly #every: number;
  readonly #first: number;
  readonly #concurrency: number;

  constructor({ every = 1, first = 0, concurrency = 4 }: ReportOptions = {}) {
    this.#every = every;
    this.#first = first % every;
    this.#concurrency = concurrency;
  }

  /** What a JSON file under ../shared/conformance holds; undefined, and noted, where there is none. */
  async read(path: string): Promise<unknown | undefined> {
    const data = await conformance(path);
    if (data === undefined) this.missing.push(path);
    return data;
  }

  /**
   * Runs `check` on each case. It throws an Error when the case fails, and `OutOfScope` when the library does not
   * claim to do it. `name` makes the case's name from it and its place in the list.
   */
  async each<T>(
    cases: readonly T[],
    name: (one: T, index: number) => string,
    check: (one: T, index: number) => Promise<void> | void,
  ): Promise<void> {
    let next = 0;
    const worker = async () => {
      while (next < cases.length) {
        const index = next++;
        const one = cases[index] as T;
        await this.#count(name(one, index), () => check(one, index));
      }
    };
    await Promise.all(Array.from({ length: this.#concurrency }, worker));
  }

  async #count(name: string, check: () => Promise<void> | void): Promise<void> {
    const { counts } = this;
    if (counts.total++ % this.#every !== this.#first) {
      counts.sampledOut++;
      return;
    }
    this.underWay.add(name);
    try {
      await check();
      counts.passed++;
    } catch (error) {
      if (error instanceof OutOfScope) {
        this.outOfScope.set(error.message, (this.outOfScope.get(error.message) ?? 0) + 1);
        return;
      }
      this.failures.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      this.underWay.delete(name);
    }
    counts.inScope++;
  }
}

/** Throws, naming the worst place, unless every |got − want| is at most `allowed` of its place. NaN is close to NaN alone. */
export function expectWithin(
  what: string,
  got: ArrayLike<number> | undefined,
  want: ArrayLike<number>,
  allowed: (index: number) => number,
): void {
  if (got?.length !== want.length) throw new Error(`${what}: ${got?.length} values, expected ${want.length}`);
  let worst = 1;
  let message: string | undefined;
  for (let i = 0; i < want.length; i++) {
    const [actual, expected] = [got[i] as number, want[i] as number];
    // Equal infinities too, whose difference is NaN.
    if (actual === expected || Object.is(actual, expected)) continue;
    const limit = allowed(i);
    const distance = Math.abs(actual - expected) / limit;
    if (distance <= worst) continue;
    worst = Number.isNaN(distance) ? Number.POSITIVE_INFINITY : distance;
    message = `${what}[${i}] is ${actual}, expected ${expected} ± ${limit}`;
  }
  if (message !== undefined) throw new Error(message);
}
