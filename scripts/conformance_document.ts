/** The document of the conformance runs: a column a backend and browser, a row a source. */
import { SHAPES, type SourceResult } from "../test/conformance/run.ts";
import { merged, type Place, type PlaceResults } from "./conformance_results.ts";

const BROWSERS: Readonly<Record<Place["browser"], string>> = {
  node: "Node",
  chromium: "Chromium",
  firefox: "Firefox",
};

const BACKENDS: Readonly<Record<Place["backend"], string>> = { cpu: "CPU", wasm: "WebAssembly", webgpu: "WebGPU" };

const titleOf = ({ backend, browser }: Place): string => `${BACKENDS[backend]}, ${BROWSERS[browser]}`;

/** "160 / 160 · 1.2 s": passed, in scope; a sample says which cases it took. */
function cell(result: SourceResult | undefined): string {
  if (result === undefined) return "";
  const { passed, inScope, seconds, every } = result;
  const sample = every === 1 ? "" : ` (each ${every}th)`;
  return `${passed} / ${inScope}${sample} · ${seconds.toFixed(1)} s`;
}

const table = (head: readonly string[], rows: readonly (readonly (string | number)[])[]): string[] =>
  [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`);

/** The same order in every document: the CPU first, Node before browsers. */
const rankOf = ({ backend, browser }: Place): number =>
  10 * Object.keys(BACKENDS).indexOf(backend) + ["node", "chromium", "firefox"].indexOf(browser);

/** Markdown of all results; `order` names the sources from top to bottom, what is drawn at random follows. */
export function conformanceDocument(places: readonly PlaceResults[], order: readonly string[]): string {
  const sorted = [...places].sort((a, b) => rankOf(a.place) - rankOf(b.place));
  const columns = sorted.map(({ place, results }) => ({ title: titleOf(place), rows: merged(results) }));
  const sources = [...new Set([...order, ...columns.flatMap(({ rows }) => [...rows.keys()])])].filter((source) =>
    columns.some(({ rows }) => rows.has(source)),
  );
  const totalOf = (source: string): number => Math.max(...columns.map(({ rows }) => rows.get(source)?.total ?? 0));
  /** A row that adds up others. */
  const sum = (title: string, some: readonly string[]): (string | number)[] => [
    `**${title}**`,
    some.reduce((total, source) => total + totalOf(source), 0),
    ...columns.map(({ rows }) => {
      const results = some.flatMap((source) => rows.get(source) ?? []);
      if (results.length === 0) return "";
      const add = (key: "passed" | "inScope") => results.reduce((total, result) => total + result[key], 0);
      return `${add("passed")} / ${add("inScope")}`;
    }),
  ];
  const shapes = sources.filter((source) => source.startsWith(SHAPES));
  const others = sources.filter((source) => !source.startsWith(SHAPES));
  const row = (source: string) => [source, totalOf(source), ...columns.map(({ rows }) => cell(rows.get(source)))];
  const failures = columns.flatMap(({ title, rows }) =>
    [...rows.values()].flatMap(({ source, failures: lines }) => lines.map((line) => `- ${title}: ${source}: ${line}`)),
  );
  const reasons = sources.flatMap((source) => {
    // Places agree on it, except where f32 cannot judge a random network.
    const counts = new Map<string, number>();
    for (const { rows } of columns) {
      const result = rows.get(source);
      if (result?.every !== 1) continue;
      for (const [reason, count] of Object.entries(result.outOfScope)) {
        counts.set(reason, Math.max(count, counts.get(reason) ?? 0));
      }
    }
    return [...counts].map(([reason, count]) => [source, reason, count]);
  });
  const seeds = new Set(
    sorted.flatMap(({ results }) => results.flatMap(({ seed }) => (seed === undefined ? [] : [seed]))),
  );
  return [
    "# Conformance",
    "",
    "Results that others computed, against this library's, and random shapes on which WebGPU must agree with the CPU",
    "backend. The source `oracle` is random networks of one or two inputs and outputs, whose outputs, gradients and 20",
    "training steps PyTorch 1.13 computes, with its own layers, losses, optimizers and learning-rate schedules; NAdam alone",
    "is its documentation's formula, as version 1.13 multiplies a factor of it twice.",
    "`npm run conformance -- --backend cpu|wasm|webgpu --browser node|chromium|firefox` runs a column and keeps its",
    "results, `--out docs/conformance.md` writes this page from all that are kept. A cell says how many cases passed and",
    "how many were in scope, `total` how many the source has; seconds are of one run on a software GPU. Firefox's own",
    "implementation of WGSL needed no workaround; its adapter here has no subgroups, so its column holds the kernels that",
    "do without.",
    "",
    ...sorted.map(({ place, description }) => `- ${titleOf(place)}: ${description}`),
    ...(seeds.size === 0
      ? []
      : ["", `Seeds of the random shapes and networks: ${[...seeds].sort((a, b) => a - b).join(", ")}.`]),
    "",
    ...table(
      ["source", "total", ...columns.map(({ title }) => title)],
      [
        ...others.map(row),
        ...(others.length > 1 ? [sum("computed by others", others)] : []),
        ...shapes.map(row),
        ...(shapes.length > 1 ? [sum("random shapes", shapes)] : []),
      ],
    ),
    "",
    ...(failures.length === 0 ? ["No case failed."] : ["## Failed", "", ...failures]),
    ...(reasons.length === 0 ? [] : ["", "## Out of scope", "", ...table(["source", "why", "cases"], reasons)]),
    "",
  ].join("\n");
}
