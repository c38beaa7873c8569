/** What a training was of, and how that differs from the training before: its name. No page. */
import { decodeRows, type Row } from "./design.ts";

export interface RunSettings {
  /** Its rows, as the address writes them; undefined: it came from a file. */
  readonly network: string | undefined;
  /** One of the page's optimizers; undefined: it came with a file. */
  readonly optimizer: string | undefined;
  /** At its first step. */
  readonly learningRate: number;
  readonly batchSize: number;
  readonly seed: number;
  /** Whether the digits were varied. */
  readonly vary: boolean;
  /** Digits to learn from. */
  readonly digits: number;
}

export type Difference =
  | { readonly what: "learningRate" | "batchSize" | "seed" | "digits"; readonly value: number }
  | { readonly what: "optimizer"; readonly value: string | undefined }
  | { readonly what: "vary"; readonly value: boolean }
  /** Rows that went and rows that came in their place; neither where the networks have little in common. */
  | { readonly what: "network"; readonly value: string | undefined; readonly removed: Row[]; readonly added: Row[] };

/** More rows than this are another network, not a change of one. */
const MOST_ROWS = 2;

/** How `now` differs from `before`; from the network down. */
export function differences(before: RunSettings, now: RunSettings): Difference[] {
  const found: Difference[] = [];
  if (before.network !== now.network) found.push({ what: "network", value: now.network, ...changedRows(before, now) });
  if (before.optimizer !== now.optimizer) found.push({ what: "optimizer", value: now.optimizer });
  for (const what of ["learningRate", "batchSize", "digits"] as const) {
    if (before[what] !== now[what]) found.push({ what, value: now[what] });
  }
  if (before.vary !== now.vary) found.push({ what: "vary", value: now.vary });
  if (before.seed !== now.seed) found.push({ what: "seed", value: now.seed });
  return found;
}

/** The rows between what both networks begin and end with. */
function changedRows(before: RunSettings, now: RunSettings): { removed: Row[]; added: Row[] } {
  const none = { removed: [], added: [] };
  if (before.network === undefined || now.network === undefined) return none;
  const old = before.network.split("_");
  const made = now.network.split("_");
  let start = 0;
  while (start < Math.min(old.length, made.length) && old[start] === made[start]) start++;
  let end = 0;
  while (end < Math.min(old.length, made.length) - start && old.at(-1 - end) === made.at(-1 - end)) end++;
  const rows = (all: string[]) => [...(decodeRows(all.slice(start, all.length - end).join("_")) ?? [])];
  const changed = { removed: rows(old), added: rows(made) };
  return Math.max(changed.removed.length, changed.added.length) > MOST_ROWS ? none : changed;
}
