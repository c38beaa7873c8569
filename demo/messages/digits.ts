/** What the data set and the sample digits say, in both languages. */

const en = {
  digitsHeading: "The data",
  /** MNIST's; data sets of the visitor's own have a title and other numbers of classes. */
  dataLine: (train: string, heldOut: string, _title: string, _classes: string) =>
    `${train} handwritten digits from MNIST to learn from, and ${heldOut} held out: the network never trains on those, they only measure it.`,
  dataWritten: (count: string) =>
    `Among those to learn from, ${count} 1s are replaced by ones that this page draws by a rule, with a flag or a foot as in Europe; MNIST, which comes from the United States, has next to none.`,
  dataSet: "Data set",
  dataSmall: "MNIST, 2,500 digits",
  dataFull: "MNIST, all 70,000 digits (11 MB)",
  dataOpen: "Open your own pictures",
  dataWhich: "Which files",
  dataWhichNote:
    "IDX files, as MNIST and Fashion-MNIST come, packed with gzip or not: 28×28 pixels, one byte each, and labels from 0 to 9. Choose images and labels together; a second pair is held out, else every sixth picture of a class is. A text file with a line for each class names the classes. You can also drop the files on this page.",
  dataKeeps: "The network keeps what it learned from the pictures before; Reset begins anew.",
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
  dataWritten: (count) =>
    `Entre las de aprender, ${count} unos se sustituyen por otros que esta página dibuja según una regla, con gancho o con pie como en Europa; MNIST, que viene de Estados Unidos, apenas los tiene.`,
  dataSet: "Datos",
  dataSmall: "MNIST, 2.500 cifras",
  dataFull: "MNIST, las 70.000 cifras (11 MB)",
  dataOpen: "Abrir tus imágenes",
  dataWhich: "Qué archivos",
  dataWhichNote:
    "Archivos IDX, como los de MNIST y Fashion-MNIST, comprimidos con gzip o no: 28×28 píxeles, un byte cada uno, y etiquetas de 0 a 9. Elige juntos imágenes y etiquetas; un segundo par queda reservado y, si no lo hay, una de cada seis imágenes de una clase. Un archivo de texto con una línea por clase da nombre a las clases. También puedes soltar los archivos en esta página.",
  dataKeeps: "La red conserva lo que aprendió de las imágenes anteriores; Reiniciar empieza de nuevo.",
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
