/**
 * What errors say of a name that nobody knows: the nearest one, or all. These are functions of plain values, so that an error of
 * dist/production holds these, and only who explains it has the functions (scripts/error-numbers.mjs).
 */

import { OPTION_HINTS } from "./option_hints.ts";

/** Letters of a stranger's text in a message. */
export const LONGEST_SHOWN = 60;

/** What to write in the place of an option of the function `where`, which knows these. */
export function optionHint(name: string, known: readonly string[], where: string): string {
  const hints = Object.hasOwn(OPTION_HINTS, where) ? OPTION_HINTS[where] : undefined;
  if (hints && Object.hasOwn(hints, name)) return `${hints[name]}.`;
  const nearest = nearestName(name, known);
  return nearest === undefined ? `it takes ${known.join(", ") || "none"}.` : `did you mean "${nearest}"?`;
}

/** The nearest name, else all; of a `name` that is no text, all. */
export function knownHint(name: unknown, known: readonly string[]): string {
  const nearest = typeof name === "string" ? nearestName(name, known) : undefined;
  return nearest === undefined ? `known: ${known.join(", ")}.` : `did you mean "${nearest}"?`;
}

/** A question behind a sentence, where a name is near; `name` may be no text. */
export function nearestHint(name: unknown, known: readonly string[]): string {
  const nearest = typeof name === "string" ? nearestName(name, known) : undefined;
  return nearest === undefined ? "" : ` Did you mean "${nearest}"?`;
}

/** The name among `known` that `name` was probably meant to be: another spelling of it, its initials, or a few letters away. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const plain = (text: string) => text.toLowerCase().replace(/[_\-\s]/g, "");
  const wanted = plain(name.slice(0, LONGEST_SHOWN));
  const same = known.find((one) => plain(one) === wanted || initials(one) === wanted);
  if (same !== undefined) return same;
  let nearest: string | undefined;
  let fewest = Math.ceil(wanted.length * 0.4) + 1;
  for (const one of known) {
    const edits = editsBetween(wanted, plain(one));
    if (edits < fewest && edits < one.length) [nearest, fewest] = [one, edits];
  }
  return nearest;
}

/** "lr" of "learningRate"; of a single word nothing. */
function initials(name: string): string | undefined {
  const capitals = name.replace(/[^A-Z]/g, "");
  return capitals === "" ? undefined : `${name[0] ?? ""}${capitals}`.toLowerCase();
}

/** Letters to be put in, taken away or replaced, or neighbours to be exchanged (optimal string alignment). */
function editsBetween(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let edits = Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        edits = Math.min(edits, (before[j - 2] ?? 0) + 1);
      }
      next.push(edits);
    }
    [before, row] = [row, next];
  }
  return row[b.length] ?? 0;
}
