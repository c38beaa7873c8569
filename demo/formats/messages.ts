/** What the page says of networks in the formats of others, in both languages. */

const en = {
  opened: (kind: string, layers: string, parameters: string) =>
    `Opened: a network of ${kind} with ${layers} layers and ${parameters} parameters. It begins with these weights; its optimizer starts afresh.`,
  lost: (list: string) => `Not taken over: ${list}.`,
  channels: "Its pictures had the channels first; here they are last.",
  saved: (files: string) => `Saved: ${files}.`,
  saveNotes: {
    corteza: "Everything: layers, weights, and the training, which goes on from here.",
    onnx: "Layers and weights, for ONNX Runtime and most other programs. The training is not in it.",
    tfjs: "Layers and weights, two files for TensorFlow.js. The training is not in them.",
    keras: "The network as a program for Keras 3, and its weights beside it. The training is not in them.",
    pytorch:
      "A program for PyTorch that trains this network further, on one machine or on many, and its weights beside it.",
    typescript: "The layers as a program for this library. Neither weights nor training are in it.",
    module: "One JavaScript file that reads digits in any page, without this library. It cannot be trained further.",
    svg: "A picture of the layers. Neither weights nor training are in it.",
    mermaid: "The layers as a diagram in text. Neither weights nor training are in it.",
  },
};

export type FormatName = keyof typeof en.saveNotes;

const es: typeof en = {
  opened: (kind, layers, parameters) =>
    `Abierta: una red de ${kind} con ${layers} capas y ${parameters} parámetros. Empieza con estos pesos; su optimizador empieza de nuevo.`,
  lost: (list) => `No se ha tomado: ${list}.`,
  channels: "Sus imágenes tenían los canales primero; aquí van al final.",
  saved: (files) => `Guardado: ${files}.`,
  saveNotes: {
    corteza: "Todo: las capas, los pesos y el entrenamiento, que sigue desde aquí.",
    onnx: "Las capas y los pesos, para ONNX Runtime y casi cualquier otro programa. El entrenamiento no va en él.",
    tfjs: "Las capas y los pesos, dos archivos para TensorFlow.js. El entrenamiento no va en ellos.",
    keras: "La red como programa para Keras 3, con sus pesos al lado. El entrenamiento no va en ellos.",
    pytorch:
      "Un programa para PyTorch que sigue entrenando esta red, en una máquina o en muchas, con sus pesos al lado.",
    typescript: "Las capas como programa para esta biblioteca. No lleva ni pesos ni entrenamiento.",
    module:
      "Un solo archivo de JavaScript que lee cifras en cualquier página, sin esta biblioteca. No se puede seguir entrenando.",
    svg: "Una imagen de las capas. No lleva ni pesos ni entrenamiento.",
    mermaid: "Las capas como diagrama en texto. No lleva ni pesos ni entrenamiento.",
  },
};

export const FORMAT_WORDS = { en, es };
