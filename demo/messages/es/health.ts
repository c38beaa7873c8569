import type { health as english } from "../en/health.ts";

export const health: typeof english = {
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
