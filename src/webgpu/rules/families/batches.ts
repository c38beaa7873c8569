import { batchLowerings } from "../../kernels/batch.ts";
import { fetchBatch } from "../fetch_batch.ts";
import { nonFinite } from "../non_finite.ts";
import type { Rule } from "../rule.ts";
import { singleOps } from "../single_op.ts";

/** Batches of a data set that lies on the device. */
export const rules: readonly Rule[] = [
  // One dispatch for a batch, and the weights are looked through beside it: before `nonFinite`.
  fetchBatch,
  // Looks through an arena as a whole, where no fetch does.
  nonFinite,
  ...singleOps(batchLowerings),
];
