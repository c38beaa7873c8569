/** What the data set and the sample digits say. */

export const digits = {
  digitsHeading: "The data",
  /** MNIST's; data sets of the visitor's own have a title and other numbers of classes. */
  dataLine: (train: string, heldOut: string, _title: string, _classes: string) =>
    `${train} handwritten digits from MNIST to learn from, and ${heldOut} held out: the network never trains on those, they only measure it.`,
  dataWritten: (count: string) =>
    `Among those to learn from, ${count} 1s are replaced by ones that this page draws by a rule, with a flag or a foot as in Europe; MNIST, which comes from the United States, has next to none.`,
  dataSet: "Data set",
  dataSmall: "MNIST, 2,500 digits",
  dataFull: "MNIST, all 70,000 digits (11 MB)",
  dataOpen: "Open your own pictures",
  dataWhich: "Which files",
  dataWhichNote:
    "IDX files, as MNIST and Fashion-MNIST come, packed with gzip or not: 28×28 pixels, one byte each, and labels from 0 to 9. Choose images and labels together; a second pair is held out, else every sixth picture of a class is. A text file with a line for each class names the classes. You can also drop the files on this page.",
  dataKeeps: "The network keeps what it learned from the pictures before; Reset begins anew.",
  loadCancel: "Cancel",
  loadProgress: "Download of the digits",
  loading: (loaded: string, total: string) => `${loaded} of ${total}`,
  samplesLabel: "Held-out digits and what the network reads",
  samplesNote: (right: string, of: string) =>
    `Below each of these held-out digits, what the network reads now: ${right} of ${of} right. Wrong answers are marked.`,
  sampleRight: (digit: string) => `${digit}, read correctly`,
  sampleWrong: (digit: string, read: string) => `${digit}, read as ${read}`,
};
