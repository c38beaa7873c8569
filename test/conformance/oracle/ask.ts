/** Asks PyTorch, in Node: starts a Python that has it, and exchanges a line of JSON for each network. */
import { type ChildProcessByStdio, spawn, spawnSync } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { Answer, Question } from "./question.ts";

/** Debian's packages belong to its own Python, which another one in PATH may hide. */
const INTERPRETERS = ["python3", "/usr/bin/python3"];

const FIX =
  "The oracle wants PyTorch, which no python3 here has. On Debian: apt-get update && apt-get install -y python3-torch";

/** A Python that has PyTorch. Throws, with what to install, where there is none. */
export function findPython(): string {
  const found = INTERPRETERS.find(
    (python) => spawnSync(python, ["-c", "import torch"], { stdio: "ignore" }).status === 0,
  );
  if (found === undefined) throw new Error(FIX);
  return found;
}

/** PyTorch as a process that answers; `close` ends it. */
export class Oracle {
  readonly #process: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string>;
  #last: Promise<unknown> = Promise.resolve();

  /** Throws, with what to install, where there is no PyTorch. */
  constructor() {
    const script = fileURLToPath(new URL("./oracle.py", import.meta.url));
    this.#process = spawn(findPython(), [script], { stdio: ["pipe", "pipe", "inherit"] });
    // Whoever waits for the answer hears of a process that has ended.
    this.#process.stdin.on("error", () => undefined);
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  }

  /** One question after the other, however many wait. */
  ask(question: Question): Promise<Answer> {
    const answer = this.#last.then(() => this.#exchange(question));
    this.#last = answer.catch(() => undefined);
    return answer;
  }

  async #exchange(question: Question): Promise<Answer> {
    this.#process.stdin.write(`${JSON.stringify(question)}\n`);
    const { value, done } = await this.#lines.next();
    if (done) throw new Error("oracle.py ended without an answer; what it said stands above.");
    const answer = JSON.parse(value) as Answer | { error: string };
    if ("error" in answer) throw new Error(`oracle.py: ${answer.error}`);
    return answer;
  }

  close(): void {
    this.#process.stdin.end();
  }
}
