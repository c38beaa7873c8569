/** What <digit-pad> says, in its languages. */

const en = {
  name: "Drawing pad for a digit",
  keys: "The arrow keys move the pen, Space puts it down and lifts it, Control Z undoes, Escape clears.",
  typing: "With nothing drawn, a digit's key answers for you.",
  empty: "Drawing pad, empty",
  drawn: (strokes: number) => (strokes === 1 ? "Drawing pad with 1 stroke" : `Drawing pad with ${strokes} strokes`),
  shown: "Drawing pad with a picture",
  hint: "Draw a digit here",
  undo: "Undo",
  clear: "Clear",
  retry: "Try again",
  penDown: "Pen down",
  penUp: "Pen lifted",
  nothing: "Nothing drawn yet",
  loading: "Loading the network …",
  reading: "Reading …",
  sure: (percent: string) => `${percent} sure`,
  unsure: (percent: string) => `Not sure: ${percent}`,
  typed: "Typed",
  corrected: "As you say",
  answer: (label: string, sure: boolean, percent: string) =>
    sure ? `${label}, ${percent}` : `Not sure; perhaps ${label}, ${percent}`,
  bars: "Probability of each answer",
  seen: "What the network sees, 28 by 28 pixels",
  teach: "Misread? Say what it is:",
  failedNetwork: "The network did not come. Check the address and the connection.",
  failedFile: "This file is no network that the pad can use.",
  failedReading: "The network could not read this.",
  required: "Draw a digit.",
};

/** One language's sentences. */
export type PadWords = typeof en;

const es: PadWords = {
  name: "Panel para dibujar una cifra",
  keys: "Las flechas mueven el lápiz, Espacio lo baja y lo levanta, Control Z deshace, Escape borra.",
  typing: "Si no hay nada dibujado, la tecla de una cifra responde por ti.",
  empty: "Panel de dibujo, vacío",
  drawn: (strokes) => (strokes === 1 ? "Panel de dibujo con 1 trazo" : `Panel de dibujo con ${strokes} trazos`),
  shown: "Panel de dibujo con una imagen",
  hint: "Dibuja aquí una cifra",
  undo: "Deshacer",
  clear: "Borrar",
  retry: "Reintentar",
  penDown: "Lápiz bajado",
  penUp: "Lápiz levantado",
  nothing: "Aún no hay nada dibujado",
  loading: "Cargando la red…",
  reading: "Leyendo…",
  sure: (percent) => `${percent} de seguridad`,
  unsure: (percent) => `Sin seguridad: ${percent}`,
  typed: "Tecleado",
  corrected: "Como tú dices",
  answer: (label, sure, percent) => (sure ? `${label}, ${percent}` : `Sin seguridad; quizá ${label}, ${percent}`),
  bars: "Probabilidad de cada respuesta",
  seen: "Lo que ve la red, 28 por 28 píxeles",
  teach: "¿Mal leída? Di qué es:",
  failedNetwork: "La red no llegó. Revisa la dirección y la conexión.",
  failedFile: "Este archivo no es una red que el panel pueda usar.",
  failedReading: "La red no pudo leer esto.",
  required: "Dibuja una cifra.",
};

/** The sentences of a language tag, "es-MX"; English for any other. */
export function wordsOf(tag: string): PadWords {
  return /^es\b/i.test(tag) ? es : en;
}
