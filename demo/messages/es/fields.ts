import type { fields as english } from "../en/fields.ts";

export const fields: typeof english = {
  fieldUnreadable: "Esto no es un número.",
  fieldWhole: (least, most) => `números enteros de ${least} a ${most}`,
  fieldRange: (least, most) => `números de ${least} a ${most}`,
  fieldOrNothing: (range) => `${range}, o nada`,
  fieldAllowed: (range) => `Se admiten ${range}.`,
  fieldKept: (value) => `Mientras tanto sigue en ${value}.`,
  batchSizeRefused: "La dirección pide un tamaño de lote que no puede ser.",
  fieldNone: "Mientras tanto no cuenta.",
};
