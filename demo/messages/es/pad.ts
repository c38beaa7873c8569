import type { pad as english } from "../en/pad.ts";

export const pad: typeof english = {
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
  verdictUntrained: "Sin entrenar, solo adivina",
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
