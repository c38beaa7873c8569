import type { PlateauState } from "./reduce_on_plateau.ts";
import { noTotals, type Totals } from "./step_record.ts";

/** How far a training has come, as the host knows it; checkpoints hold it. */
export interface Progress {
  /** Steps that are done or under way: the host's copy of the device's counter. */
  steps: number;
  /** Batches of the current data set, likewise. */
  cursor: number;
  /** What the steps of the pass under way reported. */
  totals: Totals;
  /** What `reduceOnPlateau` goes on from, with its options as text. */
  plateau?: { readonly options: string; readonly state: PlateauState } | undefined;
}

export function newProgress(): Progress {
  return { steps: 0, cursor: 0, totals: noTotals() };
}
