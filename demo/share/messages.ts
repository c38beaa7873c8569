/** What the page says of links that carry a network, in both languages. */

export const en = {
  tooLarge: "This network is too large for a link: save it as a file and pass that on.",
  made: (kilobytes: string) =>
    `The link is copied. It holds the network itself, ${kilobytes} kB: who opens it can draw on it, look inside and train it further.`,
  cost: (digits: string, after: string, before: string) =>
    `Its weights are rounded to 8 bits: it reads ${after} of ${digits} held-out digits, and ${before} before rounding.`,
};

export const es: typeof en = {
  tooLarge: "Esta red es demasiado grande para un enlace: guárdala como archivo y compártelo.",
  made: (kilobytes) =>
    `Enlace copiado. Lleva la red misma, ${kilobytes} kB: quien lo abra puede dibujar, mirar dentro y seguir entrenándola.`,
  cost: (digits, after, before) =>
    `Sus pesos se redondean a 8 bits: lee bien el ${after} de ${digits} cifras en validación, y el ${before} antes de redondear.`,
};
