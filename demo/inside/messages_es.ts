/** What the view “Look inside” says, in Spanish. */
import type { InsideMessages } from "./messages_en.ts";

export const es: InsideMessages = {
  inNothing: "Dibuja una cifra arriba, o muestra una de prueba: todo lo de abajo trata de ella.",
  inBusy: "Preparando la mirada al interior …",
  inFailed: (message) => `No se pudo mirar dentro: ${message}`,
  inReads: (digit, share) => `La red lee un ${digit}, ${share}`,
  inStepOf: (steps) => `Con los pesos tras ${steps} ${steps === "1" ? "paso" : "pasos"} de entrenamiento`,
  inUntrained: "Con los pesos aleatorios de antes de entrenar",
  inContents: "El camino por la red",
  inArrows: "Las flechas mueven la ventana.",

  inPixelsTitle: "Los píxeles son neuronas",
  inPixelsText:
    "Una imagen son números. Cada píxel es un valor de gris de 0 (negro) a 255 (blanco), y cada uno es una neurona de la primera capa. " +
    "Dividido por 255 queda entre 0 y 1: así los pesos pueden empezar pequeños y los pasos del entrenamiento les sirven a todos.",
  inPixelsCaption: (size) => `La imagen, ${size} píxeles`,
  inNeurons: (product, total) => `${product} = ${total} neuronas`,
  inPixel: (row, column, level, share) => `Fila ${row}, columna ${column}: ${level} de 255, que es ${share}`,
  inNeighbours: "Los valores de gris alrededor de este píxel",
  inColours: ["rojo", "verde", "azul"],
  inColourPixelsText:
    "Una imagen son números. En color, cada píxel son tres: rojo, verde y azul, de 0 (nada) a 255 (todo), y cada uno es una neurona de la primera capa. " +
    "Dividido por 255 queda entre 0 y 1: así los pesos pueden empezar pequeños y los pasos del entrenamiento les sirven a todos.",
  inColourPixel: (row, column, levels, shares) =>
    `Fila ${row}, columna ${column}: rojo, verde y azul ${levels} de 255, que es ${shares}`,
  inColourNeighbours: "Rojo, verde y azul alrededor de este píxel",
  inScale: "Qué números muestran los píxeles",
  inLevels: "0–255",
  inShares: "0–1",
  inColorNote: (color, large) =>
    `En color cada píxel son tres números: 28\u202f×\u202f28\u202f×\u202f3 = ${color}. Las imágenes de 224\u202f×\u202f224, que pasan por pequeñas, tienen ${large}.`,

  inConvTitle: (ordinal) => `Convolución ${ordinal}`,
  inConvText: (size) =>
    `Un núcleo (kernel) de ${size} pesos se desliza por la imagen, de izquierda a derecha y de arriba abajo. En cada sitio se multiplican los píxeles que cubre ` +
    "por sus pesos y se suma todo: la suma es grande donde la imagen se parece al núcleo. Fuera de la imagen hay ceros. " +
    "Los pesos empiezan al azar y el entrenamiento los mueve.",
  inConvMoreText: (size, channels) =>
    `Otra vez lo mismo, ahora sobre los mapas de la capa anterior: un filtro tiene un núcleo de ${size} para cada uno de los ${channels} mapas y suma los ${channels} resultados. ` +
    "Así puede encontrar formas hechas de líneas donde la primera capa encontró las líneas.",
  inMaps: (filters, product, total) =>
    `${filters} filtros hacen ${filters} mapas de características, imágenes nuevas de la cifra: ${product} = ${total} neuronas`,
  inTheImage: "La imagen",
  inMapOf: (map) => `Mapa ${map} de la capa anterior`,
  inOtherMaps: (count) => `Los otros ${count} mapas juntos`,
  inKernelOf: (filter) => `Núcleo del filtro ${filter}`,
  inKernelFor: (filter, map) => `Núcleo del filtro ${filter} para el mapa ${map}`,
  inKernelForColour: (filter, colour) => `Núcleo del filtro ${filter} para el ${colour}`,
  inColourConvText: (size) =>
    `Un filtro tiene un núcleo de ${size} pesos para cada uno de los tres colores y se desliza por la imagen, de izquierda a derecha y de arriba abajo. En cada sitio ` +
    "se multiplican los valores que cubre por sus pesos y se suma todo, en los tres: la suma es grande donde la imagen se parece al filtro. Fuera de la imagen hay ceros. " +
    "Los pesos empiezan al azar y el entrenamiento los mueve.",
  inColourSum: (colour) => `Suma en el ${colour}`,
  inProducts: (sum) => `Multiplicado por los píxeles que cubre; suma: ${sum}`,
  inMap: (filter) => `Mapa ${filter}`,
  inReceptive: (size) => `Lo que ve de la imagen: ${size} píxeles`,
  inZeros: (share) =>
    `ReLU deja pasar lo positivo y convierte lo demás en 0: f(x) = max(0, x). El ${share} de los valores de esta capa es 0 ahora.`,
  inSides: "Qué valores muestran los mapas",
  inBeforeRelu: "Antes de ReLU",
  inAfterRelu: "Después de ReLU",
  inOutput: "Valores",
  inGradient: "Gradiente de la respuesta",
  inAllMaps: "Todos los mapas de características de esta capa",
  inBias: "sesgo",
  inSumOf: (count, sum) => `${count} productos; suma: ${sum}`,
  inValuesOf: (count, sum) => `${count} valores; suma: ${sum}`,
  inSlide: "Deslizar la ventana",
  inSlideStop: "Parar",
  inSpeed: "Con qué rapidez se desliza la ventana",
  inSpeeds: { slow: "Despacio", normal: "Normal", fast: "Deprisa" },
  inMovesTitle: "Hacia dónde movería el entrenamiento este núcleo",
  inMovesText:
    "La pérdida es −ln de la probabilidad que recibe la cifra correcta, y el entrenamiento la hace menor. El gradiente dice de cada peso cuánto crece la pérdida cuando crece el peso: " +
    "donde pasa de 0 (azul), un paso baja el peso (↓); donde no llega a 0 (naranja), lo sube (↑).",
  inMovesDigit: "La cifra que debería ser",
  inLoss: (digit, share, loss) => `Pérdida si debería ser un ${digit}: −ln(${share}) = ${loss}`,
  inMovesGradient: "Gradiente de la pérdida, y hacia dónde va un paso",
  inMovesTimes: (factor) => `Gradiente de la pérdida × ${factor}, y hacia dónde va un paso`,
  inMovesNote:
    "Cada uno de estos números es una suma sobre todos los sitios de la ventana: el valor bajo el peso por el gradiente de la pérdida respecto a la suma en ese sitio. " +
    "Es solo de este dibujo; un paso del entrenamiento toma la media de un lote de cifras.",

  inPoolTitle: "Max-pooling",
  inPoolText: (size) =>
    `De cada ${size} valores se queda solo el mayor. El mapa se hace más pequeño, lo importante permanece, y una cifra un poco más a la izquierda da casi los mismos números.`,
  inAveragePoolTitle: "Average pooling",
  inAveragePoolText: (size) => `De cada ${size} valores se queda la media.`,
  inPoolCount: (product, total, fewer) => `${product} = ${total} neuronas, un ${fewer} menos que antes`,
  inMapBefore: (filter) => `Mapa ${filter}, antes`,
  inMapAfter: (filter) => `Mapa ${filter}, después`,
  inPoolWindow: "En la ventana; se queda el mayor",
  inAveragePoolWindow: "En la ventana",
  inWinnersOnly: "Solo el ganador de cada ventana",
  inMean: "media",
  inOtherTitle: (name) => `Capa ${name}`,
  inMapFrom: (filter, layer) => `Mapa ${filter}, de ${layer}`,
  layerWords: {
    activation: { title: "ReLU", text: "Deja pasar lo positivo y convierte lo demás en 0: f(x) = max(0, x)." },
    add: {
      title: "Suma",
      text:
        "Dos caminos por la red se juntan: los valores de uno se suman a los del otro, sitio por sitio. " +
        "El camino corto deja que las capas del largo aprendan solo lo que hay que cambiar (He et al. 2015).",
    },
    batchNormalization: {
      title: "Normalización por lotes",
      text:
        "Cada mapa se desplaza y se escala: menos la media que tuvo al entrenar, dividido por su desviación típica, " +
        "por un γ aprendido, más un β aprendido. Así todos los mapas tienen tamaños que convienen a los pasos del entrenamiento (Ioffe y Szegedy 2015).",
    },
  },
  inGlobalAverageTitle: "Media de cada mapa",
  inGlobalAverageText:
    "Cada mapa se hace un solo número, su media: ya no cuenta en qué parte de la imagen encontró algo.",
  inGlobalMaxTitle: "Mayor valor de cada mapa",
  inGlobalMaxText: "Cada mapa se hace un solo número, el mayor: ya no cuenta en qué parte de la imagen encontró algo.",
  inRowOf: (neurons) => `${neurons} neuronas en fila`,
  inFlattenTitle: "Aplanar",
  inFlattenText: (maps) =>
    `Ni sumas ni pesos: los mapas solo se leen como una fila larga, sitio tras sitio, y en cada sitio los valores de los ${maps} mapas.`,
  inFlattenCount: (product, total) => `${product} mapas se hacen una fila de ${total} neuronas`,
  inFlattenLines: (places, maps) => `La fila en ${places} renglones, cada uno un sitio con sus ${maps} mapas`,
  inFlattenValue: ([index, total, map, row, column], value) =>
    `El número ${index} de ${total} es el mapa ${map}, fila ${row}, columna ${column}: ${value}`,
  inDenseTitle: "Capa densa",
  inDenseText: (inputs) =>
    `Una capa oculta: cada neurona tiene un peso para cada uno de los ${inputs} números anteriores y suma los productos.`,
  inDenseRelu: "ReLU deja pasar lo positivo y convierte lo demás en 0.",
  inDenseNeurons: "Las neuronas, renglón por renglón",
  inDenseEvidence: (neuron) => `De dónde viene la suma de la neurona ${neuron}`,
  inNeuron: (neuron) => `Neurona ${neuron}`,

  inDecisionTitle: "La respuesta",
  inDecisionText: (inputs) =>
    `Cada cifra tiene un peso para cada uno de los ${inputs} números anteriores: los productos, sumados, son su puntuación.`,
  inSoftmaxText: (classes) =>
    `Softmax convierte las ${classes} puntuaciones en probabilidades: e elevado a cada una, dividido por la suma de todas.`,
  inScoreOf: (digit) => `Puntuación del ${digit}`,
  inShareOf: "Su probabilidad",
  inClass: "Cifra",
  inScore: "Puntuación",
  inPower: "e^(puntuación − mayor)",
  inProbability: "Probabilidad",
  inEvidence: "De dónde viene",
  inEvidenceOf: (digit) => `De dónde viene la puntuación del ${digit}: el azul habla a favor, el naranja en contra`,
  inEvidenceNote:
    "Las imágenes pequeñas suman los productos de cada sitio de los últimos mapas: el azul habla a favor de la cifra, el naranja en contra.",

  inLookedTitle: "Dónde ha mirado",
  inLookedText: "Tres maneras de preguntar de qué píxeles depende una respuesta, aquí para la cifra:",
  inLookedFor: "Cifra por la que se pregunta",
  inSaliency: "Saliencia",
  inSaliencyNote:
    "Cuánto se mueve la puntuación si un píxel cambia un poco: el gradiente, por retropropagación hasta la imagen.",
  inGradCam: "Grad-CAM",
  inGradCamNote: (layer) => `Los mapas de la última convolución (${layer}), ponderados por sus gradientes.`,
  inOcclusion: "Tapar",
  inOcclusionNote: (size) =>
    `Un cuadrado negro de ${size} se desliza por la imagen: azul donde taparla baja la probabilidad de la cifra, naranja donde la sube.`,
  inOcclude: "Tapar y volver a preguntar",

  inKernelsTitle: "Cómo se formaron los núcleos",
  inKernelsText:
    "Los núcleos de la primera convolución empiezan como números al azar de una distribución normal, simétrica alrededor de 0. La retropropagación dice de cada peso hacia dónde baja la pérdida, y cada paso lo mueve un poco. " +
    "El ruido se vuelve bordes, líneas y manchas.",
  inKernelsStep: (step) => `Tras ${step} ${step === "1" ? "paso" : "pasos"}`,
  inKernelsStart: "Antes de entrenar",
  inKernelsSlider: "Momento del entrenamiento",
  inKernelsPlay: "Reproducir el entrenamiento",
  inKernelsStop: "Parar",
  inKernelsHistogram: (filters) => `Histograma de los pesos de ${filters} núcleos`,
  inKernelsNone: "Entrena, y los momentos se reúnen aquí.",
  inKernelsSpread: (mean, deviation) => `media ${mean}, desviación típica ${deviation}`,

  inFiltersTitle: "Filtros a mano",
  inFiltersText: "Lo que hace un núcleo se ve mejor con uno propio. Cambia sus números o toma uno conocido.",
  inFilterPreset: "Núcleo",
  inFilterOwn: "Números propios",
  inFilterSize: "Tamaño",
  inFilterSource: "Imagen",
  inFilterDrawing: "El dibujo",
  inFilterScene: "Una imagen de prueba",
  inFilterFile: "Un archivo …",
  inFilterCamera: "La cámara",
  inCameraAsking: "Esperando a la cámara. Sus imágenes se quedan en esta página.",
  cameraProblems: {
    refused:
      "No se permitió la cámara. Permítela para esta página en los ajustes del navegador, junto a la dirección, y vuelve a elegirla.",
    missing: "No se encontró ninguna cámara. Conecta una y vuelve a elegirla, o toma una imagen de un archivo.",
    insecure:
      "Los navegadores solo dan la cámara a páginas de https:// o de este ordenador. Toma en su lugar una imagen de un archivo.",
    failed: "La cámara no dio imagen; quizá la tiene otro programa. Ciérralo y vuelve a elegir la cámara.",
  },
  inFilterBefore: "Antes",
  inFilterAfter: "Después",
  inFilterRelu: "ReLU después",
  inFilterWeight: (row, column) => `Peso de la fila ${row}, columna ${column}`,
  inFilterBadFile: "Este archivo no es una imagen que el navegador pueda leer.",
  presetIdentity: "Identidad",
  presetBlur: "Desenfoque (media)",
  presetGauss: "Desenfoque (Gauss)",
  presetSharpen: "Enfocar",
  presetEmboss: "Realzar",
  presetEdges: "Bordes (Laplace)",
  presetSobelX: "Sobel, bordes verticales",
  presetSobelY: "Sobel, bordes horizontales",
  presetPrewitt: "Prewitt, bordes verticales",
  presetDiagonal: "Líneas diagonales",
  presetOutline: "Contorno",
  presetGauss5: "Desenfoque (Gauss), 5×5",
  presetMotion: "Desenfoque de movimiento, 5×5",
  presetLog: "Sombrero mexicano (Laplace de Gauss), 5×5",
  presetRandom: "Al azar, como antes de entrenar",
};
