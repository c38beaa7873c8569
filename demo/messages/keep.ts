/** What the page says of trainings that are kept, in both languages, where it depends on how far they were measured. */

const en = {
  offerTitleEarlier: (steps: string, accuracy: string, measured: string) =>
    `You stopped after ${steps} steps; after ${measured} it was at ${accuracy}`,
  offerTitleUnmeasured: (steps: string) => `You stopped after ${steps} steps, before the first measurement`,
  runLineEarlier: (steps: string, accuracy: string, measured: string, time: string) =>
    `${steps} steps, ${accuracy} after ${measured} of them, ${time}`,
};

const es: typeof en = {
  offerTitleEarlier: (steps, accuracy, measured) =>
    `Lo dejaste tras ${steps} pasos; tras ${measured} iba por el ${accuracy}`,
  offerTitleUnmeasured: (steps) => `Lo dejaste tras ${steps} pasos, antes de la primera medición`,
  runLineEarlier: (steps, accuracy, measured, time) => `${steps} pasos, ${accuracy} tras ${measured} de ellos, ${time}`,
};

export const keepMessages = { en, es };
