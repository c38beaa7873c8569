/** What is wrong with what was chosen, as the page says it. */
import { ArgumentError, FormatError, OutOfMemoryError, StorageError } from "../../src/core/errors.ts";

/** Why an import made no pictures. */
export type Problem =
  | { readonly kind: "nothing" | "folders" | "alike" | "archive" | "unreadable" | "few" | "memory" | "room" }
  /** All pictures are of this class. */
  | { readonly kind: "oneClass"; readonly name: string }
  | { readonly kind: "other"; readonly error: unknown };

/**
 * `imageFolder` tells these apart in words alone (test/demo/pictures.test.ts holds them against it).
 */
const WORDS: readonly (readonly [RegExp, (found: RegExpExecArray) => Problem])[] = [
  [/there are no files/, () => ({ kind: "nothing" })],
  [
    /all pictures lie in one folder, "((?:[^"\\]|\\.)*)"/,
    ([, name = ""]) => ({ kind: "oneClass", name: unquoted(name) }),
  ],
  [/lie in no folder/, () => ({ kind: "folders" })],
  [/differ in nothing but case/, () => ({ kind: "alike" })],
  [/none of [\d,]+ files became an image/, () => ({ kind: "unreadable" })],
];

/** A name as it was before it was put between quotes. */
const unquoted = (name: string) => String(JSON.parse(`"${name}"`));

/** What is wrong, by what `imageFolder` threw. */
export function problemOf(error: unknown): Problem {
  if (error instanceof OutOfMemoryError || error instanceof RangeError) return { kind: "memory" };
  if (error instanceof StorageError) return { kind: error.reason === "quota" ? "room" : "memory" };
  if (error instanceof FormatError) return { kind: "archive" };
  if (error instanceof ArgumentError) {
    for (const [words, problem] of WORDS) {
      const found = words.exec(error.message);
      if (found) return problem(found);
    }
  }
  return { kind: "other", error };
}
