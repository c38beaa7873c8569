/** What the data set and the sample digits say, in both languages. */

const en = {
  digitsHeading: "The digits",
  dataLine: (train: string, heldOut: string) =>
    `${train} handwritten digits from MNIST to learn from, and ${heldOut} held out: the network never trains on those, they only measure it.`,
  loadAll: "Load all 70,000 digits",
  loadAllSize: "11 MB, kept by the browser for the next visit",
  loadCancel: "Cancel",
  loadProgress: "Download of the digits",
  loading: (loaded: string, total: string) => `${loaded} of ${total}`,
  loadedSome: (loaded: string) => loaded,
  loadedAll: "All 70,000 digits are loaded.",
  samplesLabel: "Held-out digits and what the network reads",
  samplesNote: (right: string, of: string) =>
    `Below each of these held-out digits, what the network reads now: ${right} of ${of} right. Wrong answers are marked.`,
  sampleRight: (digit: string) => `${digit}, read correctly`,
  sampleWrong: (digit: string, read: string) => `${digit}, read as ${read}`,
};

const es: typeof en = {
  digitsHeading: "Las cifras",
  dataLine: (train, heldOut) =>
    `${train} cifras escritas a mano, de MNIST, para aprender, y ${heldOut} reservadas: la red nunca entrena con ellas, solo sirven para medirla.`,
  loadAll: "Cargar las 70.000 cifras",
  loadAllSize: "11 MB; el navegador las guarda para la próxima visita",
  loadCancel: "Cancelar",
  loadProgress: "Descarga de las cifras",
  loading: (loaded, total) => `${loaded} de ${total}`,
  loadedSome: (loaded) => loaded,
  loadedAll: "Las 70.000 cifras están cargadas.",
  samplesLabel: "Cifras reservadas y lo que lee la red",
  samplesNote: (right, of) =>
    `Debajo de cada una de estas cifras reservadas, lo que la red lee ahora: ${right} de ${of} bien. Los errores están marcados.`,
  sampleRight: (digit) => `${digit}, bien leído`,
  sampleWrong: (digit, read) => `${digit}, leído como ${read}`,
};

export const digitsMessages = { en, es };
