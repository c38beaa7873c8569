import type { keep as english } from "../en/keep.ts";

export const keep: typeof english = {
  offerTitleEarlier: (steps, accuracy, measured) =>
    `Lo dejaste tras ${steps} pasos; tras ${measured} iba por el ${accuracy}`,
  offerTitleUnmeasured: (steps) => `Lo dejaste tras ${steps} pasos, antes de la primera medición`,
  runLineEarlier: (steps, accuracy, measured, time) => `${steps} pasos, ${accuracy} tras ${measured} de ellos, ${time}`,
};
