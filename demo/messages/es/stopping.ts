import type { stopping as english } from "../en/stopping.ts";

export const stopping: typeof english = {
  moreSettings: "Optimizador, semilla, variación y cuándo parar",
  stopsLegend: "Parar antes de la última época al llegar a",
  stopsNote: "Lo que ocurra primero; un campo vacío no ocurre nunca.",
  stopAccuracy: "Exactitud en validación, %",
  stopPatience: "Mediciones sin mejor pérdida",
  stopMinutes: "Tiempo, minutos",
  stopSteps: "Pasos",
  restoreBest: "Y recuperar entonces los mejores pesos",
  stoppedAccuracy: (percent) => `Ha parado porque lee al menos el ${percent} de las cifras reservadas.`,
  stoppedPatience: (checks, formatted) =>
    checks === 1
      ? "Ha parado porque la pérdida en validación no mejoró en la última medición."
      : `Ha parado porque la pérdida en validación no mejoró en ${formatted} mediciones.`,
  stoppedMinutes: (minutes, formatted) =>
    `Ha parado tras ${minutes === 1 ? "1 minuto" : `${formatted} minutos`}, como querías.`,
  stoppedSteps: (steps, formatted) => `Ha parado tras ${steps === 1 ? "1 paso" : `${formatted} pasos`}, como querías.`,
  stoppedBest: (step) => `Han vuelto los pesos del paso ${step}: en validación eran los mejores.`,
  eventBack: (step) => `Aquí volvió desde el paso ${step}.`,
  eventDiverged: "Desde aquí la pérdida es NaN, no es un número.",
  eventDivergedIn: (layer) => `Desde aquí la pérdida es NaN, no es un número; tampoco lo son valores de ${layer}.`,
};
