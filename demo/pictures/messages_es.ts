import type { PicturesMessages } from "./messages_en.ts";

const plural = (count: number, one: string, many: string) => (count === 1 ? one : many);

export const es: PicturesMessages = {
  // ---- vacío
  openHeading: "Abre imágenes",
  dropHere: "Suelta aquí una carpeta o un archivo zip",
  orChoose: "o",
  chooseFolder: "Elegir una carpeta",
  chooseZip: "Elegir un zip",
  useCamera: "Usar la cámara",
  openNote:
    "Una carpeta para cada clase, con sus imágenes dentro; los nombres de las carpetas serán los nombres de las clases.",
  treeLabel: "Por ejemplo",
  treeExample: "mascotas/\n  gatos/   1.jpg  2.jpg  3.jpg …\n  perros/  1.jpg  2.jpg  3.jpg …",
  storyHeading: "¿Gato o perro?",
  story: (many) => [
    `El texto del que nació esta página enseña con un ejemplo: muéstrale a una red más de ${many} imágenes de gatos y más de ${many} de perros, dile cuál es cuál, y aprenderá a distinguirlos, incluso en imágenes que nunca ha visto.`,
    "¿Por qué tantas? Si son pocas, la red se las aprende de memoria: el sofá, el césped, la luz. Con muchas le conviene aprender lo que las imágenes de una clase tienen en común, y eso también vale para las nuevas. A eso se le llama generalizar.",
    "Empieza con menos y con imágenes tuyas: con 50 de cada clase se ve cómo funciona, y con unos cientos la red ya aprende algo. Dos tipos de hojas, tus tazas y tus vasos, manos que muestran un número: lo que distingues de un vistazo, ella lo puede aprender.",
  ],

  // ---- importación
  listing: "Buscando las imágenes…",
  importingTitle: (title) => (title === "" ? "Leyendo las imágenes" : `Leyendo las imágenes de «${title}»`),
  importProgress: "Importación",
  importLine: (done, total, speed) => `${done} de ${total} archivos · ${speed} archivos/s`,
  importLeft: (time) => ` · quedan ${time}`,
  importForm: (size, colour) => `Cada una queda en ${size}, ${colour}.`,
  cancel: "Cancelar",

  // ---- cámara
  recordHeading: "Graba imágenes",
  recordNote: (size) =>
    `Mantén pulsado el botón de una clase, o la barra espaciadora sobre él, mientras la cámara la ve: 8 imágenes por segundo, de ${size} en color. Muévela un poco, cerca y lejos.`,
  cameraOpening: "Abriendo la cámara: si el navegador pregunta, dale permiso.",
  cameraLabel: "Lo que ve la cámara",
  cameraAgain: "Probar la cámara otra vez",
  cameraSwitch: "Otra cámara",
  cameraReasons: {
    refused:
      "No se permitió usar la cámara. Permítela para esta página en los ajustes del navegador, junto a la dirección, y prueba otra vez.",
    none: "No hay ninguna cámara. Conecta una y prueba otra vez, o elige imágenes de una carpeta.",
    busy: "La cámara no arranca: quizá la esté usando otro programa u otra página. Cierra lo que la use y prueba otra vez.",
    unplugged: "La cámara ya no está: se desconectó o la tomó otro programa. Lo grabado sigue aquí.",
    insecure: "Los navegadores solo dan la cámara a páginas seguras. Abre esta con https:// o en localhost.",
    unsupported: "Este navegador no deja usar la cámara. Prueba con otro o elige imágenes de una carpeta.",
    stopped: "La cámara está apagada. Lo grabado sigue aquí.",
  },
  newClass: (number) => `Clase ${number}`,
  addClass: "Añadir una clase",
  hold: "Mantén para grabar",
  holding: "Grabando…",
  holdLabel: (name) => `Mantén pulsado para grabar ${name}`,
  empty: "Vaciar",
  emptyLabel: (name) => `Deshacer lo grabado de ${name}`,
  lastLabel: (name) => `La última imagen de ${name}`,
  useRecorded: "Usar estas imágenes",
  recordMore: "Graba imágenes de al menos dos clases; con unas 50 de cada una ya se puede empezar.",

  // ---- las imágenes
  dataHeading: "Las imágenes",
  dataLine: (title, train, heldOut, classes, bytes) =>
    `${title === "" ? "Tus imágenes" : `«${title}»`}: ${train} imágenes para aprender y ${heldOut} reservadas para comprobar, en ${classes} clases; ${bytes}.`,
  heldOutLot: "Las reservadas se eligieron al azar, una quinta parte de cada clase; la red nunca aprende de ellas.",
  heldOutFolder: "Las reservadas venían en una carpeta aparte; la red nunca aprende de ellas.",
  classCount: (count, formatted) => `${formatted} ${plural(count, "imagen", "imágenes")}`,
  className: "Nombre de la clase",
  removeClass: "Quitar",
  removeClassLabel: (name) => `Quitar la clase ${name}`,
  moreClasses: (count) => `y ${count} clases más`,
  classThumbs: (name) => `Algunas imágenes de ${name}`,
  size: "Tamaño",
  sizeOption: (side) => `${side} × ${side}`,
  colours: "Colores",
  colour: "en color",
  grey: "en gris",
  sizeNote: (neurons) => `Para la red, una imagen son ${neurons} números.`,
  sizeFixed: "Para verlas en otro tamaño, vuelve a elegir sus archivos.",
  reformNote: "Con otro tamaño se leen de nuevo los archivos y empieza un entrenamiento nuevo.",
  otherPictures: "Otras imágenes",
  otherNote: "Ocupan el lugar de estas y de lo que se entrenó con ellas.",
  clear: "Quitar todo de este navegador",
  kept: "Guardadas en este navegador: si recargas, siguen aquí.",
  keepFull: (missing) =>
    `En este navegador no cabían todas: ${missing} archivos ya no se leyeron. Lo que se leyó está aquí, guardado. Con un tamaño menor ocupan menos.`,
  keepRefused:
    "Este navegador no guarda nada de esta página. Las imágenes están aquí hasta que la recargues o la dejes.",

  // ---- el informe
  reportHeading: "Antes de entrenar",
  reportBusy: "Revisando las imágenes…",
  reportGood: "Todo en orden: las clases tienen un tamaño parecido y ninguna imagen está en los dos lados.",
  imbalanced: (large, most, small, least) =>
    `«${large}» tiene ${most} imágenes y «${small}» solo ${least}. Una red que dijera siempre «${large}» parecería buena. Añade imágenes de las clases pequeñas o quita algunas de las grandes.`,
  fewPictures: (count) =>
    `${count} imágenes son pocas: la red puede aprendérselas de memoria. Mejor unos cientos de cada clase.`,
  smallValidation: (count, formatted, points) =>
    `Solo hay ${formatted} ${plural(count, "imagen reservada", "imágenes reservadas")}: la exactitud medida puede fallar por unos ${points} puntos.`,
  noValidation: (names) => `No hay imágenes reservadas de ${names}: no se comprueba si se reconoce bien.`,
  emptyClass: (names) => `No hay imágenes para aprender de ${names}. Añade algunas o quita la clase.`,
  duplicates: (count, formatted, first, second) =>
    `${plural(count, "1 imagen reservada se parece", `${formatted} imágenes reservadas se parecen`)} mucho a otra de las que se aprenden, y hará que la red parezca mejor de lo que es: ${second} es como ${first}. Deja las series de lo mismo en un solo lado.`,
  tornDuplicates: (first, second) =>
    `${first} y ${second} se parecen, pero están en clases distintas. Una de las dos está en la carpeta equivocada.`,
  skipped: (count, formatted) => `${plural(count, "Se omitió 1 archivo", `Se omitieron ${formatted} archivos`)}:`,
  skippedFile: (file, why) => `${file}: ${why}`,
  skippedMore: (count) => `y ${count} más`,
  skipReasons: {
    empty: "está vacío; cópialo otra vez de donde vino",
    unreadable: "no se puede leer; ¿sigue ahí?",
    "not-a-picture": "no es una imagen que lean los navegadores (JPEG, PNG, WebP, GIF, BMP y AVIF lo son)",
    corrupt: "está dañado; ábrelo en otro programa y guárdalo de nuevo",
    "too-large": "es demasiado grande; guárdalo más pequeño",
    encrypted: "está cifrado; haz un archivo zip sin contraseña",
    "not-in-a-class-folder": "está fuera de las carpetas de las clases; muévelo a una de ellas",
  },

  // ---- qué falla en lo elegido
  problemHeading: "No ha funcionado",
  problemNothing: "Ahí no hay imágenes. Elige una carpeta que contenga una carpeta de imágenes para cada clase.",
  problemFolders:
    "Las imágenes no están en carpetas, así que nadie sabe de qué clase son. Pon las de cada clase en su propia carpeta y elige la carpeta que las contiene.",
  problemAlike:
    "Dos de las carpetas tienen el mismo nombre salvo por mayúsculas o espacios. Cambia uno de los nombres o junta sus imágenes.",
  problemArchive:
    "Este archivo está dañado, protegido, es de un tipo que aquí no se lee o sus rutas salen de él («../»). Haz un zip nuevo o elige la carpeta misma.",
  problemUnreadable:
    "Ninguno de los archivos se pudo leer como imagen. Sirven JPEG, PNG, WebP, GIF, BMP y AVIF. Abre uno en otro programa y guárdalo como JPEG.",
  problemFew: "Solo se pudo leer una imagen. Una red necesita varias de cada clase; con menos de 50 apenas aprende.",
  problemMemory: "Las imágenes no caben en la memoria de esta página. Elige un tamaño menor o menos imágenes.",
  problemRoom:
    "En este navegador no queda sitio para las imágenes. Elige un tamaño menor o menos imágenes, o libera espacio en el disco.",
  problemOneClass: (name) =>
    `Todas las imágenes están en una sola carpeta, «${name}». Una red distingue clases, así que necesita al menos dos: elige otra carpeta y se añadirá a esta.`,
  problemOther: (words) => `No se pudieron leer las imágenes: ${words}`,
  dismiss: "Cerrar",

  // ---- entrenamiento
  trainHeading: "Entrenar",
  preset: "Red",
  presets: { small: "Pequeña", normalized: "Con normalización por lotes y dropout", residual: "Residual" },
  presetNotes: {
    small: (layers) =>
      `${layers} convoluciones, cada una con su pooling detrás. Rápida; los conjuntos pequeños se los aprende de memoria.`,
    normalized: (layers) =>
      `${layers} convoluciones con normalización por lotes y, al final, dropout. Más lenta y, si hay bastantes imágenes, mejor con las que no ha visto.`,
    residual: (layers) =>
      `${layers} bloques con un atajo junto a sus convoluciones, para que las redes profundas aprendan. La más lenta.`,
  },
  presetFacts: (parameters, outputs) => `${parameters} parámetros, ${outputs} salidas: una por clase.`,
  presetFixed: "Reinicia para elegir otra red.",
  epochs: "Épocas",
  augment: "Variar las imágenes",
  augmentNote:
    "Cada vez que la red ve una imagen, la ve un poco cambiada al azar: reflejada, desplazada, girada, ampliada, con otra luz. Así, de pocas imágenes salen muchas. A esto se le llama aumento de datos.",
  augmentPreview: "Así las ve la red",
  previewOthers: "Mostrar otras",
  previewFailed: "No se pudieron mostrar.",
  train: "Entrenar",
  trainMore: "Seguir entrenando",
  pause: "Pausar",
  resume: "Reanudar",
  reset: "Reiniciar",
  preparing: "Preparando la red…",
  untrained: "Sin entrenar, solo adivina.",
  accuracyCaption: (count, step) => `de ${count} imágenes reservadas, reconocidas tras ${step} pasos.`,
  chance: (share) => `Al azar se acertaría cerca del ${share}.`,
  bestBack: (step) => `Han vuelto los pesos del paso ${step}: con ellos la pérdida en las reservadas fue la más baja.`,
  trainProgress: "Progreso del entrenamiento",
  epochOf: (epoch, of) => `época ${epoch} de ${of}`,
  step: (step) => `paso ${step}`,
  loss: (loss) => `pérdida ${loss}`,
  speed: (speed) => `${speed} imágenes/s`,
  left: (time) => `quedan ${time}`,
  paused: "en pausa",
  finished: "terminado",
  onCpu:
    "Sin WebGPU, la red se calcula en el procesador, que tarda de diez a cien veces más. Ayudan la red pequeña, un tamaño menor y pocas épocas.",
  slow: (time) =>
    `A este ritmo el entrenamiento tarda unos ${time}. Con un tamaño menor, la red pequeña o menos épocas va más rápido.`,
  trainingKept: "Después de cada época, el entrenamiento se guarda en este navegador.",
  trainingNotKept: "Este navegador no guarda el entrenamiento: si recargas, se pierde.",
  trainFailed: (words) => `El entrenamiento se detuvo: ${words}`,
  tryAgain: "Intentar de nuevo",
  keyHeldOut: "imágenes reservadas",
  chartLabel: (title, training, heldOut) =>
    `${title}: al final ${training} con las imágenes de entrenamiento, ${heldOut} con las reservadas.`,
  announceEpoch: (epoch, accuracy) => `Época ${epoch}: reconoce el ${accuracy} de las imágenes reservadas`,

  // ---- probar
  tryHeading: "Pruébala",
  tryNote:
    "Suelta o pega una imagen en cualquier parte de la página, o elige una. Se recorta a un cuadrado desde el centro.",
  tryUntrained: "Entrénala primero y luego muéstrale una imagen que no haya visto.",
  tryChoose: "Elegir una imagen",
  tryHeldOut: "Tomar una reservada",
  tryCamera: "Usar la cámara",
  tryFreeze: "Congelar",
  lookInside: "Mirar dentro de esta red",
  backToPictures: "Volver a tus imágenes",
  otherNetwork: "La red de las cifras",
  tryLabel: (answer, share) => `La imagen como la ve la red: ${answer}, ${share}`,
  tryPending: "La imagen como la ve la red",
  trySeen: (size) => `Lo que ve la red: ${size}`,
  tryHeat: "Naranja: dónde ha mirado, según Grad\u2011CAM",
  tryBars: "Probabilidad de cada clase",
  tryRefused: (why) => `Eso no es una imagen que se pueda leer: ${why}.`,

  // ---- errores
  mistakesHeading: "Dónde se equivoca",
  confusionCaption: "Filas: lo que muestran las imágenes reservadas. Columnas: lo que dice la red.",
  confusionCell: (count, label, answer) => `${count} de ${label}, reconocidas como ${answer}`,
  confusionHint: "Elige una casilla para ver sus imágenes.",
  worst: "Primero los peores errores",
  cellTitle: (label, answer) => (label === answer ? `${label}, bien reconocidas` : `${label}, tomadas por ${answer}`),
  showWorst: "Peores errores",
  noMistakes: "Reconoce bien todas las imágenes reservadas.",
  noneInCell: "No hay ninguna.",
  mistakeLabel: (label, answer, share) => `${label}; la red dice ${answer}, ${share}`,
  morePictures: (shown, of) => `${shown} de ${of}`,
};
