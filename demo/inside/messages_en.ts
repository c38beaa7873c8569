/** What the view “Look inside” says, in English. */

export const en = {
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
  inColours: ["red", "green", "blue"],
  inColourPixelsText:
    "A picture is numbers. In colour each pixel is three of them, red, green and blue, from 0 (none) to 255 (full), and each is one neuron of the first layer. " +
    "Divided by 255 it lies between 0 and 1: the weights can then start small, and the steps of the training fit all of them.",
  inColourPixel: (row: string, column: string, levels: string, shares: string) =>
    `Row ${row}, column ${column}: red, green and blue ${levels} of 255, which is ${shares}`,
  inColourNeighbours: "Red, green and blue around this pixel",
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
    `The same again, now over the maps of the layer before: a filter has a kernel of ${size} for each of the ${channels} maps, and adds up the ${channels} results. ` +
    "So it can find shapes made of lines, where the first layer found the lines.",
  inMaps: (filters: string, product: string, total: string) =>
    `${filters} filters make ${filters} feature maps, new pictures of the digit: ${product} = ${total} neurons`,
  inTheImage: "The picture",
  inMapOf: (map: string) => `Map ${map} of the layer before`,
  inOtherMaps: (count: string) => `The other ${count} maps together`,
  inKernelOf: (filter: string) => `Kernel of filter ${filter}`,
  inKernelFor: (filter: string, map: string) => `Kernel of filter ${filter} for map ${map}`,
  inKernelForColour: (filter: string, colour: string) => `Kernel of filter ${filter} for ${colour}`,
  inColourConvText: (size: string) =>
    `A filter has a kernel of ${size} weights for each of the three colours, and slides over the picture, from left to right and from top to bottom. At each place ` +
    "the values under it are multiplied by its weights and added up, over all three: a large sum where the picture looks like the filter. Outside the picture there are zeros. " +
    "The weights start at random, and training moves them.",
  inColourSum: (colour: string) => `Sum over ${colour}`,
  inProducts: (sum: string) => `Multiplied by the pixels under it; sum: ${sum}`,
  inMap: (filter: string) => `Map ${filter}`,
  inReceptive: (size: string) => `Seen by it in the picture: ${size} pixels`,
  inZeros: (share: string) =>
    `ReLU lets positive values through and turns the rest into 0: f(x) = max(0, x). ${share} of the values of this layer are 0 now.`,
  inSides: "Which values the maps show",
  inBeforeRelu: "Before ReLU",
  inAfterRelu: "After ReLU",
  inOutput: "Values",
  inGradient: "Gradient of the answer",
  inAllMaps: "All feature maps of this layer",
  inBias: "bias",
  inSumOf: (count: string, sum: string) => `${count} products; sum: ${sum}`,
  inValuesOf: (count: string, sum: string) => `${count} values; sum: ${sum}`,
  inSlide: "Slide the window",
  inSlideStop: "Stop",
  inSpeed: "How fast the window slides",
  inSpeeds: { slow: "Slow", normal: "Normal", fast: "Fast" },
  inMovesTitle: "How training would move this kernel",
  inMovesText:
    "The loss is −ln of the probability that the right digit gets, and training makes it smaller. The gradient says for each weight how fast the loss grows as the weight grows: " +
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
    activation: { title: "ReLU", text: "Positive values pass, and the rest becomes 0: f(x) = max(0, x)." },
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
    `A hidden layer: each neuron has a weight for each of the ${inputs} numbers before it, and adds up the products.`,
  inDenseRelu: "ReLU lets positive values through and turns the rest into 0.",
  inDenseNeurons: "The neurons, line by line",
  inDenseEvidence: (neuron: string) => `Where neuron ${neuron} gets its sum from`,
  inNeuron: (neuron: string) => `Neuron ${neuron}`,

  inDecisionTitle: "The answer",
  inDecisionText: (inputs: string) =>
    `Each digit has a weight for each of the ${inputs} numbers before: the products, added up, are its score.`,
  inSoftmaxText: (classes: string) =>
    `Softmax turns the ${classes} scores into probabilities: e to the power of each, divided by their sum.`,
  inScoreOf: (digit: string) => `Score of ${digit}`,
  inShareOf: "Its probability",
  inClass: "Digit",
  inScore: "Score",
  inPower: "e^(score − highest)",
  inProbability: "Probability",
  inEvidence: "Where it comes from",
  inEvidenceOf: (digit: string) => `Where the score of ${digit} comes from: blue speaks for it, orange against it`,
  inEvidenceNote:
    "The small pictures add up the products of each place of the last maps: blue speaks for the digit, orange against it.",

  inLookedTitle: "Where it looked",
  inLookedText: "Three ways to ask which pixels an answer depends on, here for the digit:",
  inLookedFor: "Digit to ask for",
  inSaliency: "Saliency",
  inSaliencyNote:
    "How much the score moves when one pixel changes a little: the gradient, by backpropagation down to the picture.",
  inGradCam: "Grad-CAM",
  inGradCamNote: (layer: string) => `The maps of the last convolution (${layer}), weighted by their gradients.`,
  inOcclusion: "Covering",
  inOcclusionNote: (size: string) =>
    `A black square of ${size} slides over the picture: blue where covering lowers the digit’s probability, orange where it raises it.`,
  inOcclude: "Cover and ask again",

  inKernelsTitle: "How the kernels formed",
  inKernelsText:
    "The kernels of the first convolution start as random numbers from a normal distribution, symmetric about 0. Backpropagation tells for each weight which way makes the loss smaller, and each step moves it a little. " +
    "Noise becomes edges, lines and spots.",
  inKernelsStep: (step: string) => `After ${step} ${step === "1" ? "step" : "steps"}`,
  inKernelsStart: "Before any training",
  inKernelsSlider: "Moment of the training",
  inKernelsPlay: "Play the training",
  inKernelsStop: "Stop",
  inKernelsHistogram: (filters: string) => `Histogram of the weights of ${filters} kernels`,
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
  inFilterBadFile: "This file is not a picture that the browser can read.",
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

export type InsideMessages = typeof en;
