/** What the page says of trainings that are kept, where it depends on how far they were measured. */

export const keep = {
  offerTitleEarlier: (steps: string, accuracy: string, measured: string) =>
    `You stopped after ${steps} steps; after ${measured} it was at ${accuracy}`,
  offerTitleUnmeasured: (steps: string) => `You stopped after ${steps} steps, before the first measurement`,
  runLineEarlier: (steps: string, accuracy: string, measured: string, time: string) =>
    `${steps} steps, ${accuracy} after ${measured} of them, ${time}`,
};
