/** What the conditions to stop and the ends of a training say, in both languages. */

const en = {
  moreSettings: "Optimizer, seed, variation, and when to stop",
  stopsLegend: "Stop before the last epoch at",
  stopsNote: "Whatever happens first; an empty field never does.",
  stopAccuracy: "Held-out accuracy, %",
  stopPatience: "Checks without a better loss",
  stopMinutes: "Time, minutes",
  stopSteps: "Steps",
  restoreBest: "Then put the best weights back",
  stoppedAccuracy: (percent: string) => `It stopped because it reads at least ${percent} of the held-out digits.`,
  stoppedPatience: (checks: number, formatted: string) =>
    checks === 1
      ? "It stopped because the held-out loss was no better at the last check."
      : `It stopped because the held-out loss was no better for ${formatted} checks.`,
  stoppedMinutes: (minutes: number, formatted: string) =>
    `It stopped after ${minutes === 1 ? "1 minute" : `${formatted} minutes`}, as you wanted.`,
  stoppedSteps: (steps: number, formatted: string) =>
    `It stopped after ${steps === 1 ? "1 step" : `${formatted} steps`}, as you wanted.`,
  stoppedBest: (step: string) => `The weights of step ${step} are back: on held-out digits they were the best.`,
  eventBack: (step: string) => `It went back to here from step ${step}.`,
  eventDiverged: "From here on the loss is NaN, not a number.",
  eventDivergedIn: (layer: string) => `From here on the loss is NaN, not a number: so are values of ${layer}.`,
};

const es: typeof en = {
  moreSettings: "Optimizador, semilla, variación y cuándo parar",
  stopsLegend: "Parar antes de la última época al llegar a",
  stopsNote: "Lo que ocurra primero; un campo vacío no ocurre nunca.",
  stopAccuracy: "Exactitud reservada, %",
  stopPatience: "Mediciones sin mejor pérdida",
  stopMinutes: "Tiempo, minutos",
  stopSteps: "Pasos",
  restoreBest: "Y recuperar entonces los mejores pesos",
  stoppedAccuracy: (percent) => `Ha parado porque lee al menos el ${percent} de las cifras reservadas.`,
  stoppedPatience: (checks, formatted) =>
    checks === 1
      ? "Ha parado porque la pérdida reservada no mejoró en la última medición."
      : `Ha parado porque la pérdida reservada no mejoró en ${formatted} mediciones.`,
  stoppedMinutes: (minutes, formatted) =>
    `Ha parado tras ${minutes === 1 ? "1 minuto" : `${formatted} minutos`}, como querías.`,
  stoppedSteps: (steps, formatted) => `Ha parado tras ${steps === 1 ? "1 paso" : `${formatted} pasos`}, como querías.`,
  stoppedBest: (step) => `Han vuelto los pesos del paso ${step}: con cifras reservadas eran los mejores.`,
  eventBack: (step) => `Aquí volvió desde el paso ${step}.`,
  eventDiverged: "Desde aquí la pérdida es NaN, no es un número.",
  eventDivergedIn: (layer) => `Desde aquí la pérdida es NaN, no es un número; tampoco lo son valores de ${layer}.`,
};

export const stoppingMessages = { en, es };
