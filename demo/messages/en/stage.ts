/** What the network at work says, beside the button Train. */

export const stage = {
  stageLabel: "The network at work",
  stageInput: "Digit",
  stageNeurons: (shape: string, neurons: string) => `${shape} = ${neurons} neurons`,
  stageRow: (neurons: string) => `${neurons} neurons`,
  stageFrom: (names: readonly string[]) => `from ${names.join(" and ")}`,
  stageParameters: (parameters: string) => `, ${parameters} parameters`,
  stageSaysConv: (filters: string, size: string) =>
    `${filters} filters of ${size} slide over what comes in; each makes a map of where it found its pattern`,
  stageSaysPool: (size: string) =>
    `Of each ${size} values only the largest stays: less to compute, and small shifts do not matter`,
  stageSaysMean: "Of each map only one value stays",
  stageSaysDense: "Each neuron adds up all the values before it, with weights of its own",
  stageSaysOther: "Passes its values on, changed one by one",
  stageSays: (what: string, size: string) => `${what}: ${size}. Press to look inside.`,
  stageUntrained: "These are the guesses of random weights. Press Train, and watch the maps and the bars.",
  stageTraining: "It is learning. Draw a digit meanwhile, and see what it makes of it.",
  stageTrained: "It has learned. Now draw a digit, and watch it go through the network.",
};
