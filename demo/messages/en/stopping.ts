/** What the conditions to stop and the ends of a training say. */

export const stopping = {
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
