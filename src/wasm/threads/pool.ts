import { at } from "../../core/at.ts";
import { DeviceLostError } from "../../core/errors.ts";
import { type Job, runCalls } from "../crew.ts";
import {
  CONTROL_BYTES,
  type FromThread,
  LIVE_AT,
  runThread,
  SPINS,
  type ToThread,
  takeSlices,
  WORD,
} from "./thread.ts";

/** What is used of a worker of a page, and of "node:worker_threads". */
interface Thread {
  post(message: ToThread): void;
  end(): void;
}

interface NodeThread {
  postMessage(message: unknown): void;
  on(event: "message", listener: (message: FromThread) => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  unref(): void;
  terminate(): Promise<number>;
}

interface NodeThreads {
  readonly Worker: new (script: string, options: { readonly eval: true }) => NodeThread;
}

/** Node's threads; undefined elsewhere. Not an import, which bundlers for pages would stumble over. */
function nodeThreads(): NodeThreads | undefined {
  const { process } = globalThis as { process?: Partial<NodeJS.Process> };
  return process?.versions?.node === undefined ? undefined : process.getBuiltinModule?.("node:worker_threads");
}

const settings = JSON.stringify({ liveAt: LIVE_AT, spins: SPINS });
/** A thread's whole script. `listen` and `tell` are what it hears and speaks with. */
const scriptOf = (listen: string, tell: string) =>
  `(${runThread})(${JSON.stringify(WORD)},${settings},${takeSlices},${listen},${tell})`;

interface Ears {
  readonly heard: (message: FromThread) => void;
  readonly failed: (why: string) => void;
}

function startInNode({ Worker }: NodeThreads, { heard, failed }: Ears): Thread {
  const script = `const { parentPort: port } = require("node:worker_threads");
${scriptOf('(hear) => port.on("message", hear)', "(message) => port.postMessage(message)")}`;
  const worker = new Worker(script, { eval: true });
  worker.on("message", heard);
  worker.on("error", (error: Error) => failed(error.message));
  // A process may end although its threads wait for work.
  worker.unref();
  return {
    post: (message) => worker.postMessage(message),
    end: () => void worker.terminate().catch(() => undefined),
  };
}

function startInPage({ heard, failed }: Ears): Thread {
  const script = scriptOf(
    '(hear) => addEventListener("message", ({ data }) => hear(data))',
    "(message) => postMessage(message)",
  );
  const url = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
  const worker = new Worker(url);
  worker.addEventListener("message", ({ data }: MessageEvent<FromThread>) => heard(data));
  worker.addEventListener("error", ({ message }) => failed(message || "its script was refused"));
  return {
    post: (message) => worker.postMessage(message),
    end() {
      worker.terminate();
      URL.revokeObjectURL(url);
    },
  };
}

/** How long a slice that another thread has begun is waited for. Tests take less. */
export const patience = { milliseconds: 60_000 };
/** A computer that slept meanwhile has waited for so long at most, and this thread sleeps no longer at a time. */
const MOST_AT_ONCE = 1000;
/** Looks of a thread that may not sleep from one look at the clock to the next. */
const LOOKS = 4096;

/** Time that goes by while this thread waits. */
class Waiting {
  #last = performance.now();
  #milliseconds = 0;

  isTooLong(): boolean {
    const now = performance.now();
    this.#milliseconds += Math.min(now - this.#last, MOST_AT_ONCE);
    this.#last = now;
    return this.#milliseconds > patience.milliseconds;
  }
}

/**
 * Threads beside this one, which do slices of jobs. This thread begins to do them too, so that a job ends whether another one comes or
 * not; bits are those of the slices, whoever does them.
 */
export class Pool {
  readonly #threads: Thread[];
  readonly #words: Int32Array;
  readonly #live: Float64Array;
  readonly #mayWait = mayWait();
  readonly #lost: (error: Error) => void;
  /** Tells jobs apart. */
  #epoch = 0;

  /**
   * `failed` is told once of each thread that does no more; `lost` where one does not come back from a slice, so that nobody knows
   * what its memory holds. Throws where threads cannot be started at all.
   */
  constructor(
    memory: WebAssembly.Memory,
    threads: number,
    failed: (why: string) => void,
    lost: (error: Error) => void = () => undefined,
  ) {
    this.#lost = lost;
    const control = new SharedArrayBuffer(CONTROL_BYTES);
    this.#words = new Int32Array(control, 0, LIVE_AT / 4);
    this.#live = new Float64Array(control, LIVE_AT);
    const node = nodeThreads();
    const ears = { failed, heard: (message: FromThread) => failed(message.failed) };
    this.#threads = Array.from({ length: threads - 1 }, () => (node ? startInNode(node, ears) : startInPage(ears)));
    Atomics.store(this.#words, WORD.mail, 1);
    for (const [index, thread] of this.#threads.entries())
      thread.post({ start: { control, memory, thread: index + 1 } });
  }

  /** Sends something to all threads; they read it before they do another job. Not while a job runs. */
  send(message: ToThread): void {
    // First the count: a thread that had read everything would wait for a job, and not for this.
    Atomics.add(this.#words, WORD.mail, 1);
    for (const thread of this.#threads) thread.post(message);
    this.#publish(0);
  }

  #publish(slices: number): void {
    this.#epoch = (this.#epoch + 1) & 0x7fff;
    Atomics.store(this.#words, WORD.claim, (this.#epoch << 16) | slices);
    if (Atomics.load(this.#words, WORD.sleeping) > 0) Atomics.notify(this.#words, WORD.claim);
  }

  /** Throws `DeviceLostError` where another thread does not come back from a slice. */
  run({ id, slices, live }: Job): void {
    const words = this.#words;
    live.forEach((value, index) => {
      this.#live[index] = value();
    });
    Atomics.store(words, WORD.done, 0);
    Atomics.store(words, WORD.job, id);
    Atomics.store(words, WORD.slices, slices.length);
    this.#publish(slices.length);
    let own = 0;
    for (;;) {
      const claim = Atomics.load(words, WORD.claim);
      const left = claim & 0xffff;
      if (left === 0) break;
      if (Atomics.compareExchange(words, WORD.claim, claim, claim - 1) !== claim) continue;
      runCalls(at(slices, left - 1), this.#live);
      own++;
    }
    Atomics.add(words, WORD.done, own);
    this.#await(slices.length);
    for (let failures = Atomics.exchange(words, WORD.failures, 0); failures > 0; failures--) {
      runCalls(at(slices, words[WORD.failed + failures - 1] as number), this.#live);
    }
  }

  /**
   * Until all slices are done: others are at their last one. A page's own thread may not sleep and looks all the while; it would be
   * computing otherwise.
   */
  #await(slices: number): void {
    const words = this.#words;
    let waiting: Waiting | undefined;
    for (let looks = 0; Atomics.load(words, WORD.done) !== slices; looks++) {
      if (looks < SPINS || (!this.#mayWait && looks % LOOKS !== 0)) continue;
      waiting ??= new Waiting();
      if (waiting.isTooLong()) this.#giveUp();
      if (this.#mayWait) this.#sleep(slices);
    }
  }

  #sleep(slices: number): void {
    const words = this.#words;
    Atomics.store(words, WORD.mainWaits, 1);
    const done = Atomics.load(words, WORD.done);
    if (done !== slices) Atomics.wait(words, WORD.done, done, Math.min(MOST_AT_ONCE, patience.milliseconds));
    Atomics.store(words, WORD.mainWaits, 0);
  }

  #giveUp(): never {
    const error = new DeviceLostError(
      `A thread of the WebAssembly backend has not come back for ${patience.milliseconds / 1000} s in the middle of a step, whose ` +
        "values are lost. Make another backend, by wasm({ threads: 1 }), and restore a checkpoint there.",
    );
    this.end();
    this.#lost(error);
    throw error;
  }

  end(): void {
    for (const thread of this.#threads) thread.end();
  }
}

/** Whether this thread may sleep. */
function mayWait(): boolean {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1);
    return true;
  } catch {
    return false;
  }
}
