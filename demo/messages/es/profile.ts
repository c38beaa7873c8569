import type { profile as english } from "../en/profile.ts";

export const profile: typeof english = {
  profileSummary: "En qué se va el tiempo de un paso",
  profileNote:
    "Un paso es una lista corta de programas de la GPU: primero las capas hacia delante, luego sus gradientes hacia atrás y al final la actualización de los pesos. " +
    "Aquí se mide cada uno. El entrenamiento espera entretanto y queda como está.",
  profileNoteCpu:
    "Un paso es una lista de operaciones: primero las capas hacia delante, luego sus gradientes hacia atrás y al final la actualización de los pesos. " +
    "Aquí se mide cada una. El entrenamiento espera entretanto y queda como está.",
  profileMeasure: "Medir",
  profileAgain: "Medir otra vez",
  profileBusy: "Midiendo …",
  profileFailed: (message) => `No se pudo medir: ${message}`,
  profileDone: (steps, source) => `Mediana de ${steps} pasos, ${source}.`,
  profilePeak: (steps, source, peak) =>
    `Mediana de ${steps} pasos, ${source}. El máximo, ${peak} GFLOP/s, es lo que alcanzó aquí un programa que solo multiplica y suma.`,
  profileTimestamps: "con el reloj de la tarjeta gráfica",
  profileWallClock: "con el reloj de esta página, cada programa por separado",
  profileCpu: "con el reloj de esta página",
  profileColumnWork: "Trabajo",
  profileColumnTime: "Tiempo",
  profileColumnShare: "Del paso",
  profileColumnRate: "GFLOP/s",
  profileColumnPeak: "Del máximo",
  profileTotal: "Total",
  partInput: "Entrada",
  partLoss: "Pérdida",
  partOptimizer: "Optimizador",
  partMetrics: "Medidas",
  kernelFetch: "Trae el lote, barajado",
  kernelForward: "Hacia delante",
  kernelForwardPool: "Hacia delante, con ReLU y pooling",
  kernelFilterGradient: "Gradiente de sus filtros",
  kernelInputGradient: "Gradiente de su entrada",
  kernelDenseGradient: "Gradiente",
  kernelLoss: "Pérdida, su gradiente y exactitud",
  kernelUpdate: "Actualización de todos los pesos",
  kernelRecord: "Anota pérdida y exactitud",
};
