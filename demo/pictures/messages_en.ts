/** What the view “Your pictures” says. */

const plural = (count: number, one: string, many: string) => (count === 1 ? one : many);

export const en = {
  // ---- empty
  openHeading: "Open pictures",
  dropHere: "Drop a folder or a zip archive here",
  orChoose: "or",
  chooseFolder: "Choose a folder",
  chooseZip: "Choose a zip",
  useCamera: "Use the camera",
  openNote: "One folder for each class, with its pictures in it; the folders’ names become the names of the classes.",
  treeLabel: "For example",
  treeExample: "pets/\n  cats/  1.jpg  2.jpg  3.jpg …\n  dogs/  1.jpg  2.jpg  3.jpg …",
  storyHeading: "Cat or dog?",
  story: (many: string) => [
    `The text that this page grew from teaches with one example: show a network more than ${many} pictures of cats and more than ${many} of dogs, say which is which, and it learns to tell them apart, even in pictures that it has never seen.`,
    "Why so many? If there are only a few, the network learns them by heart: the sofa, the lawn, the light. With many, it pays to learn what the pictures of a class have in common, and that also holds for new pictures. This is called generalising.",
    "Start smaller, with pictures of your own: 50 of each class show how it works, and from a few hundred a network already learns something. Two kinds of leaves, your mugs and your glasses, hands that show a number: what you can tell apart at a glance, it can learn.",
  ],

  // ---- import
  listing: "Looking for the pictures …",
  importingTitle: (title: string) => (title === "" ? "Reading the pictures" : `Reading the pictures of “${title}”`),
  importProgress: "Import",
  importLine: (done: string, total: string, speed: string) => `${done} of ${total} files · ${speed} files/s`,
  importLeft: (time: string) => ` · ${time} left`,
  importForm: (size: string, colour: string) => `Each becomes ${size}, ${colour}.`,
  cancel: "Cancel",

  // ---- camera
  recordHeading: "Record pictures",
  recordNote: (size: string) =>
    `Hold the button of a class, or the space bar on it, while the camera sees it: 8 pictures a second, each ${size} in colour. Move it a little, near and far.`,
  cameraOpening: "Opening the camera: allow it if your browser asks.",
  cameraLabel: "What the camera sees",
  cameraAgain: "Try the camera again",
  cameraSwitch: "Other camera",
  cameraReasons: {
    refused:
      "The camera was refused. Allow it for this page in the browser’s settings, beside the address, and try again.",
    none: "There is no camera. Plug one in and try again, or choose pictures from a folder.",
    busy: "The camera does not start: another program or page may be using it. Close that one and try again.",
    unplugged: "The camera is gone: it was unplugged or taken away. What was recorded is still here.",
    insecure: "Browsers give the camera to secure pages only. Open this one with https:// or at localhost.",
    unsupported:
      "This browser gives pages no access to a camera. Try another browser, or choose pictures from a folder.",
    stopped: "The camera is off. What was recorded is still here.",
  },
  newClass: (number: string) => `Class ${number}`,
  addClass: "Add a class",
  hold: "Hold to record",
  holding: "Recording …",
  holdLabel: (name: string) => `Hold to record ${name}`,
  empty: "Clear",
  emptyLabel: (name: string) => `Take back what was recorded of ${name}`,
  lastLabel: (name: string) => `The last picture of ${name}`,
  useRecorded: "Use these pictures",
  recordMore: "Record pictures of at least two classes; about 50 of each are a good start.",

  // ---- the pictures
  dataHeading: "The pictures",
  dataLine: (title: string, train: string, heldOut: string, classes: string, bytes: string) =>
    `${title === "" ? "Your pictures" : `“${title}”`}: ${train} pictures to learn from and ${heldOut} held out to test with, in ${classes} classes; ${bytes}.`,
  heldOutLot: "The held-out ones were drawn by lot, a fifth of each class; the network is never trained on them.",
  heldOutFolder: "The held-out ones lay in a folder of their own; the network is never trained on them.",
  classCount: (count: number, formatted: string) => `${formatted} ${plural(count, "picture", "pictures")}`,
  className: "Name of the class",
  removeClass: "Remove",
  removeClassLabel: (name: string) => `Remove the class ${name}`,
  moreClasses: (count: string) => `and ${count} more classes`,
  classThumbs: (name: string) => `Some pictures of ${name}`,
  size: "Size",
  sizeOption: (side: string) => `${side} × ${side}`,
  colours: "Colours",
  colour: "colour",
  grey: "grey",
  sizeNote: (neurons: string) => `A picture is ${neurons} numbers for the network.`,
  sizeFixed: "To see them at another size, choose their files again.",
  reformNote: "Another size reads the files again, and begins a new training.",
  otherPictures: "Other pictures",
  otherNote: "They take the place of these, and of what was trained on these.",
  clear: "Remove all from this browser",
  kept: "Kept in this browser: they are here after a reload too.",
  keepFull: (missing: string) =>
    `This browser had no room for all of them: ${missing} files were not read any more. What was read is here, and kept. A smaller size takes less room.`,
  keepRefused: "This browser keeps nothing for this page. The pictures are here until you reload or leave it.",

  // ---- the report
  reportHeading: "Before you train",
  reportBusy: "Looking at the pictures …",
  reportGood: "Nothing stands in the way: the classes are of similar size, and no picture is on both sides.",
  imbalanced: (large: string, most: string, small: string, least: string) =>
    `“${large}” has ${most} pictures, “${small}” only ${least}. A network that always says “${large}” would seem good. Add pictures of the small classes, or take some of the large ones out.`,
  fewPictures: (count: string) =>
    `${count} pictures are few: the network may learn them by heart. A few hundred of each class are better.`,
  smallValidation: (count: number, formatted: string, points: string) =>
    `${plural(count, "Only 1 picture is", `Only ${formatted} pictures are`)} held out: the accuracy on ${plural(count, "it", "them")} is right within about ${points} points, no better.`,
  noValidation: (names: string) => `No picture is held out of ${names}: how well it is told apart is not tested.`,
  emptyClass: (names: string) => `There is no picture to learn from of ${names}. Add some, or remove the class.`,
  duplicates: (count: number, formatted: string, first: string, second: string) =>
    `${plural(count, "1 held-out picture looks", `${formatted} held-out pictures look`)} like one to learn from, and will make the network seem better than it is: ${second} is like ${first}. Keep series of the same thing on one side.`,
  tornDuplicates: (first: string, second: string) =>
    `${first} and ${second} look alike but are in different classes. One of them is in the wrong folder.`,
  skipped: (count: number, formatted: string) => `${plural(count, "1 file was", `${formatted} files were`)} left out:`,
  skippedFile: (file: string, why: string) => `${file}: ${why}`,
  skippedMore: (count: string) => `and ${count} more`,
  skipReasons: {
    empty: "it is empty; copy it again from where it came",
    unreadable: "it cannot be read; is it still there?",
    "not-a-picture": "it is no picture that browsers read (JPEG, PNG, WebP, GIF, BMP, AVIF are)",
    corrupt: "it is damaged; open it elsewhere and save it again",
    "too-large": "it is too large; save it smaller",
    encrypted: "it is encrypted; make an archive without a password",
    "not-in-a-class-folder": "it lies beside the folders of the classes; move it into one",
  },

  // ---- what is wrong with what was chosen
  problemHeading: "That did not work",
  problemNothing: "There are no pictures in it. Choose a folder that holds a folder of pictures for each class.",
  problemFolders:
    "The pictures lie in no folders, so nobody knows their classes. Put those of each class into a folder of its own, and choose the folder around them.",
  problemAlike:
    "Two of the folders have the same name but for capitals or spaces. Rename one, or put their pictures together.",
  problemArchive:
    "This archive is damaged, protected, of a kind that is not read here, or its paths lead out of it (“../”). Make a new zip archive, or choose the folder itself.",
  problemUnreadable:
    "None of the files could be read as a picture. JPEG, PNG, WebP, GIF, BMP and AVIF can. Open one elsewhere and save it as JPEG.",
  problemFew: "Only one picture could be read. A network wants some of each class, 50 or more to learn anything.",
  problemMemory: "The pictures do not fit into this page’s memory. Choose a smaller size, or fewer pictures.",
  problemRoom:
    "This browser has no room left for the pictures. Choose a smaller size or fewer pictures, or make room on the disk.",
  problemOneClass: (name: string) =>
    `All pictures lie in one folder, “${name}”. A network tells classes apart, so it takes two at least: choose another folder, and it is added to this one.`,
  problemOther: (words: string) => `The pictures could not be read: ${words}`,
  dismiss: "Close",

  // ---- training
  trainHeading: "Train",
  preset: "Network",
  presets: { small: "Small", normalized: "With batch normalisation and dropout", residual: "Residual" },
  presetNotes: {
    small: (layers: string) =>
      `${layers} convolutions, each with a pooling after it. Quick; learns small sets by heart.`,
    normalized: (layers: string) =>
      `${layers} convolutions with batch normalisation, then dropout. Slower, and with enough pictures better on those that it has not seen.`,
    residual: (layers: string) =>
      `${layers} blocks with a way past their convolutions, so that deep networks learn. The slowest.`,
  },
  presetFacts: (parameters: string, outputs: string) =>
    `${parameters} parameters, ${outputs} outputs: one for each class.`,
  presetFixed: "Reset to choose another network.",
  epochs: "Epochs",
  augment: "Vary the pictures",
  augmentNote:
    "Each time the network sees a picture, it is mirrored, shifted, turned, zoomed or lit a little differently, at random: a few pictures become many. This is called data augmentation.",
  augmentPreview: "How the network sees them",
  previewOthers: "Show others",
  previewFailed: "They could not be shown.",
  train: "Train",
  trainMore: "Keep training",
  pause: "Pause",
  resume: "Resume",
  reset: "Reset",
  preparing: "Preparing the network …",
  untrained: "Untrained: so far it can only guess.",
  accuracyCaption: (count: string, step: string) => `of ${count} held-out pictures recognised after ${step} steps.`,
  chance: (share: string) => `Guessing would get about ${share}.`,
  bestBack: (step: string) => `The weights of step ${step} are back: with them the held-out loss was lowest.`,
  trainProgress: "Training progress",
  epochOf: (epoch: string, of: string) => `epoch ${epoch} of ${of}`,
  step: (step: string) => `step ${step}`,
  loss: (loss: string) => `loss ${loss}`,
  speed: (speed: string) => `${speed} pictures/s`,
  left: (time: string) => `${time} left`,
  paused: "paused",
  finished: "finished",
  onCpu:
    "Without WebGPU the network runs on the processor, which takes ten to a hundred times as long. The small network, a small size and few epochs help.",
  slow: (time: string) =>
    `At this pace the training takes about ${time}. A smaller size, the small network or fewer epochs make it faster.`,
  trainingKept: "After every epoch the training is kept in this browser.",
  trainingNotKept: "This browser does not keep the training: it is gone after a reload.",
  trainFailed: (words: string) => `The training stopped: ${words}`,
  tryAgain: "Try again",
  keyHeldOut: "held-out pictures",
  chartLabel: (title: string, training: string, heldOut: string) =>
    `${title}: ${training} on the training pictures, ${heldOut} on held-out pictures at last.`,
  announceEpoch: (epoch: string, accuracy: string) => `Epoch ${epoch}: ${accuracy} of the held-out pictures recognised`,

  // ---- trying out
  tryHeading: "Try it",
  tryNote: "Drop or paste any picture on this page, or choose one. It is cut to a square from its middle.",
  tryUntrained: "Train first, then show it a picture that it has not seen.",
  tryChoose: "Choose a picture",
  tryHeldOut: "Take a held-out one",
  tryCamera: "Use the camera",
  tryFreeze: "Freeze",
  lookInside: "Look inside this network",
  backToPictures: "Back to your pictures",
  otherNetwork: "The network of the digits",
  tryLabel: (answer: string, share: string) => `The picture as the network sees it: ${answer}, ${share}`,
  tryPending: "The picture as the network sees it",
  trySeen: (size: string) => `What the network sees: ${size}`,
  tryHeat: "Orange: where it looked, by Grad\u2011CAM",
  tryBars: "Probability of each class",
  tryRefused: (why: string) => `That is no picture to read: ${why}.`,

  // ---- mistakes
  mistakesHeading: "Where it is wrong",
  confusionCaption: "Rows: what the held-out pictures show. Columns: what the network says.",
  confusionCell: (count: string, label: string, answer: string) => `${count} of ${label} recognised as ${answer}`,
  confusionHint: "Choose a cell to see its pictures.",
  worst: "The worst mistakes first",
  cellTitle: (label: string, answer: string) =>
    label === answer ? `${label}, recognised` : `${label}, taken for ${answer}`,
  showWorst: "Worst mistakes",
  noMistakes: "No held-out picture is recognised wrongly.",
  noneInCell: "There is none.",
  mistakeLabel: (label: string, answer: string, share: string) => `${label}, the network says ${answer}, ${share}`,
  morePictures: (shown: string, of: string) => `${shown} of ${of}`,
};

export type PicturesMessages = typeof en;
