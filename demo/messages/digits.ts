/** What the data set and the sample digits say, in both languages. */

const en = {
  digitsHeading: "The data",
  dataLine: (train: string, heldOut: string) =>
    `${train} handwritten digits from MNIST to learn from, and ${heldOut} held out: the network never trains on those, they only measure it.`,
  dataLineOwn: (title: string, train: string, heldOut: string, classes: string) =>
    `Your own pictures, ${title}: ${train} to learn from, and ${heldOut} held out, in ${classes} classes. They stay in this page; after a reload, open the files again.`,
  dataSet: "Data set",
  dataSmall: "MNIST, 2,500 digits",
  dataFull: "MNIST, all 70,000 digits (11 MB)",
  dataOwn: (title: string, pictures: string) => `Your own: ${title} (${pictures})`,
  dataOpen: "Open your own pictures",
  dataWhich: "Which files",
  dataWhichNote:
    "IDX files, as MNIST and Fashion-MNIST come, packed with gzip or not: 28×28 pixels, one byte each, and labels from 0 to 9. Choose images and labels together; a second pair is held out, else every sixth picture of a class is. A text file with a line for each class names the classes. You can also drop the files on this page.",
  dataKeeps: "The network keeps what it learned from the pictures before; Reset begins anew.",
  own_unreadable: (file: string, message: string, _: string) => `“${file}” could not be read: ${message}`,
  own_pairs: (files: string, _: string, __: string) =>
    `These files are not one or two pairs of images and labels of the same number: ${files || "none"}. Choose image and label files together.`,
  own_size: (file: string, shape: string, _: string) =>
    `The pictures of “${file}” are ${shape}; this page’s networks take 28×28×1. Scale them first.`,
  own_classes: (file: string, largest: string, _: string) =>
    `“${file}” has labels up to ${largest}; this page’s networks tell ten classes apart, 0 to 9.`,
  own_tooMany: (file: string, pictures: string, most: string) =>
    `“${file}” has ${pictures} pictures; a page holds ${most} at most. Choose a smaller file.`,
  own_few: (file: string, pictures: string, fewest: string) =>
    `“${file}” has ${pictures} pictures, too few to hold some out: choose at least ${fewest}, or a second pair.`,
  own_names: (file: string, lines: string, classes: string) =>
    `“${file}” names ${lines} classes; it wants a line for each of the ${classes} classes, ten at most.`,
  own_values: (file: string, message: string, _: string) => `“${file}” and its labels make no data set: ${message}`,
  loadCancel: "Cancel",
  loadProgress: "Download of the digits",
  loading: (loaded: string, total: string) => `${loaded} of ${total}`,
  samplesLabel: "Held-out digits and what the network reads",
  samplesNote: (right: string, of: string) =>
    `Below each of these held-out digits, what the network reads now: ${right} of ${of} right. Wrong answers are marked.`,
  sampleRight: (digit: string) => `${digit}, read correctly`,
  sampleWrong: (digit: string, read: string) => `${digit}, read as ${read}`,
};

const es: typeof en = {
  digitsHeading: "Los datos",
  dataLine: (train, heldOut) =>
    `${train} cifras escritas a mano, de MNIST, para aprender, y ${heldOut} reservadas: la red nunca entrena con ellas, solo sirven para medirla.`,
  dataLineOwn: (title, train, heldOut, classes) =>
    `Tus propias imágenes, ${title}: ${train} para aprender y ${heldOut} reservadas, en ${classes} clases. No salen de esta página; si la recargas, abre otra vez los archivos.`,
  dataSet: "Datos",
  dataSmall: "MNIST, 2.500 cifras",
  dataFull: "MNIST, las 70.000 cifras (11 MB)",
  dataOwn: (title, pictures) => `Tuyas: ${title} (${pictures})`,
  dataOpen: "Abrir tus imágenes",
  dataWhich: "Qué archivos",
  dataWhichNote:
    "Archivos IDX, como los de MNIST y Fashion-MNIST, comprimidos con gzip o no: 28×28 píxeles, un byte cada uno, y etiquetas de 0 a 9. Elige juntos imágenes y etiquetas; un segundo par queda reservado y, si no lo hay, una de cada seis imágenes de una clase. Un archivo de texto con una línea por clase da nombre a las clases. También puedes soltar los archivos en esta página.",
  dataKeeps: "La red conserva lo que aprendió de las imágenes anteriores; Reiniciar empieza de nuevo.",
  own_unreadable: (file, message) => `No se pudo leer «${file}»: ${message}`,
  own_pairs: (files) =>
    `Estos archivos no son uno o dos pares de imágenes y etiquetas del mismo número: ${files || "ninguno"}. Elige juntos los archivos de imágenes y de etiquetas.`,
  own_size: (file, shape) =>
    `Las imágenes de «${file}» son de ${shape}; las redes de esta página toman 28×28×1. Cámbiales antes el tamaño.`,
  own_classes: (file, largest) =>
    `«${file}» tiene etiquetas hasta ${largest}; las redes de esta página distinguen diez clases, de 0 a 9.`,
  own_tooMany: (file, pictures, most) =>
    `«${file}» tiene ${pictures} imágenes; en una página caben ${most}. Elige un archivo menor.`,
  own_few: (file, pictures, fewest) =>
    `«${file}» tiene ${pictures} imágenes, pocas para reservar algunas: elige al menos ${fewest}, o un segundo par.`,
  own_names: (file, lines, classes) =>
    `«${file}» nombra ${lines} clases; hace falta una línea para cada una de las ${classes} clases, diez como mucho.`,
  own_values: (file, message) => `«${file}» y sus etiquetas no forman un conjunto de datos: ${message}`,
  loadCancel: "Cancelar",
  loadProgress: "Descarga de las cifras",
  loading: (loaded, total) => `${loaded} de ${total}`,
  samplesLabel: "Cifras reservadas y lo que lee la red",
  samplesNote: (right, of) =>
    `Debajo de cada una de estas cifras reservadas, lo que la red lee ahora: ${right} de ${of} bien. Los errores están marcados.`,
  sampleRight: (digit) => `${digit}, bien leído`,
  sampleWrong: (digit, read) => `${digit}, leído como ${read}`,
};

export const digitsMessages = { en, es };
