import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Mutant } from "./mutant.ts";
import { areaOf, areas } from "./sources.ts";
import type { Verdict } from "./trial.ts";

/** Share of the mutants that are no equivalent ones which has to be caught. */
export const TARGET = 0.95;

/** A mutant that changes no result, found by its text, since lines move. */
export interface Equivalent {
  readonly file: string;
  readonly text: string;
  readonly description: string;
  readonly reason: string;
}

export function readEquivalents(): Equivalent[] {
  return JSON.parse(readFileSync(join(import.meta.dirname, "equivalent.json"), "utf8"));
}

/** Names a mutant across moves of its line. */
export function keyOf({ file, text, description }: Pick<Mutant, "file" | "text" | "description">): string {
  return `${file}\n${text}\n${description}`;
}

export interface Result {
  readonly mutant: Mutant;
  readonly verdict: Verdict;
}

export interface Summary {
  readonly share: number;
  readonly text: string;
}

/** The tables, in Markdown. */
export function summarize(results: readonly Result[], equivalents: readonly Equivalent[]): Summary {
  const reasons = new Map(equivalents.map((equivalent) => [keyOf(equivalent), equivalent.reason]));
  const survivors = results.filter(({ verdict }) => verdict.outcome === "survived");
  // What a test catches is not equivalent, whatever the list says.
  const isEquivalent = ({ mutant, verdict }: Result) => verdict.outcome === "survived" && reasons.has(keyOf(mutant));
  const row = (name: string, of: readonly Result[]) => {
    const caught = of.filter(({ verdict }) => verdict.outcome === "caught").length;
    const equivalent = of.filter(isEquivalent).length;
    const counted = of.length - equivalent;
    const share = counted === 0 ? 1 : caught / counted;
    return {
      share,
      line: `| ${[name, caught, counted - caught, equivalent, of.length, `${(100 * share).toFixed(1)} %`].join(" | ")} |`,
    };
  };
  const tableOf = (first: string, names: readonly string[], nameOf: (mutant: Mutant) => string) => [
    `| ${first} | caught | survived | equivalent | total | caught of those that count |`,
    "| --- | --- | --- | --- | --- | --- |",
    ...names.map(
      (name) =>
        row(
          name,
          results.filter(({ mutant }) => nameOf(mutant) === name),
        ).line,
    ),
  ];
  const all = row("all", results);
  const listOf = (of: readonly Result[], tail: (result: Result) => string) =>
    of.map((result) => {
      const { file, line, change, description } = result.mutant;
      return `- \`${file}:${line}\` (${change}): \`${description}\`${tail(result)}`;
    });
  const real = survivors.filter((result) => !isEquivalent(result));
  const changes = [...new Set(results.map(({ mutant }) => mutant.change))].sort();
  return {
    share: all.share,
    text: [
      ...tableOf("area", areas, ({ file }) => areaOf(file)),
      all.line,
      "",
      ...tableOf("change", changes, ({ change }) => change),
      "",
      `## Survivors (${real.length})`,
      "",
      ...(real.length > 0 ? listOf(real, ({ verdict }) => `: ${verdict.by}`) : ["None."]),
      "",
      `## Equivalent (${survivors.length - real.length})`,
      "",
      ...listOf(survivors.filter(isEquivalent), ({ mutant }) => `: ${reasons.get(keyOf(mutant))}`),
      "",
    ].join("\n"),
  };
}
