/** What the curves and their table say, in both languages. */

const en = {
  lossTitle: "Loss",
  accuracyTitle: "Accuracy",
  keySmooth: "training, smoothed",
  keyRaw: "each batch",
  keyHeldOut: "held-out digits",
  chartSteps: "steps",
  readoutAt: (step: string) => `step ${step}`,
  measurementsSummary: "The measurements as a table",
  columnStep: "Step",
  columnTrainingLoss: "Training loss",
  columnHeldOutLoss: "Held-out loss",
  columnHeldOutAccuracy: "Held-out accuracy",
};

const es: typeof en = {
  lossTitle: "Pérdida",
  accuracyTitle: "Precisión",
  keySmooth: "entrenamiento, suavizado",
  keyRaw: "cada lote",
  keyHeldOut: "cifras reservadas",
  chartSteps: "pasos",
  readoutAt: (step) => `paso ${step}`,
  measurementsSummary: "Las mediciones en una tabla",
  columnStep: "Paso",
  columnTrainingLoss: "Pérdida al entrenar",
  columnHeldOutLoss: "Pérdida reservada",
  columnHeldOutAccuracy: "Precisión reservada",
};

export const curvesMessages = { en, es };
