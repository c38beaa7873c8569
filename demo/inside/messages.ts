/** What the view “Look inside” says, in both languages; as messages.ts, which holds the rest of the page's sentences. */
import { language } from "../language.ts";

const en = {
  inNothing: "Draw a digit above, or show a test digit: everything below is about it.",
  inBusy: "Preparing the look inside …",
  inFailed: (message: string) => `The look inside failed: ${message}`,
  inReads: (digit: string, share: string) => `The network reads ${digit}, ${share}`,
  inStepOf: (steps: string) => `With the weights after ${steps} ${steps === "1" ? "step" : "steps"} of training`,
  inUntrained: "With the random weights before any training",
  inContents: "The way through the network",
  inArrows: "The arrow keys move the window.",

  inPixelsTitle: "Pixels are neurons",
  inPixelsText:
    "A picture is numbers. Each pixel is a grey value from 0 (black) to 255 (white), and each is one neuron of the first layer. " +
    "Divided by 255 it lies between 0 and 1: the weights can then start small, and the steps of the training fit all of them.",
  inPixelsCaption: (size: string) => `The picture, ${size} pixels`,
  inNeurons: (product: string, total: string) => `${product} = ${total} neurons`,
  inPixel: (row: string, column: string, level: string, share: string) =>
    `Row ${row}, column ${column}: ${level} of 255, which is ${share}`,
  inNeighbours: "The grey values around this pixel",
  inScale: "Which numbers the pixels show",
  inLevels: "0–255",
  inShares: "0–1",
  inColorNote: (color: string, large: string) =>
    `In colour each pixel is three numbers: 28\u202f×\u202f28\u202f×\u202f3 = ${color}. Pictures of 224\u202f×\u202f224, which count as small, have ${large}.`,

  inConvTitle: (ordinal: string) => `Convolution ${ordinal}`,
  inConvText: (size: string) =>
    `A kernel of ${size} weights slides over the picture, from left to right and from top to bottom. At each place the pixels under it are multiplied ` +
    "by its weights and added up: a large sum where the picture looks like the kernel. Outside the picture there are zeros. " +
    "The weights start at random, and training moves them.",
  inConvMoreText: (size: string, channels: string) =>
    `The same again, now over the maps of the layer before: a filter has a kernel of ${size} for each of the ${channels} maps, and adds up all their sums. ` +
    "So it can find shapes made of lines, where the first layer found the lines.",
  inMaps: (filters: string, product: string, total: string) =>
    `${filters} filters make ${filters} maps, new pictures of the digit: ${product} = ${total} neurons`,
  inTheImage: "The picture",
  inMapOf: (map: string) => `Map ${map} of the layer before`,
  inOtherMaps: (count: string) => `The other ${count} maps together`,
  inKernelOf: (filter: string) => `Kernel of filter ${filter}`,
  inKernelFor: (filter: string, map: string) => `Kernel of filter ${filter} for map ${map}`,
  inProducts: (sum: string) => `Times the values under it, together ${sum}`,
  inMap: (filter: string) => `Map ${filter}`,
  inReceptive: (size: string) => `Seen by it in the picture: ${size} pixels`,
  inZeros: (share: string) =>
    `ReLU keeps what is above 0 and makes 0 of the rest: f(x) = max(0, x). ${share} of the values of this layer are 0 now.`,
  inSides: "Which values the maps show",
  inBeforeRelu: "Before ReLU",
  inAfterRelu: "After ReLU",
  inOutput: "Values",
  inGradient: "Gradient of the answer",
  inAllMaps: "All maps of this layer",
  inBias: "bias",
  inSumOf: (count: string, sum: string) => `${count} products, together ${sum}`,
  inValuesOf: (count: string, sum: string) => `${count} values, together ${sum}`,
  inSlide: "Slide the window",
  inSlideStop: "Stop",
  inSpeed: "How fast the window slides",
  inSpeeds: { slow: "Slow", normal: "Normal", fast: "Fast" },
  inMovesTitle: "How training would move this kernel",
  inMovesText:
    "The loss is −ln of the share that the right digit gets, and training makes it smaller. The gradient says for each weight how fast the loss grows as the weight grows: " +
    "where it is above 0 (blue), a step moves the weight down (↓); where it is below 0 (orange), up (↑).",
  inMovesDigit: "The digit that this should be",
  inLoss: (digit: string, share: string, loss: string) => `Loss, if this should be ${digit}: −ln(${share}) = ${loss}`,
  inMovesGradient: "Gradient of the loss, and where a step moves",
  inMovesTimes: (factor: string) => `Gradient of the loss × ${factor}, and where a step moves`,
  inMovesNote:
    "Each of these numbers is a sum over all places of the window: the value under the weight, times the loss’s gradient by the sum at that place. " +
    "It is this drawing’s alone; a step of training takes the mean over a batch of digits.",

  inPoolTitle: "Max pooling",
  inPoolText: (size: string) =>
    `Of every ${size} values only the largest stays. The map gets smaller, what matters in it stays, and a digit a little further to the left gives nearly the same numbers.`,
  inAveragePoolTitle: "Average pooling",
  inAveragePoolText: (size: string) => `Of every ${size} values the mean stays.`,
  inPoolCount: (product: string, total: string, fewer: string) =>
    `${product} = ${total} neurons, ${fewer} fewer than before`,
  inMapBefore: (filter: string) => `Map ${filter}, before`,
  inMapAfter: (filter: string) => `Map ${filter}, after`,
  inPoolWindow: "In the window; the largest stays",
  inAveragePoolWindow: "In the window",
  inWinnersOnly: "Only the winner of each window",
  inMean: "mean",
  inOtherTitle: (name: string) => `Layer ${name}`,
  inMapFrom: (filter: string, layer: string) => `Map ${filter}, from ${layer}`,
  layerWords: {
    activation: { title: "ReLU", text: "What is above 0 stays, and the rest becomes 0: f(x) = max(0, x)." },
    add: {
      title: "Addition",
      text:
        "Two ways through the network meet: the values of one are added to those of the other, place by place. " +
        "The short way lets the layers of the long one learn only what is to be changed (He et al. 2015).",
    },
    batchNormalization: {
      title: "Batch normalisation",
      text:
        "Each map is shifted and scaled: minus the mean that it had in training, divided by its standard deviation, " +
        "times a learned γ, plus a learned β. So all maps keep sizes that the steps of the training fit (Ioffe and Szegedy 2015).",
    },
  },
  inGlobalAverageTitle: "Mean of each map",
  inGlobalAverageText:
    "Each map becomes one number, its mean: where in the picture it found something no longer counts.",
  inGlobalMaxTitle: "Largest value of each map",
  inGlobalMaxText:
    "Each map becomes one number, its largest: where in the picture it found something no longer counts.",
  inRowOf: (neurons: string) => `${neurons} neurons in a row`,
  inFlattenTitle: "Flattening",
  inFlattenText: (maps: string) =>
    `No sum, no weight: the maps are only read out as one long row, place after place, and at each place the values of all ${maps} maps.`,
  inFlattenCount: (product: string, total: string) => `${product} maps become a row of ${total} neurons`,
  inFlattenLines: (places: string, maps: string) => `The row in ${places} lines, each a place with its ${maps} maps`,
  inFlattenValue: ([index, total, map, row, column]: readonly string[], value: string) =>
    `Number ${index} of ${total} is map ${map}, row ${row}, column ${column}: ${value}`,
  inDenseTitle: "Dense layer",
  inDenseText: (inputs: string) =>
    `Each neuron has a weight for each of the ${inputs} numbers before it: the products are added up.`,
  inDenseRelu: "ReLU keeps what is above 0.",
  inDenseNeurons: "The neurons, line by line",
  inDenseEvidence: (neuron: string) => `Where neuron ${neuron} gets its sum from`,
  inNeuron: (neuron: string) => `Neuron ${neuron}`,

  inDecisionTitle: "The answer",
  inDecisionText: (inputs: string) =>
    `Each digit has a weight for each of the ${inputs} numbers before: the products, added up, are its score.`,
  inSoftmaxText: (classes: string) =>
    `Softmax makes shares of the ${classes} scores: e to the power of each, divided by their sum.`,
  inScoreOf: (digit: string) => `Score of ${digit}`,
  inShareOf: "Its share",
  inClass: "Digit",
  inScore: "Score",
  inPower: "e^(score − highest)",
  inProbability: "Share",
  inEvidence: "Where it comes from",
  inEvidenceOf: (digit: string) => `Where the score of ${digit} comes from: blue speaks for it, orange against it`,
  inEvidenceNote:
    "The small pictures add up the products of each place of the last maps: blue speaks for the digit, orange against it.",

  inLookedTitle: "Where it looked",
  inLookedText: "Three ways to ask which pixels an answer hangs on, here for the digit:",
  inLookedFor: "Digit to ask for",
  inSaliency: "Slope",
  inSaliencyNote:
    "How much the score moves when one pixel changes a little: the gradient, by backpropagation down to the picture.",
  inGradCam: "Grad-CAM",
  inGradCamNote: (layer: string) => `The maps of the last convolution (${layer}), weighed by their gradients.`,
  inOcclusion: "Covering",
  inOcclusionNote: (size: string) =>
    `A black square of ${size} slides over the picture: blue where covering lowers the digit’s share, orange where it raises it.`,
  inOcclude: "Cover and ask again",

  inKernelsTitle: "How the kernels came about",
  inKernelsText:
    "The kernels of the first convolution start as random numbers from a normal distribution, symmetric about 0. Backpropagation tells for each weight which way makes the loss smaller, and each step moves it a little. " +
    "Noise becomes edges, lines and spots.",
  inKernelsStep: (step: string) => `After ${step} ${step === "1" ? "step" : "steps"}`,
  inKernelsStart: "Before any training",
  inKernelsSlider: "Moment of the training",
  inKernelsPlay: "Play the training",
  inKernelsStop: "Stop",
  inKernelsHistogram: (filters: string) => `How often each weight occurs, in ${filters} kernels`,
  inKernelsNone: "Train, and the moments gather here.",
  inKernelsSpread: (mean: string, deviation: string) => `mean ${mean}, standard deviation ${deviation}`,

  inFiltersTitle: "Filters by hand",
  inFiltersText: "What a kernel does is seen best with one of your own. Change its numbers, or take a known one.",
  inFilterPreset: "Kernel",
  inFilterOwn: "Own numbers",
  inFilterSize: "Size",
  inFilterSource: "Picture",
  inFilterDrawing: "The drawing",
  inFilterScene: "A test picture",
  inFilterFile: "A file …",
  inFilterCamera: "The camera",
  inCameraAsking: "Waiting for the camera. Its pictures stay in this page.",
  cameraProblems: {
    refused:
      "The camera was refused. Allow it for this page in the browser’s settings, beside the address, and choose it again.",
    missing: "No camera was found. Connect one and choose it again, or take a picture from a file.",
    insecure:
      "Browsers give the camera only to pages from https:// or from this computer. Take a picture from a file instead.",
    failed: "The camera gave no picture; perhaps another program has it. Close that and choose the camera again.",
  },
  inFilterBefore: "Before",
  inFilterAfter: "After",
  inFilterRelu: "ReLU after it",
  inFilterWeight: (row: string, column: string) => `Weight in row ${row}, column ${column}`,
  inFilterBadFile: "This file is no picture that the browser can read.",
  presetIdentity: "Identity",
  presetBlur: "Blur (mean)",
  presetGauss: "Blur (Gauss)",
  presetSharpen: "Sharpen",
  presetEmboss: "Emboss",
  presetEdges: "Edges (Laplace)",
  presetSobelX: "Sobel, vertical edges",
  presetSobelY: "Sobel, horizontal edges",
  presetPrewitt: "Prewitt, vertical edges",
  presetDiagonal: "Diagonal lines",
  presetOutline: "Outline",
  presetGauss5: "Blur (Gauss), 5×5",
  presetMotion: "Motion blur, 5×5",
  presetLog: "Mexican hat (Laplace of Gauss), 5×5",
  presetRandom: "Random, as before training",
};

type InsideMessages = typeof en;

const es: InsideMessages = {
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
  inScale: "Qué números muestran los píxeles",
  inLevels: "0–255",
  inShares: "0–1",
  inColorNote: (color, large) =>
    `En color cada píxel son tres números: 28\u202f×\u202f28\u202f×\u202f3 = ${color}. Las imágenes de 224\u202f×\u202f224, que pasan por pequeñas, tienen ${large}.`,

  inConvTitle: (ordinal) => `Convolución ${ordinal}`,
  inConvText: (size) =>
    `Un núcleo de ${size} pesos se desliza por la imagen, de izquierda a derecha y de arriba abajo. En cada sitio se multiplican los píxeles que cubre ` +
    "por sus pesos y se suma todo: la suma es grande donde la imagen se parece al núcleo. Fuera de la imagen hay ceros. " +
    "Los pesos empiezan al azar y el entrenamiento los mueve.",
  inConvMoreText: (size, channels) =>
    `Otra vez lo mismo, ahora sobre los mapas de la capa anterior: un filtro tiene un núcleo de ${size} para cada uno de los ${channels} mapas y suma todas sus sumas. ` +
    "Así puede encontrar formas hechas de líneas donde la primera capa encontró las líneas.",
  inMaps: (filters, product, total) =>
    `${filters} filtros hacen ${filters} mapas, imágenes nuevas de la cifra: ${product} = ${total} neuronas`,
  inTheImage: "La imagen",
  inMapOf: (map) => `Mapa ${map} de la capa anterior`,
  inOtherMaps: (count) => `Los otros ${count} mapas juntos`,
  inKernelOf: (filter) => `Núcleo del filtro ${filter}`,
  inKernelFor: (filter, map) => `Núcleo del filtro ${filter} para el mapa ${map}`,
  inProducts: (sum) => `Por los valores que cubre, juntos ${sum}`,
  inMap: (filter) => `Mapa ${filter}`,
  inReceptive: (size) => `Lo que ve de la imagen: ${size} píxeles`,
  inZeros: (share) =>
    `ReLU conserva lo que pasa de 0 y hace 0 del resto: f(x) = max(0, x). El ${share} de los valores de esta capa es 0 ahora.`,
  inSides: "Qué valores muestran los mapas",
  inBeforeRelu: "Antes de ReLU",
  inAfterRelu: "Después de ReLU",
  inOutput: "Valores",
  inGradient: "Gradiente de la respuesta",
  inAllMaps: "Todos los mapas de esta capa",
  inBias: "sesgo",
  inSumOf: (count, sum) => `${count} productos, juntos ${sum}`,
  inValuesOf: (count, sum) => `${count} valores, juntos ${sum}`,
  inSlide: "Deslizar la ventana",
  inSlideStop: "Parar",
  inSpeed: "Con qué rapidez se desliza la ventana",
  inSpeeds: { slow: "Despacio", normal: "Normal", fast: "Deprisa" },
  inMovesTitle: "Hacia dónde movería el entrenamiento este núcleo",
  inMovesText:
    "La pérdida es −ln de la parte que recibe la cifra correcta, y el entrenamiento la hace menor. El gradiente dice de cada peso cuánto crece la pérdida cuando crece el peso: " +
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
    activation: { title: "ReLU", text: "Lo que pasa de 0 se queda y el resto se hace 0: f(x) = max(0, x)." },
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
    `Cada neurona tiene un peso para cada uno de los ${inputs} números anteriores: se suman los productos.`,
  inDenseRelu: "ReLU conserva lo que pasa de 0.",
  inDenseNeurons: "Las neuronas, renglón por renglón",
  inDenseEvidence: (neuron) => `De dónde viene la suma de la neurona ${neuron}`,
  inNeuron: (neuron) => `Neurona ${neuron}`,

  inDecisionTitle: "La respuesta",
  inDecisionText: (inputs) =>
    `Cada cifra tiene un peso para cada uno de los ${inputs} números anteriores: los productos, sumados, son su puntuación.`,
  inSoftmaxText: (classes) =>
    `Softmax hace partes de las ${classes} puntuaciones: e elevado a cada una, dividido por la suma de todas.`,
  inScoreOf: (digit) => `Puntuación del ${digit}`,
  inShareOf: "Su parte",
  inClass: "Cifra",
  inScore: "Puntuación",
  inPower: "e^(puntuación − mayor)",
  inProbability: "Parte",
  inEvidence: "De dónde viene",
  inEvidenceOf: (digit) => `De dónde viene la puntuación del ${digit}: el azul habla a favor, el naranja en contra`,
  inEvidenceNote:
    "Las imágenes pequeñas suman los productos de cada sitio de los últimos mapas: el azul habla a favor de la cifra, el naranja en contra.",

  inLookedTitle: "Dónde ha mirado",
  inLookedText: "Tres maneras de preguntar de qué píxeles depende una respuesta, aquí para la cifra:",
  inLookedFor: "Cifra por la que se pregunta",
  inSaliency: "Pendiente",
  inSaliencyNote:
    "Cuánto se mueve la puntuación si un píxel cambia un poco: el gradiente, por retropropagación hasta la imagen.",
  inGradCam: "Grad-CAM",
  inGradCamNote: (layer) => `Los mapas de la última convolución (${layer}), ponderados por sus gradientes.`,
  inOcclusion: "Tapar",
  inOcclusionNote: (size) =>
    `Un cuadrado negro de ${size} se desliza por la imagen: azul donde taparla baja la parte de la cifra, naranja donde la sube.`,
  inOcclude: "Tapar y volver a preguntar",

  inKernelsTitle: "Cómo nacieron los núcleos",
  inKernelsText:
    "Los núcleos de la primera convolución empiezan como números al azar de una distribución normal, simétrica alrededor de 0. La retropropagación dice de cada peso hacia dónde baja la pérdida, y cada paso lo mueve un poco. " +
    "El ruido se vuelve bordes, líneas y manchas.",
  inKernelsStep: (step) => `Tras ${step} ${step === "1" ? "paso" : "pasos"}`,
  inKernelsStart: "Antes de entrenar",
  inKernelsSlider: "Momento del entrenamiento",
  inKernelsPlay: "Reproducir el entrenamiento",
  inKernelsStop: "Parar",
  inKernelsHistogram: (filters) => `Cuántas veces sale cada peso, en ${filters} núcleos`,
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

/** The view's sentences in the page's language. */
export function tell(): InsideMessages {
  return language() === "es" ? es : en;
}
