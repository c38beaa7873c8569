/** What the drawing pad and its answer say, in both languages. */

const en = {
  drawHeading: "Draw",
  drawOwn: (title: string) =>
    `The network learns your own pictures, ${title}. A drawing is brought to what MNIST’s digits look like and read as one of your classes; a held-out picture tells more.`,
  padHint: "Draw a digit here",
  padLabel: (strokes: number) =>
    strokes === 0
      ? "Drawing pad, empty"
      : strokes === 1
        ? "Drawing pad with 1 stroke"
        : `Drawing pad with ${strokes} strokes`,
  padLabelTest: (digit: string) => `Drawing pad, showing a test digit: a ${digit}`,
  undo: "Undo",
  clear: "Clear",
  testDigit: "Show a test digit",
  seenCaption: "What the network sees: 28×28",
  seenLabel: "The drawing as the network sees it, 28 by 28 pixels",
  seenLabelEmpty: "Nothing drawn yet",
  barsLabel: "Probability of each digit",
  verdictEmpty: "Nothing drawn yet",
  verdictSure: (percent: string) => `${percent} sure`,
  verdictUnsure: (percent: string) => `Not sure: ${percent}`,
  verdictUnknown: "Not sure: none of the digits it learned from is drawn like this",
  verdictUntrained: "Not trained yet",
  verdictBusy: "Reading …",
  noteUntrained:
    "The network is untrained: its weights are random, and so is its answer. Press Train and watch the bars.",
  noteTestRight: (digit: string) => `A held-out digit, labelled ${digit}. The network never trained on it.`,
  noteTestWrong: (digit: string, read: string) =>
    `A held-out digit, labelled ${digit}. The network takes it for a ${read}.`,
  noteUnknown:
    "A network has to answer with one of its ten classes, whatever it is given. So the page compares the ink with that of the training digits first.",
  barsNote:
    "The probabilities are corrected by one number, found on held-out digits: of the answers that are called 90% sure, about 90% are right.",
  announceAnswer: (digit: string, percent: string) => `Prediction ${digit}, ${percent}`,
  announceUnsure: (digit: string, percent: string) => `Not sure; perhaps ${digit}, ${percent}`,
  announceCleared: "Pad cleared",
};

const es: typeof en = {
  drawHeading: "Dibujar",
  drawOwn: (title) =>
    `La red aprende tus propias imágenes, ${title}. Un dibujo se adapta al aspecto de las cifras de MNIST y se lee como una de tus clases; una imagen reservada dice más.`,
  padHint: "Dibuja aquí una cifra",
  padLabel: (strokes) =>
    strokes === 0
      ? "Lienzo para dibujar, vacío"
      : strokes === 1
        ? "Lienzo con 1 trazo"
        : `Lienzo con ${strokes} trazos`,
  padLabelTest: (digit) => `Lienzo con una cifra de prueba: un ${digit}`,
  undo: "Deshacer",
  clear: "Borrar",
  testDigit: "Cifra de prueba",
  seenCaption: "Lo que ve la red: 28×28",
  seenLabel: "El dibujo tal como lo ve la red, 28 por 28 píxeles",
  seenLabelEmpty: "Aún no hay nada dibujado",
  barsLabel: "Probabilidad de cada cifra",
  verdictEmpty: "Aún no hay nada dibujado",
  verdictSure: (percent) => `${percent} de seguridad`,
  verdictUnsure: (percent) => `Sin seguridad: ${percent}`,
  verdictUnknown: "Sin seguridad: ninguna de las cifras de las que aprendió está dibujada así",
  verdictUntrained: "Aún sin entrenar",
  verdictBusy: "Leyendo…",
  noteUntrained:
    "La red está sin entrenar: sus pesos son aleatorios, y su respuesta también. Pulsa Entrenar y mira las barras.",
  noteTestRight: (digit) => `Una cifra reservada, con la etiqueta ${digit}. La red nunca entrenó con ella.`,
  noteTestWrong: (digit, read) => `Una cifra reservada, con la etiqueta ${digit}. La red la toma por un ${read}.`,
  noteUnknown:
    "Una red tiene que responder con una de sus diez clases, le den lo que le den. Por eso la página compara antes la tinta con la de las cifras de entrenamiento.",
  barsNote:
    "Las probabilidades están corregidas con un solo número, hallado con cifras reservadas: de las respuestas con un 90 % de seguridad, acierta más o menos el 90 %.",
  announceAnswer: (digit, percent) => `Predicción: ${digit}, ${percent}`,
  announceUnsure: (digit, percent) => `Sin seguridad; quizá ${digit}, ${percent}`,
  announceCleared: "Lienzo borrado",
};

export const padMessages = { en, es };
