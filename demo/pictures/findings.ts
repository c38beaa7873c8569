/** Looks at pictures before they are trained on, in a worker: near duplicates among thousands take seconds. */
import type { PictureSet } from "./picture_set.ts";
import { type Findings, findingsOf, type ToCheck } from "./report_of.ts";

/** Looks at a set. Rejects where there is no worker, and with the signal's reason. */
export function findOut({ train, heldOut, classNames }: PictureSet, signal: AbortSignal): Promise<Findings> {
  const toCheck: ToCheck = { train: { ...train, classNames }, heldOut: { ...heldOut, classNames } };
  // Of pictures that are not in memory only labels are looked at, and what reads them cannot be sent.
  if (train.read || heldOut.read) return Promise.resolve(findingsOf(toCheck));
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
    worker.postMessage(toCheck);
  });
}
