/** The parts of `checkData`'s report that the page says something about; what its worker and the page share. */
import type { Dataset } from "../../src/data/dataset.ts";
import { checkData, type DataReport, type DataWarning } from "../../src/data/pictures/check_data.ts";

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

/** The parts of a report that the page says something about. */
export function findingsOf({ train, heldOut }: ToCheck): Findings {
  const {
    classes,
    imbalance,
    nearDuplicates = [],
    validationCount,
    warnings,
  } = checkData(train, { validation: heldOut });
  return { classes, imbalance, nearDuplicates, validationCount, kinds: warnings.map(({ kind }) => kind) };
}
