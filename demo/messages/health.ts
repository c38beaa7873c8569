/** What the page says of a training that learns nothing, in both languages. */

const en = {
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

const es: typeof en = {
  ailingTitle: "Este entrenamiento no aprende nada",
  ailingSameAnswer: (answer, rate) =>
    `Responde «${answer}» a cualquier imagen, haya en ella lo que haya. Con una tasa de aprendizaje de ${rate} los pasos fueron ` +
    "tan grandes que ya nada de la imagen atraviesa la red, y más pasos no lo arreglan.",
  ailingWorse: (rate) =>
    `Su pérdida está muy por encima de la de adivinar: con una tasa de aprendizaje de ${rate} cada paso se pasa de largo.`,
  ailingStillSmall: (steps, rate) =>
    `Tras ${steps} pasos sigue solo adivinando: con una tasa de aprendizaje de ${rate} los pasos son demasiado pequeños.`,
  ailingStill: (steps, rate) =>
    `Tras ${steps} pasos sigue solo adivinando. Una tasa de aprendizaje de ${rate} puede ser demasiado grande para esta red.`,
  ailingAnew: (rate) => `Empezar de nuevo con tasa de aprendizaje ${rate}`,
  ailingOn: (rate) => `Seguir con tasa de aprendizaje ${rate}`,
};

export const healthMessages = { en, es };
