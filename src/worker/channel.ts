/** Messages between a page and its worker, or Node and a thread of it: the same for both. */
import { WorkerError } from "../core/errors.ts";

/** A thread of Node, `new Worker(…)` of "node:worker_threads". */
export interface NodeThread {
  /** Sends a message; what is in the list changes hands. */
  postMessage(message: unknown, transfer?: readonly never[]): void;
  /** Adds a listener for what it says. */
  on(event: "message", listener: (data: unknown) => void): unknown;
  /** Adds a listener for what it says and nobody can read, or for an error that ends it. */
  on(event: "messageerror" | "error", listener: (error: Error) => void): unknown;
  /** Adds a listener for its end. */
  on(event: "exit", listener: (code: number) => void): unknown;
  /** Ends the thread. */
  terminate(): Promise<number>;
  /** Keeps the process alive while the thread runs. */
  ref(): void;
  /** Lets the process end although the thread runs. */
  unref(): void;
}

/** The page's end. */
export interface Channel {
  post(message: unknown, transfer: readonly Transferable[]): void;
  /** Whether an answer is waited for. Node ends while a trainer lies idle, as it does with one on its own thread. */
  waiting(whether: boolean): void;
  close(): void;
}

/** What the page does with what comes. */
export interface Ears {
  message(data: unknown): void;
  failed(error: WorkerError): void;
}

function isNodeThread(worker: Worker | NodeThread): worker is NodeThread {
  return "on" in worker;
}

/** Begins to listen to a worker. */
export function listenTo(worker: Worker | NodeThread, ears: Ears): Channel {
  const unreadable = () => ears.failed(new WorkerError("The training worker sent a message that cannot be read."));
  const failed = (why: string) => ears.failed(new WorkerError(`The training worker failed: ${why}.`));
  if (isNodeThread(worker)) {
    worker.on("message", (data) => ears.message(data));
    worker.on("messageerror", unreadable);
    worker.on("error", (error) => failed(error instanceof Error ? error.message : String(error)));
    worker.on("exit", (code) => failed(`it ended with code ${code}`));
    return {
      post: (message, transfer) => worker.postMessage(message, transfer as readonly never[]),
      waiting: (whether) => (whether ? worker.ref() : worker.unref()),
      close: () => void worker.terminate().catch(() => undefined),
    };
  }
  worker.addEventListener("message", ({ data }: MessageEvent<unknown>) => ears.message(data));
  worker.addEventListener("messageerror", unreadable);
  worker.addEventListener("error", ({ message }) => failed(message || "its script could not be loaded"));
  return {
    post: (message, transfer) => worker.postMessage(message, [...transfer]),
    waiting: () => undefined,
    close: () => worker.terminate(),
  };
}

/** What is used of "node:worker_threads". */
interface Threads {
  readonly Worker: new (script: URL) => NodeThread;
  readonly parentPort: {
    postMessage(message: unknown): void;
    on(event: "message", listener: (data: unknown) => void): unknown;
  } | null;
}

/** Node's threads; undefined elsewhere. Not an import, which bundlers for pages would stumble over. */
function nodeThreads(): Threads | undefined {
  const { process } = globalThis as { process?: Partial<NodeJS.Process> };
  return process?.versions?.node === undefined ? undefined : process.getBuiltinModule?.("node:worker_threads");
}

/** Starts a worker on a script of this library's kind, in a page or in Node. */
export function startWorker(script: URL): Worker | NodeThread {
  if (typeof Worker === "function") return new Worker(script, { type: "module" });
  const threads = nodeThreads();
  if (threads) return new threads.Worker(script);
  throw new WorkerError(
    "createWorkerTrainer: there are neither Web Workers nor Node's threads here; pass `worker`, a worker whose script " +
      'imports "corteza/worker-host", or use createTrainer, which works on this thread.',
  );
}

/** The worker's end. */
export interface HostChannel {
  post(message: unknown): void;
  listen(hear: (data: unknown) => void): void;
}

/** This worker's own channel. */
export function hostChannel(): HostChannel {
  const port = nodeThreads()?.parentPort;
  if (port) {
    return {
      post: (message) => port.postMessage(message),
      listen: (hear) => void port.on("message", hear),
    };
  }
  return {
    // In a worker, postMessage takes no target origin; the DOM types know only the window's.
    post: (message) => (globalThis as { postMessage(message: unknown): void }).postMessage(message),
    listen: (hear) => globalThis.addEventListener("message", (event) => hear((event as MessageEvent<unknown>).data)),
  };
}
