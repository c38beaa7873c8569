import { type ChildProcess, spawn } from "node:child_process";
import { resolve } from "node:path";
import type { Answer, Job } from "./runner.ts";
import { root } from "./sources.ts";

/** Milliseconds that a runner may take to start, on a machine with other work. */
const START_LIMIT = 120_000;

/** "hangs": a job took too long; "dies": its process ended, e.g. in the GPU driver. */
export type Outcome = Answer | "hangs" | "dies";

export function passes(answer: Outcome): boolean {
  return typeof answer !== "string" && answer.kind === "done" && answer.failed.length === 0;
}

/** Why an answer is no pass, in a line. */
export function reason(answer: Outcome): string {
  if (typeof answer === "string") return answer;
  const why = answer.kind === "done" ? (answer.failed[0]?.why ?? "") : "";
  return why.replace(/\s+/g, " ").slice(0, 200);
}

/** The runner process, started when there is a job and again after one that it did not survive. */
export class Worker {
  #process: ChildProcess | undefined;
  #listener: ((answer: Answer | undefined) => void) | undefined;
  readonly #environment: Readonly<Record<string, string>>;
  /** The test files of the suite, known once the runner has started. */
  files: readonly string[] = [];

  constructor(environment: Readonly<Record<string, string>> = {}) {
    this.#environment = environment;
  }

  /** Runs a job. It hangs when it takes longer than `limit` milliseconds. */
  async run(job: Job, limit: number): Promise<Outcome> {
    await this.start();
    this.#process?.send(job);
    return this.#answer(limit);
  }

  async start(): Promise<void> {
    if (this.#process) return;
    const script = resolve(import.meta.dirname, "runner.ts");
    // A group of its own, so that all that it starts can be ended with it.
    this.#process = spawn(process.execPath, [resolve(root, "scripts/run-ts.mjs"), script], {
      cwd: root,
      detached: true,
      stdio: ["ignore", "ignore", "inherit", "ipc"],
      env: { ...process.env, ...this.#environment },
    });
    const own = this.#process;
    own.on("message", (answer: Answer) => this.#listener?.(answer));
    own.on("exit", () => {
      if (this.#process !== own) return;
      this.#process = undefined;
      this.#listener?.(undefined);
    });
    const answer = await this.#answer(START_LIMIT);
    if (typeof answer === "string" || answer.kind !== "ready")
      throw new Error("The process that runs tests does not start.");
    this.files = answer.files;
  }

  #answer(limit: number): Promise<Outcome> {
    return new Promise((done) => {
      const settle = (answer: Outcome) => {
        clearTimeout(timer);
        this.#listener = undefined;
        done(answer);
      };
      const timer = setTimeout(() => {
        this.end();
        settle("hangs");
      }, limit);
      this.#listener = (answer) => settle(answer ?? "dies");
    });
  }

  /** Ends the runner and all that it started. */
  end(): void {
    const { pid } = this.#process ?? {};
    this.#process = undefined;
    if (pid === undefined) return;
    try {
      process.kill(-pid, "SIGKILL");
    } catch {
      // It has ended by itself.
    }
  }
}
