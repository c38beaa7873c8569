/**
 * One run of suites and random shapes on one backend, in Node or in a page. What happens is told as plain objects, so
 * that a page can send them to whoever opened it.
 */
import type { Backend } from "../../src/graph/backend.ts";
import { checkAgreement } from "../support/agreement.ts";
import { drawCases } from "../support/agreement_families.ts";
import { checkTrainingAgreement } from "../support/agreement_training.ts";
import { Report, type Suite } from "./suite.ts";
import { suites } from "./suites.ts";

export interface RunRequest {
  readonly backend: "cpu" | "wasm" | "webgpu";
  /** Names of suites. */
  readonly sources: readonly string[];
  /** Each n-th case only. */
  readonly every: number;
  /** How many random shapes on which the backend must agree with the CPU reference, and the seed that draws them. */
  readonly shapes: number;
  readonly seed: number;
  /** Cases under way at once. */
  readonly concurrency: number;
}

/** What became of one source. */
export interface SourceResult {
  readonly source: string;
  readonly every: number;
  /** Of random shapes and networks only. */
  readonly seed?: number;
  readonly passed: number;
  readonly inScope: number;
  readonly total: number;
  readonly seconds: number;
  /** A line a failed case, file that is not there, or count that is not the expected one. */
  readonly failures: readonly string[];
  /** Cases out of scope by reason. */
  readonly outOfScope: Readonly<Record<string, number>>;
}

export type RunEvent =
  | { readonly type: "opened"; readonly description: string }
  | { readonly type: "progress"; readonly source: string; readonly cases: number; readonly underWay: readonly string[] }
  | { readonly type: "result"; readonly result: SourceResult }
  | { readonly type: "done" }
  | { readonly type: "broken"; readonly message: string };

/** How random shapes are named in results, before the name of their family. */
export const SHAPES = "random shapes: ";

/** Five steps of the reference network, WebGPU's losses against the CPU backend's. */
const TRAINING = `${SHAPES}the reference network's training, five steps`;

const PROGRESS_MS = 2000;

/** Tells how far `report` is, until the work is over. */
async function withProgress(
  source: string,
  report: Report,
  emit: (event: RunEvent) => void,
  work: () => Promise<void>,
): Promise<number> {
  const started = performance.now();
  const tell = () =>
    emit({
      type: "progress",
      source,
      cases: report.counts.total - report.underWay.size,
      underWay: [...report.underWay],
    });
  const timer = setInterval(tell, PROGRESS_MS);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  return Math.round((performance.now() - started) / 100) / 10;
}

/** Problems beyond single cases: files that are not there, counts that are not the expected ones. */
function miscounts({ counts, missing }: Report, { expected, seed }: Suite, every: number): string[] {
  const problems = missing.map((path) => `${path} is not in ../shared/conformance`);
  if (counts.total !== expected.total) problems.push(`${counts.total} cases, expected ${expected.total}`);
  const wrong = seed === undefined ? counts.inScope !== expected.inScope : counts.inScope < expected.inScope;
  if (every === 1 && wrong) {
    problems.push(`${counts.inScope} in scope, expected ${expected.inScope}`);
  }
  return problems;
}

/** Opens a backend for each source, so that none inherits another's kernels and memory, and tells what happens. */
export async function runConformance(
  { sources, every, shapes, seed, concurrency }: RunRequest,
  open: () => Promise<Backend>,
  emit: (event: RunEvent) => void,
  known: readonly Suite[] = suites,
): Promise<void> {
  let backend = await open();
  emit({ type: "opened", description: backend.description });
  for (const suite of known.filter(({ source }) => sources.includes(source))) {
    const report = new Report({ every, concurrency });
    const seconds = await withProgress(suite.source, report, emit, () => suite.run(backend, report));
    const failures = [...report.failures, ...miscounts(report, suite, every)];
    const outOfScope = Object.fromEntries(report.outOfScope);
    const { passed, inScope, total } = report.counts;
    emit({
      type: "result",
      result: {
        ...{ source: suite.source, every, passed, inScope, total, seconds, failures, outOfScope },
        ...(suite.seed === undefined ? {} : { seed: suite.seed }),
      },
    });
    backend.dispose();
    backend = await open();
  }
  const agreements: [string, (report: Report) => Promise<void>][] = [];
  for (const [family, cases] of shapes > 0 ? drawCases(shapes, seed) : []) {
    agreements.push([
      `${SHAPES}${family}`,
      (report) =>
        report.each(
          cases,
          ({ name }) => name,
          (one) => checkAgreement(backend, one),
        ),
    ]);
  }
  if (shapes > 0) {
    const check = () => checkTrainingAgreement(backend, 5, seed);
    agreements.push([TRAINING, (report) => report.each(["reference network"], (name) => name, check)]);
  }
  for (const [source, work] of agreements) {
    const report = new Report({ concurrency });
    const seconds = await withProgress(source, report, emit, () => work(report));
    const { passed, inScope, total } = report.counts;
    const { failures } = report;
    emit({
      type: "result",
      result: { source, every: 1, seed, passed, inScope, total, seconds, failures, outOfScope: {} },
    });
  }
  backend.dispose();
  emit({ type: "done" });
}
