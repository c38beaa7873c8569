/** What the page itself says: its title, views, language and theme. */

export const page = {
  pageTitle: "Corteza: a neural network that learns in this page",
  skipToTraining: "Skip to the training",
  languageGroup: "Language",
  toDark: "Dark",
  toLight: "Light",
  toDarkLabel: "Switch to the dark theme",
  toLightLabel: "Switch to the light theme",
  title: "A neural network that learns in this page",
  intro:
    "Press Train, and a convolutional network learns to read handwritten digits on your own graphics card, through WebGPU. " +
    "Then draw a digit and see what it reads.",
  introCpu:
    "Press Train, and a convolutional network learns to read handwritten digits on your own processor, in this page. " +
    "Then draw a digit and see what it reads.",
  viewsLabel: "Views",
  viewTrain: "Train",
  viewDraw: "Draw",
  viewInside: "Look inside",
  viewPictures: "Your pictures",
  drawTitle: "Draw a digit",
  drawIntro: "The network reads while you draw. What it was never shown it has to guess, so train it first.",
  insideTitle: "Inside the network",
  insideNotLoaded: "This view could not be loaded. Check the connection and open it again.",
  insideIntro:
    "From the pixels to the answer, step by step, through the network that you train, on the digit that you drew. Every number comes from your network.",
  picturesIntro:
    "Train a network on pictures of your own, and have it name others. Everything stays on this machine: nothing is uploaded.",
};
