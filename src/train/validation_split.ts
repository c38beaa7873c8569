import { ArgumentError } from "../core/errors.ts";
import type { Dataset } from "../data/dataset.ts";
import { split } from "../data/split.ts";
import type { FitOptions } from "./types.ts";

/** The halves of data sets by their shares, so that a later `fit` finds the same objects, and what was compiled for them. */
const halves = new WeakMap<Dataset, Map<number, { training: Dataset; validation: Dataset }>>();

/** What `fit` trains on and what it validates with. Throws `ArgumentError` where both `validationData` and `validationSplit` are given. */
export function validationSplit(
  dataset: Dataset,
  { validationData, validationSplit: share }: Pick<FitOptions, "validationData" | "validationSplit">,
): { dataset: Dataset; validationData: Dataset | undefined } {
  if (share === undefined) return { dataset, validationData };
  if (validationData) throw new ArgumentError("fit: give validationData or validationSplit, not both.");
  const known = halves.get(dataset) ?? new Map<number, { training: Dataset; validation: Dataset }>();
  halves.set(dataset, known);
  const found = known.get(share) ?? split(dataset, { validation: share });
  known.set(share, found);
  return { dataset: found.training, validationData: found.validation };
}
