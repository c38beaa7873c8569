/** What the drawing pad's tools, the lessons and the saved networks say. */

export const draw = {
  eraser: "Eraser",
  penWidth: "Pen",
  openPicture: "Open a picture",
  padName: "Drawing pad",
  padKeysHint:
    "You can also paste a picture or drop one here. By keyboard: the arrows move the pen, Space puts it down and lifts it, Control Z undoes, Escape clears.",
  announcePenDown: "Pen down",
  announcePenUp: "Pen lifted",
  noteSmall: "That is very little ink; the network reads it as it is.",
  pictureUnreadable: "This file is not a picture that the browser can read.",
  pictureEmpty: "Nothing stands out in this picture: it needs one digit on an even ground.",
  pictureShown: "The picture, resized and centred like MNIST’s digits.",

  vary: "Vary the digits",
  kernelVary: "Varies the digits",

  teachHeading: "Teach it",
  teachAsk: "Misread? Press the right digit.",
  teachDigitsLabel: "Which digit is it?",
  teachDigit: (digit: string) => `It is a ${digit}`,
  teachUntrained: "Train the network first; then you can correct it.",
  teachBusy: (digit: string) => `Teaching it a ${digit} …`,
  teachBusyMany: "Practising …",
  teachOwn:
    "Drawings are taught as digits, and this network learns pictures of your own. Correct those in the view Train, under “Where it is wrong”.",
  teachWaits: "It can be taught when the training pauses.",
  teachLearned: (read: string, share: string) => `Learned: your drawing is read as ${read} now, ${share}.`,
  teachNotYet: (read: string, label: string, share: string) =>
    `Not yet: your drawing is still read as ${read}, and the ${label} gets ${share}. Press ${label} again to practise more.`,
  teachManyLearned: (right: string, of: string) => `It reads ${right} of your ${of} drawings now.`,
  teachMeasured: (before: string, after: string, count: string) =>
    `Held-out accuracy: ${before} before, ${after} after, on ${count} digits.`,
  teachRefused: (before: string, after: string) =>
    `Not kept: held-out accuracy would have fallen from ${before} to ${after}, by more than half a point. The network is as it was before.`,
  teachUndone: "Taken back: the network is as it was before the lesson.",
  teachUndo: "Take the lesson back",
  teachInterrupted: "The lesson was interrupted; the network is as it was before.",
  lessonsHeading: "What you taught it",
  lessonsNone: "Nothing yet. Drawings that you correct are listed here and are practised again with each new lesson.",
  lessonsNote: "Practised again with each new lesson. To delete one does not make the network forget it.",
  lessonsNotKept: "This browser does not keep them: save them as a file before you leave.",
  lessonLabel: (digit: string) => `A drawing, taught as ${digit}`,
  lessonDelete: (digit: string) => `Delete this ${digit}`,
  lessonsPractise: "Practise all",
  lessonsExport: "Save as a file",
  lessonsImport: "Open a file",
  lessonsImported: (count: string) => `Added from the file: ${count}. “Practise all” teaches them to this network.`,
  lessonsBadFile: (problem: string) => `This file was not added: ${problem}.`,

  keepHeading: "Keep the network",
  keepNote:
    "Each measurement keeps the training in this browser: after a reload it can go on from there. A private window forgets it when it is closed. Files are made and read by this page; nothing is uploaded.",
  keepNoRoom: "This browser has no room for this training: save the network as a file before you leave.",
  keepNothing:
    "This browser keeps nothing for this page: a reload begins anew. Save the network as a file before you leave.",
  keepShare: "Share the network as a link",
  linkFailed: "The network in this address could not be opened",
  keepLink: "Copy a link to these settings",
  keepCode: "Copy as code",
  keepFormat: "Format",
  keepSave: "Save as a file",
  keepOpen: "Open a file",
  keepLinkCopied: "The link is copied: it opens this view with these settings.",
  keepLinkWithout:
    "The link is copied: it opens this view with these settings. This network is not in it; to pass it on, share it as a link or save it as a file.",
  keepCodeCopied: "The program is copied. It trains this network with these settings from the beginning.",
  keepCopyFailed: "The browser did not allow copying. Here it is to copy by hand:",
  keepSaved: (name: string) => `Saved as ${name}: weights, optimizer and configuration.`,
  keepSaveFailed: "This was not saved.",
  keepOpened: (steps: string) => `Opened: a network after ${steps} steps.`,
  keepElsewhere: "It learned from other pictures than those that are open here.",
  keepOpenFailed: "This file was not opened; the network is as it was.",
  keepUnknownFile: (name: string) =>
    `${name} is neither a network (.safetensors, .onnx, .keras, .h5, or model.json with its weights), nor drawings or changes (.json), nor a picture, nor an IDX file.`,
  runsHeading: "Kept in this browser",
  runLine: (steps: string, accuracy: string, time: string) => `${steps} steps, ${accuracy}, ${time}`,
  runUnmeasured: "not measured",
  runParameters: (count: string) => `${count} parameters`,
  runNow: "this training",
  runGoOn: "Go on",
  runDelete: "Delete",
  offerTitle: (steps: string, accuracy: string) => `You stopped after ${steps} steps, at ${accuracy}`,
  offerBody:
    "The training is kept in this browser and can go on where it stopped. It stays in the list below either way.",
  offerAccept: "Go on from there",
  offerDecline: "Start anew",
  offerFailed: "This training could not be opened; it stays in the list.",
  footerOffline:
    "Nothing is uploaded: the pictures, your drawings and the network stay in this page. After the first visit it works without a network connection.",
};
