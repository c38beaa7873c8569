import { type ParseArgsConfig, parseArgs } from "node:util";

/** A command that was called in a way it does not know. */
export class UsageError extends Error {}

/** Options and other words, as `parseArgs` gives them. */
type Words<Options extends NonNullable<ParseArgsConfig["options"]>> = ReturnType<
  typeof parseArgs<{ args: string[]; allowPositionals: true; options: Options }>
>;

/**
 * A command's options and the words that are none, read by Node's `parseArgs`. Throws `UsageError`: for an option that there is none of,
 * with the one that may have been meant.
 */
export function readWords<Options extends NonNullable<ParseArgsConfig["options"]>>(
  words: readonly string[],
  options: Options,
): Words<Options> {
  try {
    return parseArgs({ args: [...words], allowPositionals: true, options });
  } catch (error) {
    if (!(error instanceof Error && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS"))) throw error;
    const [, wrong] = /^Unknown option '-{1,2}([\w-]+)'/.exec(error.message) ?? [];
    if (wrong === undefined) throw new UsageError(error.message);
    const meant = nearest(wrong, Object.keys(options));
    throw new UsageError(`there is no option --${wrong}${meant ? `; did you mean --${meant}?` : ""}`);
  }
}

/** Where a command writes, line by line. */
export interface Console {
  out(text: string): void;
  error(text: string): void;
}

/** What a command is given: the words behind its name. */
export interface Command {
  /** One line, for the list of commands. */
  readonly summary: string;
  /** All of `corteza NAME --help`. */
  readonly help: string;
  /** `words` are the arguments behind the command's name. Throws `UsageError`, and what opening and writing files throws. */
  run(words: readonly string[], console: Console): Promise<void>;
}

/** The known name that is most like a wrong one, for "did you mean"; undefined where none is. */
export function nearest(wrong: string, known: readonly string[]): string | undefined {
  const scored = known.map((name) => ({ name, distance: distanceOf(wrong, name) }));
  const [best] = scored.sort((one, other) => one.distance - other.distance);
  return best && best.distance <= Math.max(wrong.length > 3 ? 2 : 1, Math.floor(wrong.length / 3))
    ? best.name
    : undefined;
}

/** How many letters have to be put in, taken out or exchanged (Levenshtein). */
function distanceOf(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let place = 1; place <= from.length; place++) {
    const next = [place];
    for (let other = 1; other <= to.length; other++) {
      const exchanged = (row[other - 1] ?? 0) + (from[place - 1] === to[other - 1] ? 0 : 1);
      next.push(Math.min(exchanged, (row[other] ?? 0) + 1, (next[other - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
