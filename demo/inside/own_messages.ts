/** What “Look inside” says otherwise where the pictures are no digits: the visitor's own. */
import type { InsideMessages } from "./messages_en.ts";

export const OWN: Readonly<Record<"en" | "es", Partial<InsideMessages>>> = {
  en: {
    inNothing: "Choose a picture above: everything below is about it.",
    inMaps: (filters, product, total) =>
      `${filters} filters make ${filters} feature maps, each a new picture: ${product} = ${total} neurons`,
    inMovesText:
      "The loss is −ln of the probability that the right class gets, and training makes it smaller. The gradient says for each weight how fast the loss grows as the weight grows: " +
      "where it is above 0 (blue), a step moves the weight down (↓); where it is below 0 (orange), up (↑).",
    inMovesDigit: "The class that this should be",
    inMovesNote:
      "Each of these numbers is a sum over all places of the window: the value under the weight, times the loss’s gradient by the sum at that place. " +
      "It is this picture’s alone; a step of training takes the mean over a batch of pictures.",
    inPoolText: (size) =>
      `Of every ${size} values only the largest stays. The map gets smaller, what matters in it stays, and a picture moved a little to the left gives nearly the same numbers.`,
    inDecisionText: (inputs) =>
      `Each class has a weight for each of the ${inputs} numbers before: the products, added up, are its score.`,
    inClass: "Class",
    inEvidenceNote:
      "The small pictures add up the products of each place of the last maps: blue speaks for the class, orange against it.",
    inLookedText: "Three ways to ask which pixels an answer depends on, here for the class:",
    inLookedFor: "Class to ask for",
    inOcclusionNote: (size) =>
      `A black square of ${size} slides over the picture: blue where covering lowers the probability of the class, orange where it raises it.`,
    inFilterDrawing: "The picture",
  },
  es: {
    inNothing: "Elige una imagen arriba: todo lo de abajo trata de ella.",
    inReads: (name, share) => `La red dice: ${name}, ${share}`,
    inMaps: (filters, product, total) =>
      `${filters} filtros hacen ${filters} mapas de características, cada uno una imagen nueva: ${product} = ${total} neuronas`,
    inMovesText:
      "La pérdida es −ln de la probabilidad que recibe la clase correcta, y el entrenamiento la hace menor. El gradiente dice de cada peso cuánto crece la pérdida cuando crece el peso: " +
      "donde pasa de 0 (azul), un paso baja el peso (↓); donde no llega a 0 (naranja), lo sube (↑).",
    inMovesDigit: "La clase que debería ser",
    inLoss: (name, share, loss) => `Pérdida si debería ser ${name}: −ln(${share}) = ${loss}`,
    inMovesNote:
      "Cada uno de estos números es una suma sobre todos los sitios de la ventana: el valor bajo el peso por el gradiente de la pérdida respecto a la suma en ese sitio. " +
      "Es solo de esta imagen; un paso del entrenamiento toma la media de un lote de imágenes.",
    inPoolText: (size) =>
      `De cada ${size} valores se queda solo el mayor. El mapa se hace más pequeño, lo importante permanece, y una imagen movida un poco a la izquierda da casi los mismos números.`,
    inDecisionText: (inputs) =>
      `Cada clase tiene un peso para cada uno de los ${inputs} números anteriores: los productos, sumados, son su puntuación.`,
    inScoreOf: (name) => `Puntuación de ${name}`,
    inClass: "Clase",
    inEvidenceOf: (name) => `De dónde viene la puntuación de ${name}: el azul habla a favor, el naranja en contra`,
    inEvidenceNote:
      "Las imágenes pequeñas suman los productos de cada sitio de los últimos mapas: el azul habla a favor de la clase, el naranja en contra.",
    inLookedText: "Tres maneras de preguntar de qué píxeles depende una respuesta, aquí para la clase:",
    inLookedFor: "Clase por la que se pregunta",
    inOcclusionNote: (size) =>
      `Un cuadrado negro de ${size} se desliza por la imagen: azul donde taparla baja la probabilidad de la clase, naranja donde la sube.`,
    inFilterDrawing: "La imagen",
  },
};
