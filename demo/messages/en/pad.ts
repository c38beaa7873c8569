/** What the drawing pad and its answer say. */

export const pad = {
  drawHeading: "Draw",
  drawOwn: (title: string) =>
    `The network learns your own pictures, ${title}. A drawing is brought to what MNIST’s digits look like and read as one of your classes; a held-out picture tells more.`,
  padHint: "Draw a digit here",
  padLabel: (strokes: number) =>
    strokes === 0
      ? "Drawing pad, empty"
      : strokes === 1
        ? "Drawing pad with 1 stroke"
        : `Drawing pad with ${strokes} strokes`,
  padLabelTest: (digit: string) => `Drawing pad, showing a test digit: a ${digit}`,
  undo: "Undo",
  clear: "Clear",
  testDigit: "Show a test digit",
  seenCaption: "What the network sees: 28×28",
  seenLabel: "The drawing as the network sees it, 28 by 28 pixels",
  seenLabelEmpty: "Nothing drawn yet",
  barsLabel: "Probability of each digit",
  verdictEmpty: "Nothing drawn yet",
  verdictSure: (percent: string) => `${percent} sure`,
  verdictUnsure: (percent: string) => `Not sure: ${percent}`,
  verdictUnknown: "Not sure: none of the digits it learned from is drawn like this",
  verdictUntrained: "Not trained yet: it only guesses",
  verdictBusy: "Reading …",
  noteUntrained:
    "The network is untrained: its weights are random, and so is its answer. Press Train and watch the bars.",
  noteTestRight: (digit: string) => `A held-out digit, labelled ${digit}. The network never trained on it.`,
  noteTestWrong: (digit: string, read: string) =>
    `A held-out digit, labelled ${digit}. The network takes it for a ${read}.`,
  noteUnknown:
    "A network has to answer with one of its ten classes, whatever it is given. So the page compares the ink with that of the training digits first.",
  barsNote:
    "The probabilities are corrected by one number, found on held-out digits: of the answers that are called 90% sure, about 90% are right.",
  announceAnswer: (digit: string, percent: string) => `Prediction ${digit}, ${percent}`,
  announceUnsure: (digit: string, percent: string) => `Not sure; perhaps ${digit}, ${percent}`,
  announceCleared: "Pad cleared",
};
