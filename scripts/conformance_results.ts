/** Results of conformance runs, kept until the document is written from all of them. */
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { SourceResult } from "../test/conformance/run.ts";

/** Where suites ran: a column of the document. */
export interface Place {
  readonly backend: "cpu" | "wasm" | "webgpu";
  readonly browser: "node" | "chromium" | "firefox";
}

/** What is known of a place: the latest result of each source, and of each seed of random shapes and networks. */
export interface PlaceResults {
  readonly place: Place;
  /** Adapter, and the browser's own name of itself. */
  readonly description: string;
  readonly results: readonly SourceResult[];
}

/** Kept out of the repository, as everything generated; `rm -r` forgets them. */
const FOLDER = resolve(import.meta.dirname, "../.conformance");

const keyOf = ({ source, seed }: SourceResult): string => (seed === undefined ? source : `${source} seed ${seed}`);

/** What earlier runs left. */
export async function keptResults(): Promise<PlaceResults[]> {
  const names = await readdir(FOLDER).catch(() => []);
  const texts = await Promise.all(names.sort().map((name) => readFile(resolve(FOLDER, name), "utf8")));
  return texts.map((text) => JSON.parse(text) as PlaceResults);
}

/** Adds a result to those of its place, in the place of an older one. */
export async function keepResult(place: Place, description: string, result: SourceResult): Promise<void> {
  const all = await keptResults();
  const before = all.find(({ place: { backend, browser } }) => backend === place.backend && browser === place.browser);
  const others = (before?.results ?? []).filter((one) => keyOf(one) !== keyOf(result));
  const now: PlaceResults = { place, description, results: [...others, result] };
  await mkdir(FOLDER, { recursive: true });
  await writeFile(resolve(FOLDER, `${place.backend}-${place.browser}.json`), `${JSON.stringify(now, null, 1)}\n`);
}

function summed(a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>): Record<string, number> {
  const sums = { ...a };
  for (const [reason, count] of Object.entries(b)) sums[reason] = (sums[reason] ?? 0) + count;
  return sums;
}

/** Results of a place as the document shows them: random shapes and networks of all seeds as one, by family. */
export function merged(results: readonly SourceResult[]): Map<string, SourceResult> {
  const rows = new Map<string, SourceResult>();
  for (const one of results) {
    const before = one.seed === undefined ? undefined : rows.get(one.source);
    rows.set(
      one.source,
      before === undefined
        ? one
        : {
            ...one,
            passed: before.passed + one.passed,
            inScope: before.inScope + one.inScope,
            total: before.total + one.total,
            seconds: before.seconds + one.seconds,
            failures: [...before.failures, ...one.failures],
            outOfScope: summed(before.outOfScope, one.outOfScope),
          },
    );
  }
  return rows;
}
