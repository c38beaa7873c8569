import type { errors as english } from "../en/errors.ts";

export const errors: typeof english = {
  errorShape: "Hay formas que no encajan en esta red.",
  errorArgument: "Un ajuste de esta red está fuera de lo posible.",
  errorFormat: "El archivo está dañado o no es lo que dice su nombre.",
  errorNetwork: "No se pudo traer un archivo: el servidor no responde o lo niega.",
  errorNoWebGpu: "Este navegador no da WebGPU a la página.",
  errorNoWasm: "Este navegador no deja que la página ejecute WebAssembly.",
  errorMemory: (size) => `La tarjeta gráfica no pudo dar ${size} de memoria.`,
  errorLost: "La tarjeta gráfica dejó de responder.",
  errorDiverged: (step) => `La pérdida del paso ${step} es NaN, no es un número.`,
  errorDisposed: "Lo pedido es de un entrenamiento que ya se cerró.",
  errorWorker: "El programa de entrenamiento falló fuera de toda tarea.",
  errorInternal: "El programa de esta página tiene aquí un fallo: dos de sus partes no encajan.",
  errorDataSource: "No se pudieron leer algunas de las imágenes. Comprueba que sus archivos sigan ahí.",
  errorCamera:
    "No se pudo usar la cámara. Permite su uso en esta página y comprueba que esté conectada y que ningún otro programa la ocupe.",
  errorStorage:
    "El navegador no pudo guardarlo: no hay espacio, o esta ventana no guarda nada. Libera espacio, o usa menos imágenes o más pequeñas.",
  errorModule: "No se pudo cargar una parte del programa de esta página. Comprueba la conexión y vuelve a cargarla.",
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
  fileShard: (name) => `sus pesos están en otro archivo: elígelo junto con «${name}»`,
  lessonsJson: "no es JSON",
  lessonsFormat: "no es un archivo de dibujos de esta página",
  lessonsDrawing: (place) => `el dibujo ${place} no tiene cifra de 0 a 9 o no tiene imagen de 28×28 píxeles`,
};
