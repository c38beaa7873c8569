/** What was found out about pictures before they are trained on, by `checkData` in a worker. */
import type { Dataset } from "../../src/data/dataset.ts";
import type { DataReport, DataWarning } from "../../src/data/pictures/check_data.ts";
import type { PictureSet } from "./picture_set.ts";

/** What the worker is given. */
export interface ToCheck {
  readonly train: Dataset;
  readonly heldOut: Dataset;
}

/** What it gives: the parts of the report that the page says something about. */
export interface Findings extends Pick<DataReport, "classes" | "imbalance" | "validationCount"> {
  readonly nearDuplicates: NonNullable<DataReport["nearDuplicates"]>;
  readonly kinds: readonly DataWarning["kind"][];
}

/** Looks at a set. Rejects where there is no worker, and with the signal's reason. */
export function findOut({ train, heldOut, classNames }: PictureSet, signal: AbortSignal): Promise<Findings> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL("./check_worker.ts", import.meta.url), { type: "module" });
    const end = () => worker.terminate();
    signal.addEventListener("abort", () => {
      end();
      reject(signal.reason);
    });
    worker.addEventListener("message", ({ data }: MessageEvent<Findings>) => {
      end();
      resolve(data);
    });
    worker.addEventListener("error", (event) => {
      end();
      reject(new Error(event.message));
    });
    const toCheck: ToCheck = { train: { ...train, classNames }, heldOut: { ...heldOut, classNames } };
    worker.postMessage(toCheck);
  });
}
