import { decodeOrTell } from "./decode.ts";
import type { Decoded, Decoder } from "./decoder.ts";
import type { DecodeRequest } from "./host.ts";
import type { PictureSource } from "./source.ts";
import type { PictureFormat } from "./types.ts";

/** Makes a worker whose script is `host.ts`. */
export type MakeWorker = () => Worker;

/** Where the worker's script lies in the package. A bundler does not take it along: that is why a page may pass its own. */
export const workerOfPackage: MakeWorker = () =>
  new Worker(new URL(/* @vite-ignore */ "./host.js", import.meta.url), { type: "module" });

interface Job {
  readonly source: PictureSource;
  /** Whether it is known to be a large picture. */
  large: boolean;
  resolve(decoded: Decoded): void;
}

interface Hand {
  readonly worker: Worker;
  readonly jobs: Map<number, Job>;
}

/** Jobs that a worker has: while it answers one, the next is there. */
const JOBS_OF_A_WORKER = 2;
/** More workers than that wait for the disk, and hold a picture each. */
const MOST_WORKERS = 8;

/**
 * Decodes in workers; on the page, one picture after the other, where there are none or none can be loaded (a content security
 * policy, a bundled page without the worker's file). A job whose worker fails is done by another one. Of large pictures one is
 * decoded at a time.
 */
export class WorkerPool implements Decoder {
  readonly width: number;
  readonly #format: PictureFormat;
  readonly #hands: Hand[] = [];
  readonly #waiting: Job[] = [];
  readonly #waitingLarge: Job[] = [];
  #largeRuns = false;
  #pageRuns = false;
  #closed = false;
  #nextId = 1;

  constructor(format: PictureFormat, makeWorker: MakeWorker | undefined) {
    this.#format = format;
    const wanted = makeWorker === undefined ? 0 : Math.min(MOST_WORKERS, Math.max(1, navigator.hardwareConcurrency));
    for (let number = 0; number < wanted && makeWorker; number++) {
      const hand = this.#hire(makeWorker);
      if (hand === undefined) break;
      this.#hands.push(hand);
    }
    this.width = Math.max(1, this.#hands.length) * JOBS_OF_A_WORKER;
  }

  decode(source: PictureSource): Promise<Decoded> {
    return new Promise((resolve) => {
      this.#waiting.push({ source, large: false, resolve });
      this.#assign();
    });
  }

  close(): void {
    this.#closed = true;
    for (const { worker } of this.#hands.splice(0)) worker.terminate();
  }

  #hire(makeWorker: MakeWorker): Hand | undefined {
    let worker: Worker;
    try {
      worker = makeWorker();
    } catch {
      // Content security policies may forbid workers.
      return undefined;
    }
    const hand: Hand = { worker, jobs: new Map() };
    worker.addEventListener("message", ({ data }: MessageEvent<{ id: number; answer: Decoded | "large" }>) => {
      const job = hand.jobs.get(data.id);
      if (!hand.jobs.delete(data.id) || job === undefined) return;
      this.#answered(job, data.answer);
    });
    const dismiss = () => this.#dismiss(hand);
    worker.addEventListener("error", dismiss);
    worker.addEventListener("messageerror", dismiss);
    return hand;
  }

  #dismiss(hand: Hand): void {
    const place = this.#hands.indexOf(hand);
    if (place < 0) return;
    this.#hands.splice(place, 1);
    hand.worker.terminate();
    for (const job of hand.jobs.values()) {
      if (job.large) this.#largeRuns = false;
      (job.large ? this.#waitingLarge : this.#waiting).unshift(job);
    }
    this.#assign();
  }

  #answered(job: Job, answer: Decoded | "large"): void {
    if (job.large) this.#largeRuns = false;
    if (answer === "large") this.#waitingLarge.push({ ...job, large: true });
    else job.resolve(answer);
    this.#assign();
  }

  #next(): Job | undefined {
    if (this.#largeRuns || this.#waitingLarge.length === 0) return this.#waiting.shift();
    this.#largeRuns = true;
    return this.#waitingLarge.shift();
  }

  #assign(): void {
    if (this.#closed) return;
    if (this.#hands.length === 0) void this.#onPage();
    for (let jobs = 0; jobs < JOBS_OF_A_WORKER; jobs++) {
      for (const hand of this.#hands) {
        if (hand.jobs.size > jobs) continue;
        const job = this.#next();
        if (job === undefined) return;
        const id = this.#nextId++;
        hand.jobs.set(id, job);
        const request: DecodeRequest = { id, source: job.source, format: this.#format, alone: job.large };
        hand.worker.postMessage(request);
      }
    }
  }

  async #onPage(): Promise<void> {
    if (this.#pageRuns) return;
    this.#pageRuns = true;
    for (;;) {
      const job = this.#closed ? undefined : this.#next();
      if (job === undefined) break;
      const answer = await decodeOrTell(job.source, this.#format, true);
      if (job.large) this.#largeRuns = false;
      if (answer !== "large") job.resolve(answer);
    }
    this.#pageRuns = false;
  }
}
