/** `corteza`, the command: chooses what is asked for, and says what goes wrong in a line. */
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { CortezaError } from "../core/errors.ts";
import { convert } from "./convert.ts";
import { predict } from "./predict.ts";
import { summary } from "./summary.ts";
import { type Command, type Console, nearest, UsageError } from "./usage.ts";

const COMMANDS: Readonly<Record<string, Command>> = { convert, summary, predict };

const HELP = `corteza COMMAND ...

${Object.entries(COMMANDS)
  .map(([name, { summary }]) => `${name.padEnd(10)}${summary}`)
  .join("\n")}

corteza COMMAND --help says more of each. Exit codes: 0 done, 1 a file or a network that does not do, 2 wrong use.`;

/**
 * Runs the command of `words`, what stands behind "corteza", and returns its exit code: 0 where it is done, 1 where a file or a network
 * does not do, 2 where it was called in a way that it does not know.
 */
export async function run(words: readonly string[], console: Console): Promise<number> {
  const [name, ...rest] = words;
  try {
    if (name === undefined) {
      console.error(HELP);
      return 2;
    }
    if (name === "--help" || name === "-h" || name === "help") {
      console.out(commandOf(rest[0])?.help ?? HELP);
      return 0;
    }
    if (name === "--version" || name === "-v") {
      const folder = dirname(fileURLToPath(import.meta.url));
      const manifest = JSON.parse(await readFile(join(folder, "../../package.json"), "utf8"));
      console.out(String(manifest.version));
      return 0;
    }
    const command = commandOf(name);
    if (command === undefined) {
      const meant = nearest(name, Object.keys(COMMANDS));
      throw new UsageError(`there is no command "${name}"${meant ? `; did you mean "${meant}"?` : ""}`);
    }
    if (rest.includes("--help") || rest.includes("-h")) console.out(command.help);
    else await command.run(rest, console);
    return 0;
  } catch (error) {
    const { code, text } = told(error);
    console.error(`corteza: ${text}`);
    if (code === 2)
      console.error(`corteza ${name !== undefined && commandOf(name) ? `${name} ` : ""}--help says more.`);
    return code;
  }
}

const commandOf = (name: string | undefined) =>
  name !== undefined && Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;

/** A line about an error, and the exit code. Throws what is no error of a user's: that is one of this program. */
function told(error: unknown): { code: number; text: string } {
  if (error instanceof UsageError) return { code: 2, text: error.message };
  if (error instanceof CortezaError) return { code: 1, text: error.message };
  if (error instanceof Error && "code" in error && typeof error.code === "string") {
    // Of the file system.
    if ("syscall" in error) return { code: 1, text: error.message };
  }
  throw error;
}
