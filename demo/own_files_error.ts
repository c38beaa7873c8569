/** What can be wrong with a choice of files. */
export type OwnFilesProblem = "unreadable" | "pairs" | "size" | "classes" | "tooMany" | "few" | "names" | "values";

/** The files make no data set. `words` are the names and figures that the page's sentence about it wants. */
export class OwnFilesError extends Error {
  override readonly name = "OwnFilesError";
  readonly why: OwnFilesProblem;
  readonly words: readonly string[];

  constructor(why: OwnFilesProblem, words: readonly string[], cause?: unknown) {
    super(`${why}: ${words.join(", ")}`, { cause });
    this.why = why;
    this.words = words;
  }
}
