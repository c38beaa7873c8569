/** What stands beside a field whose content does not count, in both languages. */

const en = {
  fieldUnreadable: "This is no number.",
  fieldWhole: (least: string, most: string) => `whole numbers from ${least} to ${most}`,
  fieldRange: (least: string, most: string) => `numbers from ${least} to ${most}`,
  fieldOrNothing: (range: string) => `${range}, or nothing`,
  fieldAllowed: (range: string) => `Allowed: ${range}.`,
  fieldKept: (value: string) => `Until then it stays at ${value}.`,
  batchSizeRefused: "The address asks for a batch size that there is none of.",
  fieldNone: "Until then it does not count.",
};

const es: typeof en = {
  fieldUnreadable: "Esto no es un número.",
  fieldWhole: (least, most) => `números enteros de ${least} a ${most}`,
  fieldRange: (least, most) => `números de ${least} a ${most}`,
  fieldOrNothing: (range) => `${range}, o nada`,
  fieldAllowed: (range) => `Se admiten ${range}.`,
  fieldKept: (value) => `Mientras tanto sigue en ${value}.`,
  batchSizeRefused: "La dirección pide un tamaño de lote que no puede ser.",
  fieldNone: "Mientras tanto no cuenta.",
};

export const fieldMessages = { en, es };
