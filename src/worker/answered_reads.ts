/** Images of a `dataSource`, whose `read` stays on the page, on their way to the worker: the page's side. */
import { DataSourceError } from "../core/errors.ts";
import { sizeOf } from "../core/shape.ts";
import type { Dataset } from "../data/dataset.ts";
import type { ReadAnswer, ReadRequest } from "./protocol.ts";
import { serializeError } from "./sent_errors.ts";

/** Reads what the worker asks for, and hands the memory over. */
export class AnsweredReads {
  readonly #post: (answer: ReadAnswer, transfer: Transferable[]) => void;
  readonly #underWay = new Map<number, AbortController>();

  constructor(post: (answer: ReadAnswer, transfer: Transferable[]) => void) {
    this.#post = post;
  }

  async answer(request: ReadRequest, datasetOf: (key: number) => Dataset | undefined): Promise<void> {
    if ("endRead" in request) {
      this.#underWay.get(request.endRead)?.abort();
      this.#underWay.delete(request.endRead);
      return;
    }
    const { read, rows } = request;
    const controller = new AbortController();
    const { signal } = controller;
    this.#underWay.set(read, controller);
    const post = (answer: ReadAnswer, transfer: Transferable[]) => {
      if (!signal.aborted) this.#post(answer, transfer);
    };
    try {
      const dataset = datasetOf(request.dataset);
      if (dataset?.read === undefined) {
        throw new DataSourceError("dataSource: this data set was released; use it anew, from a call of its own.", rows);
      }
      const { images, shape, targets } = dataset;
      const length = rows.length * sizeOf(shape);
      const into = images instanceof Uint8Array ? new Uint8Array(length) : new Float32Array(length);
      const given = targets && new Float32Array(rows.length * sizeOf(targets.shape));
      await dataset.read(rows, into, { signal, ...(given ? { targets: given } : {}) });
      post({ read, images: into, ...(given ? { targets: given } : {}) }, [
        into.buffer,
        ...(given ? [given.buffer] : []),
      ]);
    } catch (error) {
      post({ read, error: serializeError(error) }, []);
    } finally {
      this.#underWay.delete(read);
    }
  }

  /** Aborts what is being read. */
  stop(): void {
    for (const controller of this.#underWay.values()) controller.abort();
    this.#underWay.clear();
  }
}
