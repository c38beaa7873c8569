/** What "Where it is wrong" says, in both languages. */

const en = {
  mistakesHeading: "Where it is wrong",
  mistakesPart: "Which pictures",
  mistakesHeldOut: "Held-out",
  mistakesTrain: "Training",
  mistakesRead: "Look now",
  mistakesBusy: "Reading every picture …",
  mistakesUntrained: "Train the network first; then its mistakes are listed here.",
  mistakesNotLoaded: "This part of the page could not be loaded. Check the connection and reload the page.",
  mistakesWaiting: "Read again whenever the training pauses or ends.",
  mistakesFailed: (message: string) => `The pictures could not be read: ${message}`,
  mistakesFound: (wrong: string, of: string, step: string, accuracy: string) =>
    `After step ${step}: ${wrong} of ${of} pictures read wrong, ${accuracy} right.`,
  mistakesTrainNote: "A training picture that it still reads wrong often has a wrong label.",

  confusionCaption: "Rows: the label. Columns: what the network reads.",
  confusionCorner: "Label",
  confusionShares: "Per cent of the row",
  confusionHint: "Press a cell to see its pictures. The arrow keys move between cells.",
  confusionCell: (value: string, label: string, answer: string) => `${value}: label ${label}, read as ${answer}`,

  picturesWorst: "Worst mistakes",
  picturesWorstTitle: (count: string) => `The worst mistakes first: ${count}`,
  picturesNoMistakes: "No mistakes: every picture is read right.",
  picturesCell: (label: string, answer: string, count: string) => `Label ${label}, read as ${answer}: ${count}`,
  picturesRight: (label: string, count: string) => `Label ${label}, read right: ${count}`,
  picturesList: "Pictures",
  picturesBack: "Previous",
  picturesNext: "Next",
  picturesPlace: (first: string, last: string, of: string) => `${first}–${last} of ${of}`,
  pictureLabel: (number: string, label: string, answer: string, share: string) =>
    `Picture ${number}: label ${label}, read as ${answer} with ${share}`,
  pictureNow: (label: string) => `now ${label}`,
  pictureOut: "taken out",
  pictureChoose: "Press a picture to correct its label or to take it out.",
  pictureKeys: "On a picture: a number key gives the label, Delete takes it out, Control Z undoes.",
  pictureWords: (number: string, label: string, answer: string, share: string, labelShare: string) =>
    `Picture ${number}, label ${label}. The network reads ${answer} (${share}); it gives the label ${labelShare}.`,
  pictureRight: (number: string, label: string, share: string) =>
    `Picture ${number}, label ${label}. The network reads it right (${share}).`,
  pictureLabels: "The right label",
  pictureSetLabel: (label: string) => `Label ${label}`,
  pictureRemove: "Take it out",
  pictureUndo: "Undo",
  announceRelabelled: (number: string, label: string) => `Picture ${number}: label ${label}`,
  announceOut: (number: string) => `Picture ${number} taken out`,
  announceUndone: (number: string) => `Picture ${number} as it was`,

  changesHeading: "Your changes to the data",
  changesNone: "None yet. Changed labels and pictures taken out are listed here and stay in this browser.",
  changesNotKept:
    "None yet. Changed labels and pictures taken out are listed here; this browser does not keep them after a reload.",
  changesPending: (changes: string) =>
    `${changes}. The training does not use them yet; training again begins with the same first weights.`,
  changesUnused: "All undone. The training still uses the set with your changes; training again takes it as it came.",
  changesUsed: (changes: string, train: string, heldOut: string) =>
    `${changes}, in use: ${train} pictures to train on, ${heldOut} held out.`,
  changesCount: (count: number, formatted: string) => (count === 1 ? "1 change" : `${formatted} changes`),
  changesTrainAgain: "Train again with these changes",
  changesUse: "Use them from here on",
  changesSave: "Save as a file",
  changesOpen: "Open a file",
  changesUndoAll: "Undo all",
  changesMore: (count: string) => `and ${count} earlier ones`,
  changesOpened: (count: string) => `From the file: ${count}.`,
  changesBadFile: (problem: string) => `This file was not used: ${problem}.`,
  changeRelabelled: (set: string, number: string, was: string, label: string) =>
    `${set}, picture ${number}: ${was} → ${label}`,
  changeRemoved: (set: string, number: string, was: string) => `${set}, picture ${number}: ${was}, taken out`,
  changeUndo: (change: string) => `Undo: ${change}`,
};

const es: typeof en = {
  mistakesHeading: "Dónde se equivoca",
  mistakesPart: "Qué imágenes",
  mistakesHeldOut: "Reservadas",
  mistakesTrain: "Entrenamiento",
  mistakesRead: "Mirar ahora",
  mistakesBusy: "Leyendo todas las imágenes…",
  mistakesUntrained: "Entrena primero la red; después verás aquí sus errores.",
  mistakesNotLoaded: "No se pudo cargar esta parte de la página. Comprueba la conexión y vuelve a cargar la página.",
  mistakesWaiting: "Se lee otra vez cada vez que el entrenamiento se detiene o termina.",
  mistakesFailed: (message) => `No se pudieron leer las imágenes: ${message}`,
  mistakesFound: (wrong, of, step, accuracy) =>
    `Tras el paso ${step}: ${wrong} de ${of} imágenes mal leídas, ${accuracy} bien.`,
  mistakesTrainNote: "Una imagen de entrenamiento que aún lee mal suele tener mal la etiqueta.",

  confusionCaption: "Filas: la etiqueta. Columnas: lo que lee la red.",
  confusionCorner: "Etiqueta",
  confusionShares: "En % de la fila",
  confusionHint: "Pulsa una celda para ver sus imágenes. Las flechas llevan de una celda a otra.",
  confusionCell: (value, label, answer) => `${value}: etiqueta ${label}, leído como ${answer}`,

  picturesWorst: "Peores errores",
  picturesWorstTitle: (count) => `Primero los peores errores: ${count}`,
  picturesNoMistakes: "Ningún error: lee bien todas las imágenes.",
  picturesCell: (label, answer, count) => `Etiqueta ${label}, leído como ${answer}: ${count}`,
  picturesRight: (label, count) => `Etiqueta ${label}, bien leídas: ${count}`,
  picturesList: "Imágenes",
  picturesBack: "Anteriores",
  picturesNext: "Siguientes",
  picturesPlace: (first, last, of) => `${first}–${last} de ${of}`,
  pictureLabel: (number, label, answer, share) =>
    `Imagen ${number}: etiqueta ${label}, leída como ${answer} con ${share}`,
  pictureNow: (label) => `ahora ${label}`,
  pictureOut: "quitada",
  pictureChoose: "Pulsa una imagen para corregir su etiqueta o quitarla.",
  pictureKeys: "Sobre una imagen: una tecla numérica le da esa etiqueta, Supr la quita, Control Z deshace.",
  pictureWords: (number, label, answer, share, labelShare) =>
    `Imagen ${number}, etiqueta ${label}. La red lee ${answer} (${share}); a la etiqueta le da ${labelShare}.`,
  pictureRight: (number, label, share) => `Imagen ${number}, etiqueta ${label}. La red la lee bien (${share}).`,
  pictureLabels: "La etiqueta correcta",
  pictureSetLabel: (label) => `Etiqueta ${label}`,
  pictureRemove: "Quitarla",
  pictureUndo: "Deshacer",
  announceRelabelled: (number, label) => `Imagen ${number}: etiqueta ${label}`,
  announceOut: (number) => `Imagen ${number} quitada`,
  announceUndone: (number) => `Imagen ${number} como estaba`,

  changesHeading: "Tus cambios en los datos",
  changesNone:
    "Aún ninguno. Aquí aparecen las etiquetas cambiadas y las imágenes quitadas; se guardan en este navegador.",
  changesNotKept:
    "Aún ninguno. Aquí aparecen las etiquetas cambiadas y las imágenes quitadas; este navegador no las guarda al recargar.",
  changesPending: (changes) =>
    `${changes}. El entrenamiento todavía no los usa; entrenar otra vez empieza con los mismos pesos iniciales.`,
  changesUnused:
    "Todo deshecho. El entrenamiento aún usa los datos con tus cambios; entrenar otra vez los toma como vinieron.",
  changesUsed: (changes, train, heldOut) =>
    `${changes}, en uso: ${train} imágenes para entrenar y ${heldOut} reservadas.`,
  changesCount: (count, formatted) => (count === 1 ? "1 cambio" : `${formatted} cambios`),
  changesTrainAgain: "Entrenar otra vez con estos cambios",
  changesUse: "Usarlos desde aquí",
  changesSave: "Guardar en un archivo",
  changesOpen: "Abrir un archivo",
  changesUndoAll: "Deshacer todo",
  changesMore: (count) => `y ${count} anteriores`,
  changesOpened: (count) => `Del archivo: ${count}.`,
  changesBadFile: (problem) => `Este archivo no se usó: ${problem}.`,
  changeRelabelled: (set, number, was, label) => `${set}, imagen ${number}: ${was} → ${label}`,
  changeRemoved: (set, number, was) => `${set}, imagen ${number}: ${was}, quitada`,
  changeUndo: (change) => `Deshacer: ${change}`,
};

export const mistakesMessages = { en, es };
