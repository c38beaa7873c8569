/** What the page says of a training that learns nothing. */

export const health = {
  ailingTitle: "This training learns nothing",
  ailingSameAnswer: (answer: string, rate: string) =>
    `It answers “${answer}” to every picture, whatever is on it. With a learning rate of ${rate} the steps were so large that ` +
    "nothing of the picture gets through the network any more, and further steps do not bring that back.",
  ailingWorse: (rate: string) =>
    `Its loss is far above what guessing would have: with a learning rate of ${rate} each step overshoots.`,
  ailingStillSmall: (steps: string, rate: string) =>
    `After ${steps} steps it still only guesses: with a learning rate of ${rate} the steps are too small.`,
  ailingStill: (steps: string, rate: string) =>
    `After ${steps} steps it still only guesses. A learning rate of ${rate} may be too large for this network.`,
  ailingAnew: (rate: string) => `Start anew with learning rate ${rate}`,
  ailingOn: (rate: string) => `Go on with learning rate ${rate}`,
};
