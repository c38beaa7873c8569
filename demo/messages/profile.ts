/** What the table of kernels says, in both languages. */

const en = {
  profileSummary: "Where the time of a step goes",
  profileNote:
    "A step is a short list of programs for the graphics card, called kernels: first the layers forwards, then their gradients backwards, then the update of the weights. " +
    "This times each of them. The training waits meanwhile and stays as it is.",
  profileNoteCpu:
    "A step is a list of operations: first the layers forwards, then their gradients backwards, then the update of the weights. " +
    "This times each of them. The training waits meanwhile and stays as it is.",
  profileMeasure: "Measure",
  profileAgain: "Measure again",
  profileBusy: "Measuring …",
  profileFailed: (message: string) => `It could not be measured: ${message}`,
  profileDone: (steps: string, source: string) => `Median of ${steps} steps, ${source}.`,
  profilePeak: (steps: string, source: string, peak: string) =>
    `Median of ${steps} steps, ${source}. The peak, ${peak} GFLOP/s, is what a kernel of nothing but multiplications and additions reached here.`,
  profileTimestamps: "by the clock of the graphics card",
  profileWallClock: "by the clock of this page, each kernel alone",
  profileCpu: "by the clock of this page",
  profileColumnWork: "Work",
  profileColumnTime: "Time",
  profileColumnShare: "Of the step",
  profileColumnRate: "GFLOP/s",
  profileColumnPeak: "Of the peak",
  profileTotal: "Total",
  partInput: "Input",
  partLoss: "Loss",
  partOptimizer: "Optimizer",
  partMetrics: "Readings",
  kernelFetch: "Fetches the batch, shuffled",
  kernelForward: "Forwards",
  kernelForwardPool: "Forwards, ReLU and pooling included",
  kernelFilterGradient: "Gradient of its filters",
  kernelInputGradient: "Gradient of its input",
  kernelDenseGradient: "Gradient",
  kernelLoss: "Loss, its gradient, accuracy",
  kernelUpdate: "Update of all weights",
  kernelRecord: "Notes loss and accuracy",
};

const es: typeof en = {
  profileSummary: "En qué se va el tiempo de un paso",
  profileNote:
    "Un paso es una lista corta de programas para la tarjeta gráfica, llamados kernels: primero las capas hacia delante, luego sus gradientes hacia atrás y al final la actualización de los pesos. " +
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
    `Mediana de ${steps} pasos, ${source}. El máximo, ${peak} GFLOP/s, es lo que alcanzó aquí un kernel que solo multiplica y suma.`,
  profileTimestamps: "con el reloj de la tarjeta gráfica",
  profileWallClock: "con el reloj de esta página, cada kernel por separado",
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

export const profileMessages = { en, es };
