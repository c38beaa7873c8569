/** What the list of trainings says. */
import type { RowKind } from "../../train/design.ts";

const rows: Readonly<Record<RowKind, string>> = {
  conv: "conv",
  maxPool: "pool",
  residual: "residual",
  batchNorm: "batch norm",
  dropout: "dropout",
  globalAverage: "global average",
  flatten: "flatten",
  dense: "dense",
};

export const runs = {
  compareHeading: "Trainings to compare",
  runColumnName: "What changed",
  runColumnSteps: "Steps",
  runNow: "now",
  runNotBegun: "not begun",
  runFirst: "the first",
  runSame: "the same again",
  runLearningRate: (rate: string) => `lr ${rate}`,
  runBatchSize: (size: string) => `batch ${size}`,
  runSeed: (seed: string) => `seed ${seed}`,
  runDigits: (count: string) => `${count} digits`,
  runVary: "varied digits",
  runNoVary: "digits as they are",
  runFromFile: "from a file",
  runOtherNetwork: "another network",
  runRow: rows,
  runDelete: "Delete",
  runDeleteLabel: (letter: string, name: string) => `Delete ${letter}: ${name}`,
};
