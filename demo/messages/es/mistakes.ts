import type { mistakes as english } from "../en/mistakes.ts";

export const mistakes: typeof english = {
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
