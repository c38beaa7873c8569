/** Images of a `dataSource`, whose `read` stays on the page, on their way to the worker: the worker's side. */
import type { RowReader } from "../data/dataset.ts";
import type { ReadAnswer, ReadRequest } from "./protocol.ts";
import { deserializeError } from "./sent_errors.ts";

/** Asks the page, for several batches at a time. */
export class AskedReads {
  readonly #post: (request: ReadRequest) => void;
  readonly #waiting = new Map<number, (answer: ReadAnswer) => void>();
  #next = 1;

  constructor(post: (request: ReadRequest) => void) {
    this.#post = post;
  }

  /** Reads of the page's data set of that number. */
  readerOf(dataset: number): RowReader {
    return (rows, into, { targets, signal }) =>
      new Promise<void>((resolve, reject) => {
        const read = this.#next++;
        const abort = () => {
          this.#waiting.delete(read);
          this.#post({ endRead: read });
          reject(signal.reason);
        };
        signal.addEventListener("abort", abort, { once: true });
        this.#waiting.set(read, (answer) => {
          signal.removeEventListener("abort", abort);
          if ("error" in answer) {
            reject(deserializeError(answer.error));
            return;
          }
          into.set(answer.images);
          if (answer.targets) targets?.set(answer.targets);
          resolve();
        });
        this.#post({ read, dataset, rows });
      });
  }

  answered(answer: ReadAnswer): void {
    this.#waiting.get(answer.read)?.(answer);
    this.#waiting.delete(answer.read);
  }
}
