/** What went wrong, in sentences, in both languages: by the codes and fields of the errors. */

const en = {
  errorShape: "Shapes do not fit together in this network.",
  errorArgument: "A setting of this network is outside of what is possible.",
  errorFormat: "The file is damaged, or not what its name says.",
  errorNetwork: "A file could not be fetched: the server cannot be reached or refuses it.",
  errorNoWebGpu: "This browser gives the page no WebGPU.",
  errorMemory: (size: string) => `The graphics card could not give ${size} of memory.`,
  errorLost: "The graphics card went away.",
  errorDiverged: (step: string) => `The loss of step ${step} is NaN, no number.`,
  errorDisposed: "What was asked for belongs to a training that has been closed.",
  errorWorker: "The training program failed outside of any task.",
  errorUnknown: (message: string) => `Something unexpected: ${message}`,

  fileDamaged: "it is no network file of Corteza, or it is damaged",
  fileNetwork: "its network cannot be built",
  fileDigits: (takes: string, gives: string) =>
    `its network takes ${takes} numbers and gives ${gives}; a network here takes 28×28×1 and gives 10`,
  fileOptimizer: "its optimizer is none of this library’s, or has settings that it cannot have",
  fileRate: "its learning rate is no positive number",
  fileCounter: (name: string, value: string) => `“${name}” is ${value}, not a number of steps that this page can show`,
  fileBatch: (size: string) => `its batch size is ${size}`,
  fileNotFinite: (tensor: string) => `“${tensor}” holds values that are no numbers: its training had diverged`,
  fileTensor: (tensor: string) => `“${tensor}” is missing or has another shape`,
  lessonsJson: "it is not JSON",
  lessonsFormat: "it is no file of drawings of this page",
  lessonsDrawing: (place: string) => `drawing ${place} has no digit from 0 to 9 or no picture of 28×28 pixels`,
};

const es: typeof en = {
  errorShape: "Hay formas que no encajan en esta red.",
  errorArgument: "Un ajuste de esta red está fuera de lo posible.",
  errorFormat: "El archivo está dañado o no es lo que dice su nombre.",
  errorNetwork: "No se pudo traer un archivo: el servidor no responde o lo niega.",
  errorNoWebGpu: "Este navegador no da WebGPU a la página.",
  errorMemory: (size) => `La tarjeta gráfica no pudo dar ${size} de memoria.`,
  errorLost: "La tarjeta gráfica dejó de responder.",
  errorDiverged: (step) => `La pérdida del paso ${step} es NaN, no es un número.`,
  errorDisposed: "Lo pedido es de un entrenamiento que ya se cerró.",
  errorWorker: "El programa de entrenamiento falló fuera de toda tarea.",
  errorUnknown: (message) => `Algo inesperado: ${message}`,

  fileDamaged: "no es un archivo de red de Corteza, o está dañado",
  fileNetwork: "su red no se puede construir",
  fileDigits: (takes, gives) => `su red toma ${takes} números y da ${gives}; aquí una red toma 28×28×1 y da 10`,
  fileOptimizer: "su optimizador no es de esta biblioteca o tiene ajustes que no puede tener",
  fileRate: "su tasa de aprendizaje no es un número positivo",
  fileCounter: (name, value) => `«${name}» es ${value}, y no un número de pasos que esta página pueda mostrar`,
  fileBatch: (size) => `su tamaño de lote es ${size}`,
  fileNotFinite: (tensor) => `«${tensor}» contiene valores que no son números: su entrenamiento divergió`,
  fileTensor: (tensor) => `«${tensor}» falta o tiene otra forma`,
  lessonsJson: "no es JSON",
  lessonsFormat: "no es un archivo de dibujos de esta página",
  lessonsDrawing: (place) => `el dibujo ${place} no tiene cifra de 0 a 9 o no tiene imagen de 28×28 píxeles`,
};

export const errorsMessages = { en, es };
