/** What the page knows of files of pictures of one's own before the reader of such files is fetched (own_files.ts). */

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

/** Whether a file may be one that `readOwnFiles` takes, by its name. */
export function isOwnFileName(name: string): boolean {
  return /idx|ubyte|\.gz$|\.txt$/i.test(name);
}
