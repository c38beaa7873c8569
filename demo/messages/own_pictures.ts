/** What the page says of pictures of the visitor's own, in both languages; fetched when there are some. */
import { language, type Wording } from "../language.ts";

const en = {
  option: (title: string, pictures: string) => `Your own: ${title} (${pictures})`,
  keptHeading: "Your own, kept in this browser",
  keptLine: (title: string, pictures: string, size: string) => `${title}: ${pictures} pictures, ${size}`,
  keptInUse: "in use",
  keptRemove: "Remove",
  keptRemoveLabel: (title: string) => `Remove ${title} from this browser`,
  keptRemoved: (title: string, size: string) =>
    `“${title}” is no longer kept in this browser; that makes ${size} free. Trainings with it stay in the list.`,
  keptRemovedInUse: (title: string, size: string) =>
    `“${title}” is no longer kept in this browser; that makes ${size} free. It is in use until you leave the page.`,
  keptNotRemoved: (title: string) => `“${title}” could not be removed: this browser does not let the page.`,
  keptGone:
    "The pictures of this training are not in this browser any more; the data set stays as it was. Open their files again to go on with them.",
  keptElsewhere:
    "The address asks for pictures that this browser does not keep; here are MNIST’s digits. Open the files to go on with them.",
  notKeptFull: (title: string, size: string, left: string | undefined) =>
    `This browser has no room to keep “${title}”: it takes ${size}${left === undefined ? "" : `, and ${left} are left`}. ` +
    "It is in use, and nothing that was kept before is lost; but after a reload its files have to be opened again. " +
    "Remove a kept data set to make room.",
  notKept: (title: string) =>
    `This browser keeps no pictures for this page. “${title}” is in use; after a reload its files have to be opened again.`,

  unreadable: (file: string, message: string, _: string) => `“${file}” could not be read: ${message}`,
  pairs: (files: string, _: string, __: string) =>
    `These files are not one or two pairs of images and labels of the same number: ${files || "none"}. Choose image and label files together.`,
  size: (file: string, shape: string, _: string) =>
    `The pictures of “${file}” are ${shape}; this page’s networks take 28×28×1. Scale them first.`,
  classes: (file: string, largest: string, _: string) =>
    `“${file}” has labels up to ${largest}; this page’s networks tell ten classes apart, 0 to 9.`,
  tooMany: (file: string, pictures: string, most: string) =>
    `“${file}” has ${pictures} pictures; a page holds ${most} at most. Choose a smaller file.`,
  few: (file: string, pictures: string, fewest: string) =>
    `“${file}” has ${pictures} pictures, too few to hold some out: choose at least ${fewest}, or a second pair.`,
  names: (file: string, lines: string, classes: string) =>
    `“${file}” names ${lines} classes; it wants a line for each of the ${classes} classes, ten at most.`,
  values: (file: string, message: string, _: string) => `“${file}” and its labels make no data set: ${message}`,
};

const es: typeof en = {
  option: (title, pictures) => `Tuyas: ${title} (${pictures})`,
  keptHeading: "Tuyas, guardadas en este navegador",
  keptLine: (title, pictures, size) => `${title}: ${pictures} imágenes, ${size}`,
  keptInUse: "en uso",
  keptRemove: "Quitar",
  keptRemoveLabel: (title) => `Quitar ${title} de este navegador`,
  keptRemoved: (title, size) =>
    `«${title}» ya no está guardado en este navegador; quedan libres ${size}. Sus entrenamientos siguen en la lista.`,
  keptRemovedInUse: (title, size) =>
    `«${title}» ya no está guardado en este navegador; quedan libres ${size}. Se usa hasta que dejes la página.`,
  keptNotRemoved: (title) => `No se pudo quitar «${title}»: este navegador no lo permite.`,
  keptGone:
    "Las imágenes de este entrenamiento ya no están en este navegador; los datos siguen como estaban. Abre otra vez sus archivos para seguir con ellas.",
  keptElsewhere:
    "La dirección pide imágenes que este navegador no guarda; aquí están las cifras de MNIST. Abre los archivos para seguir con ellas.",
  notKeptFull: (title, size, left) =>
    `Este navegador no tiene sitio para guardar «${title}»: ocupa ${size}${left === undefined ? "" : ` y quedan ${left}`}. ` +
    "Está en uso y no se pierde nada de lo ya guardado; pero, si recargas la página, habrá que abrir otra vez sus archivos. " +
    "Quita datos guardados para hacer sitio.",
  notKept: (title) =>
    `Este navegador no guarda imágenes para esta página. «${title}» está en uso; si recargas, habrá que abrir otra vez sus archivos.`,

  unreadable: (file) => `No se pudo leer «${file}»: no es un archivo IDX, o está dañado.`,
  pairs: (files) =>
    `Estos archivos no son uno o dos pares de imágenes y etiquetas del mismo número: ${files || "ninguno"}. Elige juntos los archivos de imágenes y de etiquetas.`,
  size: (file, shape) =>
    `Las imágenes de «${file}» son de ${shape}; las redes de esta página toman 28×28×1. Cámbiales antes el tamaño.`,
  classes: (file, largest) =>
    `«${file}» tiene etiquetas hasta ${largest}; las redes de esta página distinguen diez clases, de 0 a 9.`,
  tooMany: (file, pictures, most) =>
    `«${file}» tiene ${pictures} imágenes; en una página caben ${most}. Elige un archivo menor.`,
  few: (file, pictures, fewest) =>
    `«${file}» tiene ${pictures} imágenes, pocas para reservar algunas: elige al menos ${fewest}, o un segundo par.`,
  names: (file, lines, classes) =>
    `«${file}» nombra ${lines} clases; hace falta una línea para cada una de las ${classes} clases, diez como mucho.`,
  values: (file) =>
    `«${file}» y sus etiquetas no forman un conjunto de datos: los valores no son los de imágenes y clases.`,
};

/** The sentences of the page's language. */
export function ownSay(): typeof en {
  return language() === "es" ? es : en;
}

/** What the page says of "digits" elsewhere, said of pictures. */
export const PICTURES: Wording = {
  en: {
    intro:
      "Press Train, and a convolutional network learns to tell the classes of your pictures apart, on your own graphics card, through WebGPU.",
    introCpu:
      "Press Train, and a convolutional network learns to tell the classes of your pictures apart, on your own processor, in this page.",
    insideIntro:
      "From the pixels to the answer, step by step, through the network that you train, on the picture that you drew or chose. Every number comes from your network.",
    accuracyPending: "Accuracy on held-out pictures is measured as soon as the network is ready.",
    accuracyBusy: "Accuracy on held-out pictures is being measured.",
    accuracySoon: "Accuracy on held-out pictures is measured after the first steps.",
    accuracyNone: "Accuracy on held-out pictures was not measured.",
    accuracyBefore: (count) => `of ${count} held-out pictures read correctly, before any training`,
    accuracyOpened: (count) => `of ${count} held-out pictures read correctly, with the weights that came with it`,
    accuracyAfter: (count, steps) => `of ${count} held-out pictures read correctly after ${steps} steps`,
    accuracyAfterOne: (count) => `of ${count} held-out pictures read correctly after 1 step`,
    preparing: "Preparing the network and the pictures …",
    ready: (steps, epochs, batch) => `Ready: ${steps} steps of ${batch} pictures in ${epochs}`,
    stepSize: (batch) => `A step is one update of the weights from ${batch} pictures.`,
    keyHeldOut: "held-out pictures",
    chartLabel: (title, steps, training, heldOut) =>
      `${title} over ${steps} steps: ${training} on the training batches, ${heldOut} on held-out pictures. The table below has the figures.`,
    eventBatchSize: (size) => `From here on a step takes ${size} pictures.`,
    eventDigits: (count) => `From here on it learns from ${count} pictures.`,
    eventVary: "From here on the pictures are varied.",
    eventNoVary: "From here on the pictures are taken as they are.",
    stoppedAccuracy: (percent) => `It stopped because it reads at least ${percent} of the held-out pictures.`,
    stoppedBest: (step) => `The weights of step ${step} are back: on held-out pictures they were the best.`,
    vary: "Vary the pictures",
    kernelVary: "Varies the pictures",
    dataLine: (train, heldOut, title, classes) =>
      `Your own pictures, ${title}: ${train} to learn from, and ${heldOut} held out, in ${classes} classes. The network never trains on those held out; nothing is uploaded.`,
    samplesLabel: "Held-out pictures and what the network reads",
    samplesNote: (right, of) =>
      `Below each of these held-out pictures, what the network reads now: ${right} of ${of} right. Wrong answers are marked.`,
    layerDenseDetail: "one score for each class",
    factActivations: (batch) => `Activations of ${batch} pictures`,
    factDigits: "GPU memory of the pictures",
    failedFullBody: "Training goes on with the pictures that are here.",
    classes: (shape) =>
      `The last layer has to give 10 numbers, one score for each class; this one gives ${shape}. End in Flatten and Dense with 10 units and no activation.`,
    runDigits: (count) => `${count} pictures`,
    runVary: "varied pictures",
    runNoVary: "pictures as they are",
    padLabelTest: (name) => `Drawing pad, showing a test picture: ${name}`,
    padHint: "Draw here",
    testDigit: "Show a test picture",
    barsLabel: "Probability of each class",
    stageInput: "Picture",
    stageTraining: "It is learning. Draw something meanwhile, and see what it makes of it.",
    stageTrained: "It has learned. Draw something, and watch it go through the network.",
    barsNote:
      "The probabilities are corrected by one number, found on held-out pictures: of the answers that are called 90% sure, about 90% are right.",
    verdictUnknown: "Not sure: none of the pictures it learned from looks like this",
    noteUnknown:
      "A network has to answer with one of its classes, whatever it is given. So the page compares the drawing with the training pictures first.",
    noteTestRight: (name) => `A held-out picture, labelled ${name}. The network never trained on it.`,
    noteTestWrong: (name, read) => `A held-out picture, labelled ${name}. The network takes it for ${read}.`,
  },
  es: {
    intro:
      "Pulsa Entrenar y una red convolucional aprende a distinguir las clases de tus imágenes en tu propia tarjeta gráfica, con WebGPU.",
    introCpu:
      "Pulsa Entrenar y una red convolucional aprende a distinguir las clases de tus imágenes en tu propio procesador, en esta página.",
    insideIntro:
      "De los píxeles a la respuesta, paso a paso, por la red que tú entrenas y con la imagen que has dibujado o elegido. Todos los números salen de tu red.",
    accuracyPending: "La exactitud en validación se mide en cuanto la red está lista.",
    accuracyBusy: "Se está midiendo la exactitud en validación.",
    accuracySoon: "La exactitud en validación se mide tras los primeros pasos.",
    accuracyNone: "La exactitud en validación no se midió.",
    accuracyBefore: (count) => `de ${count} imágenes reservadas leídas bien, antes de entrenar`,
    accuracyOpened: (count) => `de ${count} imágenes reservadas leídas bien, con los pesos que traía`,
    accuracyAfter: (count, steps) => `de ${count} imágenes reservadas leídas bien tras ${steps} pasos`,
    accuracyAfterOne: (count) => `de ${count} imágenes reservadas leídas bien tras 1 paso`,
    preparing: "Preparando la red y las imágenes…",
    ready: (steps, epochs, batch) => `Todo listo: ${steps} pasos de ${batch} imágenes en ${epochs}`,
    stepSize: (batch) => `Un paso es un ajuste de los pesos con ${batch} imágenes.`,
    announceAccuracy: (percent, steps) => `Exactitud en validación: ${percent} tras ${steps} pasos`,
    keyHeldOut: "en validación",
    chartLabel: (title, steps, training, heldOut) =>
      `${title} a lo largo de ${steps} pasos: ${training} con los lotes de entrenamiento, ${heldOut} en validación. Los valores exactos están en la tabla de abajo.`,
    eventBatchSize: (size) => `Desde aquí un paso toma ${size} imágenes.`,
    eventDigits: (count) => `Desde aquí aprende de ${count} imágenes.`,
    eventVary: "Desde aquí las imágenes se varían.",
    eventNoVary: "Desde aquí las imágenes se toman como son.",
    stoppedAccuracy: (percent) => `Ha parado porque lee al menos el ${percent} de las imágenes reservadas.`,
    stoppedBest: (step) => `Han vuelto los pesos del paso ${step}: en validación eran los mejores.`,
    vary: "Variar las imágenes",
    kernelVary: "Varía las imágenes",
    dataLine: (train, heldOut, title, classes) =>
      `Tus propias imágenes, ${title}: ${train} para aprender y ${heldOut} reservadas, en ${classes} clases. La red nunca entrena con las reservadas; nada sale de este navegador.`,
    samplesLabel: "Imágenes reservadas y lo que lee la red",
    samplesNote: (right, of) =>
      `Debajo de cada una de estas imágenes reservadas, lo que la red lee ahora: ${right} de ${of} bien. Los errores están marcados.`,
    layerDenseDetail: "una puntuación por clase",
    factActivations: (batch) => `Activaciones de ${batch} imágenes`,
    factDigits: "Memoria de GPU de las imágenes",
    failedFullBody: "El entrenamiento sigue con las imágenes que ya están aquí.",
    classes: (shape) =>
      `La última capa tiene que dar 10 números, una puntuación por clase; esta da ${shape}. Termina con Aplanar y una Densa de 10 unidades sin activación.`,
    runDigits: (count) => `${count} imágenes`,
    runVary: "imágenes variadas",
    runNoVary: "imágenes como son",
    barsNote:
      "Las probabilidades están corregidas con un solo número, hallado con imágenes reservadas: de las respuestas con un 90 % de seguridad, acierta más o menos el 90 %.",
    verdictUnknown: "Sin seguridad: ninguna de las imágenes de las que aprendió se parece a esto",
    noteUnknown:
      "Una red tiene que responder con una de sus clases, le den lo que le den. Por eso la página compara antes el dibujo con las imágenes de entrenamiento.",
    padLabelTest: (name) => `Lienzo con una imagen de prueba: ${name}`,
    padHint: "Dibuja aquí",
    testDigit: "Imagen de prueba",
    barsLabel: "Probabilidad de cada clase",
    stageInput: "Imagen",
    stageTraining: "Está aprendiendo. Mientras tanto dibuja algo y mira qué lee en ello.",
    stageTrained: "Ya ha aprendido. Dibuja algo y míralo pasar por la red.",
    noteTestRight: (name) => `Una imagen reservada, con la etiqueta ${name}. La red nunca entrenó con ella.`,
    noteTestWrong: (name, read) => `Una imagen reservada, con la etiqueta ${name}. La red la toma por ${read}.`,
  },
};
