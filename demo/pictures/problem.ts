/** What is wrong with what was chosen, as the page says it. */
import { FormatError, OutOfMemoryError, StorageError } from "../../src/core/errors.ts";
import { ImageFolderError } from "../../src/data/pictures/folder_error.ts";

/** Why an import made no pictures. */
export type Problem =
  | { readonly kind: "nothing" | "folders" | "alike" | "archive" | "unreadable" | "few" | "memory" | "room" }
  /** All pictures are of this class. */
  | { readonly kind: "oneClass"; readonly name: string }
  | { readonly kind: "other"; readonly error: unknown };

const KINDS: Record<ImageFolderError["reason"], Problem["kind"] | undefined> = {
  "no-files": "nothing",
  "no-folders": "folders",
  "one-class": "oneClass",
  alike: "alike",
  "no-images": "unreadable",
  // The page gives no classNames.
  "unknown-class": undefined,
};

/** What is wrong, by what `imageFolder` threw. */
export function problemOf(error: unknown): Problem {
  if (error instanceof OutOfMemoryError || error instanceof RangeError) return { kind: "memory" };
  if (error instanceof StorageError) return { kind: error.reason === "quota" ? "room" : "memory" };
  if (error instanceof FormatError) return { kind: "archive" };
  if (error instanceof ImageFolderError) {
    const kind = KINDS[error.reason];
    if (kind === "oneClass") return { kind, name: error.folders[0] ?? "" };
    if (kind !== undefined && kind !== "other") return { kind };
  }
  return { kind: "other", error };
}
