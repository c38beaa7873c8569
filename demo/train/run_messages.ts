/** What the list of trainings says, in both languages; part of messages.ts. */
import type { RowKind } from "./design.ts";

const rowsEn: Readonly<Record<RowKind, string>> = {
  conv: "conv",
  maxPool: "pool",
  residual: "residual",
  batchNorm: "batch norm",
  dropout: "dropout",
  globalAverage: "global average",
  flatten: "flatten",
  dense: "dense",
};

const en = {
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
  runRow: rowsEn,
  runDelete: "Delete",
  runDeleteLabel: (letter: string, name: string) => `Delete ${letter}: ${name}`,
};

const es: typeof en = {
  compareHeading: "Entrenamientos para comparar",
  runColumnName: "Qué cambió",
  runColumnSteps: "Pasos",
  runNow: "ahora",
  runNotBegun: "sin empezar",
  runFirst: "el primero",
  runSame: "otra vez lo mismo",
  runLearningRate: (rate) => `tasa ${rate}`,
  runBatchSize: (size) => `lote ${size}`,
  runSeed: (seed) => `semilla ${seed}`,
  runDigits: (count) => `${count} cifras`,
  runVary: "cifras variadas",
  runNoVary: "cifras como son",
  runFromFile: "de un archivo",
  runOtherNetwork: "otra red",
  runRow: {
    conv: "conv",
    maxPool: "pooling",
    residual: "residual",
    batchNorm: "normalización",
    dropout: "dropout",
    globalAverage: "media global",
    flatten: "aplanar",
    dense: "densa",
  },
  runDelete: "Borrar",
  runDeleteLabel: (letter, name) => `Borrar ${letter}: ${name}`,
};

export const runMessages = { en, es };
