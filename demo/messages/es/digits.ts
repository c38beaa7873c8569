import type { digits as english } from "../en/digits.ts";

export const digits: typeof english = {
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
