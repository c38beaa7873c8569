import type { draw as english } from "../en/draw.ts";

export const draw: typeof english = {
  eraser: "Goma",
  penWidth: "Lápiz",
  openPicture: "Abrir una imagen",
  padName: "Panel de dibujo",
  padKeysHint:
    "También puedes pegar una imagen o soltarla aquí. Con el teclado: las flechas mueven el lápiz, Espacio lo baja y lo levanta, Control Z deshace, Escape borra.",
  announcePenDown: "Lápiz bajado",
  announcePenUp: "Lápiz levantado",
  noteSmall: "Es muy poca tinta; la red la lee tal como está.",
  pictureUnreadable: "Este archivo no es una imagen que el navegador pueda leer.",
  pictureEmpty: "En esta imagen no destaca nada: hace falta una cifra sobre un fondo uniforme.",
  pictureShown: "La imagen, escalada y centrada como las cifras de MNIST.",

  vary: "Variar las cifras",
  kernelVary: "Varía las cifras",

  teachHeading: "Enséñale",
  teachAsk: "¿Se equivocó? Pulsa la cifra correcta.",
  teachDigitsLabel: "¿Qué cifra es?",
  teachDigit: (digit) => `Es un ${digit}`,
  teachUntrained: "Primero entrena la red; después podrás corregirla.",
  teachBusy: (digit) => `Enseñándole un ${digit} …`,
  teachBusyMany: "Practicando …",
  teachOwn:
    "Los dibujos se enseñan como cifras, y esta red aprende tus propias imágenes. Corrígelas en la vista Entrenar, en «Dónde se equivoca».",
  teachWaits: "Se le puede enseñar cuando el entrenamiento esté en pausa.",
  teachLearned: (read, share) => `Aprendido: tu dibujo se lee ahora como ${read}, ${share}.`,
  teachNotYet: (read, label, share) =>
    `Todavía no: tu dibujo se sigue leyendo como ${read}, y el ${label} recibe ${share}. Pulsa ${label} otra vez para que practique más.`,
  teachManyLearned: (right, of) => `Ahora lee ${right} de tus ${of} dibujos.`,
  teachMeasured: (before, after, count) =>
    `Exactitud en validación: ${before} antes, ${after} después, en ${count} cifras.`,
  teachRefused: (before, after) =>
    `No se conserva: la exactitud en validación habría bajado de ${before} a ${after}, más de medio punto. La red está como antes.`,
  teachUndone: "Deshecho: la red está como antes de la lección.",
  teachUndo: "Deshacer la lección",
  teachInterrupted: "La lección se interrumpió; la red está como antes.",
  lessonsHeading: "Lo que le enseñaste",
  lessonsNone: "Todavía nada. Los dibujos que corrijas aparecen aquí y se practican otra vez con cada lección nueva.",
  lessonsNote: "Se practican otra vez con cada lección nueva. Eliminar uno no hace que la red lo olvide.",
  lessonsNotKept: "Este navegador no los guarda: guárdalos como archivo antes de salir.",
  lessonLabel: (digit) => `Un dibujo, enseñado como ${digit}`,
  lessonDelete: (digit) => `Eliminar este ${digit}`,
  lessonsPractise: "Practicar todos",
  lessonsExport: "Guardar como archivo",
  lessonsImport: "Abrir un archivo",
  lessonsImported: (count) => `Añadidos del archivo: ${count}. «Practicar todos» se los enseña a esta red.`,
  lessonsBadFile: (problem) => `Este archivo no se añadió: ${problem}.`,

  keepHeading: "Conservar la red",
  keepNote:
    "Cada medición guarda el entrenamiento en este navegador: si recargas, no pierdes nada. Una ventana privada lo olvida al cerrarse. Los archivos los hace y los lee esta página; no se sube nada.",
  keepNoRoom: "Este navegador no tiene sitio para este entrenamiento: guarda la red como archivo antes de salir.",
  keepNothing:
    "Este navegador no guarda nada de esta página: recargar empieza de nuevo. Guarda la red como archivo antes de salir.",
  keepShare: "Compartir la red con un enlace",
  linkFailed: "No se pudo abrir la red de esta dirección",
  keepLink: "Copiar un enlace a estos ajustes",
  keepCode: "Copiar como código",
  keepFormat: "Formato",
  keepSave: "Guardar como archivo",
  keepOpen: "Abrir un archivo",
  keepLinkCopied: "Enlace copiado: abre esta vista con estos ajustes.",
  keepLinkWithout:
    "Enlace copiado: abre esta vista con estos ajustes. Esta red no va en él; para compartirla, usa el enlace con la red o guárdala como archivo.",
  keepCodeCopied: "Programa copiado. Entrena esta red con estos ajustes desde el principio.",
  keepCopyFailed: "El navegador no permitió copiar. Aquí está, para copiarlo a mano:",
  keepSaved: (name) => `Guardada como ${name}: pesos, optimizador y configuración.`,
  keepSaveFailed: "No se ha guardado.",
  keepOpened: (steps) => `Abierta: una red tras ${steps} pasos.`,
  keepElsewhere: "Aprendió de otras imágenes que las abiertas aquí.",
  keepOpenFailed: "Este archivo no se abrió; la red está como estaba.",
  keepUnknownFile: (name) =>
    `${name} no es una red (.safetensors, .onnx, .keras, .h5, o model.json con sus pesos), ni dibujos o cambios (.json), ni una imagen, ni un archivo IDX.`,
  runsHeading: "Guardado en este navegador",
  runLine: (steps, accuracy, time) => `${steps} pasos, ${accuracy}, ${time}`,
  runUnmeasured: "sin medir",
  runParameters: (count) => `${count} parámetros`,
  runNow: "este entrenamiento",
  runGoOn: "Continuar",
  runDelete: "Eliminar",
  offerTitle: (steps, accuracy) => `Lo dejaste tras ${steps} pasos, con ${accuracy}`,
  offerBody:
    "El entrenamiento está guardado en este navegador y puede seguir donde se detuvo. En cualquier caso queda en la lista de abajo.",
  offerAccept: "Continuar desde ahí",
  offerDecline: "Empezar de nuevo",
  offerFailed: "Este entrenamiento no se pudo abrir; sigue en la lista.",
  footerOffline:
    "No se sube nada a ningún servidor: las imágenes, tus dibujos y la red se quedan en esta página. Después de la primera visita funciona sin conexión.",
};
