/** What "Where it is wrong" says. */

export const mistakes = {
  mistakesHeading: "Where it is wrong",
  mistakesPart: "Which pictures",
  mistakesHeldOut: "Held-out",
  mistakesTrain: "Training",
  mistakesRead: "Look now",
  mistakesBusy: "Reading every picture …",
  mistakesUntrained: "Train the network first; then its mistakes are listed here.",
  mistakesNotLoaded: "This part of the page could not be loaded. Check the connection and reload the page.",
  mistakesWaiting: "Read again whenever the training pauses or ends.",
  mistakesFailed: (message: string) => `The pictures could not be read: ${message}`,
  mistakesFound: (wrong: string, of: string, step: string, accuracy: string) =>
    `After step ${step}: ${wrong} of ${of} pictures read wrong, ${accuracy} right.`,
  mistakesTrainNote: "A training picture that it still reads wrong often has a wrong label.",

  confusionCaption: "Rows: the label. Columns: what the network reads.",
  confusionCorner: "Label",
  confusionShares: "Per cent of the row",
  confusionHint: "Press a cell to see its pictures. The arrow keys move between cells.",
  confusionCell: (value: string, label: string, answer: string) => `${value}: label ${label}, read as ${answer}`,

  picturesWorst: "Worst mistakes",
  picturesWorstTitle: (count: string) => `The worst mistakes first: ${count}`,
  picturesNoMistakes: "No mistakes: every picture is read right.",
  picturesCell: (label: string, answer: string, count: string) => `Label ${label}, read as ${answer}: ${count}`,
  picturesRight: (label: string, count: string) => `Label ${label}, read right: ${count}`,
  picturesList: "Pictures",
  picturesBack: "Previous",
  picturesNext: "Next",
  picturesPlace: (first: string, last: string, of: string) => `${first}–${last} of ${of}`,
  pictureLabel: (number: string, label: string, answer: string, share: string) =>
    `Picture ${number}: label ${label}, read as ${answer} with ${share}`,
  pictureNow: (label: string) => `now ${label}`,
  pictureOut: "taken out",
  pictureChoose: "Press a picture to correct its label or to take it out.",
  pictureKeys: "On a picture: a number key gives the label, Delete takes it out, Control Z undoes.",
  pictureWords: (number: string, label: string, answer: string, share: string, labelShare: string) =>
    `Picture ${number}, label ${label}. The network reads ${answer} (${share}); it gives the label ${labelShare}.`,
  pictureRight: (number: string, label: string, share: string) =>
    `Picture ${number}, label ${label}. The network reads it right (${share}).`,
  pictureLabels: "The right label",
  pictureSetLabel: (label: string) => `Label ${label}`,
  pictureRemove: "Take it out",
  pictureUndo: "Undo",
  announceRelabelled: (number: string, label: string) => `Picture ${number}: label ${label}`,
  announceOut: (number: string) => `Picture ${number} taken out`,
  announceUndone: (number: string) => `Picture ${number} as it was`,

  changesHeading: "Your changes to the data",
  changesNone: "None yet. Changed labels and pictures taken out are listed here and stay in this browser.",
  changesNotKept:
    "None yet. Changed labels and pictures taken out are listed here; this browser does not keep them after a reload.",
  changesPending: (changes: string) =>
    `${changes}. The training does not use them yet; training again begins with the same first weights.`,
  changesUnused: "All undone. The training still uses the set with your changes; training again takes it as it came.",
  changesUsed: (changes: string, train: string, heldOut: string) =>
    `${changes}, in use: ${train} pictures to train on, ${heldOut} held out.`,
  changesCount: (count: number, formatted: string) => (count === 1 ? "1 change" : `${formatted} changes`),
  changesTrainAgain: "Train again with these changes",
  changesUse: "Use them from here on",
  changesSave: "Save as a file",
  changesOpen: "Open a file",
  changesUndoAll: "Undo all",
  changesMore: (count: string) => `and ${count} earlier ones`,
  changesOpened: (count: string) => `From the file: ${count}.`,
  changesBadFile: (problem: string) => `This file was not used: ${problem}.`,
  changeRelabelled: (set: string, number: string, was: string, label: string) =>
    `${set}, picture ${number}: ${was} → ${label}`,
  changeRemoved: (set: string, number: string, was: string) => `${set}, picture ${number}: ${was}, taken out`,
  changeUndo: (change: string) => `Undo: ${change}`,
};
