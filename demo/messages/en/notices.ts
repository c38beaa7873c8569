/** What the notices above the page say: no WebGPU, and what went wrong. */

export const notices = {
  noGpuTitle: "Training on the CPU, in WebAssembly",
  noGpuTitleSoftware: "Training on the CPU, through WebGPU",
  noGpuTitleSmall: "Training on the CPU, in JavaScript, with a smaller network",
  noGpuNoApi: "This browser offers no WebGPU.",
  noGpuNoAdapter: "This browser has WebGPU, but it found no graphics card that it may use.",
  noGpuSoftware: "This browser has WebGPU, but found no graphics card that it may use: WebGPU, too, runs on the CPU.",
  noGpuNoDevice: "This browser has WebGPU and found a graphics card, but that refused to work.",
  noGpuInsecure: "Browsers offer WebGPU only on secure pages, and this one is not.",
  noWasmNoApi: "It has no WebAssembly either.",
  noWasmNoSimd: "Its WebAssembly is too old (it has no SIMD): a newer version of the browser is faster.",
  noWasmBlocked: "The policy of this page lets no WebAssembly run.",
  adviceInsecure: "Open the page through https://, or through http://localhost on this computer.",
  adviceChromiumLinux:
    "In Chrome or Edge on Linux, turn on chrome://flags/#enable-unsafe-webgpu and chrome://flags/#enable-vulkan, then restart the browser.",
  adviceChromium:
    "Turn on graphics acceleration in the browser's system settings, update the browser and the graphics driver, and restart it.",
  adviceChromiumOld: "Update the browser: Chrome and Edge have WebGPU from version 113 on.",
  adviceFirefox: "In Firefox, open about:config, set dom.webgpu.enabled to true, and reload this page.",
  adviceFirefoxAdapter:
    "Firefox’s about:support says why, under Graphics. Update the graphics driver; one that Firefox refuses to use can be allowed with gfx.webgpu.ignore-blocklist in about:config.",
  adviceSafari: "Safari has WebGPU from version 26 on: update macOS, iOS or iPadOS.",
  adviceSafariAdapter: "Update the system, leave Lockdown Mode and Low Power Mode, and restart the browser.",
  adviceAdapter:
    "Turn on graphics acceleration in the browser’s settings, update the graphics driver, and restart the browser.",
  adviceDevice:
    "Close other pages and programs that use the graphics card, update its driver, and restart the browser.",
  adviceOther: "A current Chrome or Edge, Safari 26 or newer, or Firefox with dom.webgpu.enabled has it.",
  noGpuMeanwhile: "Everything below works all the same, only slower.",
  notKeptTitle: "This browser does not keep what you do here",
  notKeptAnything:
    "It stores nothing for this page: after a reload, trainings, drawings that you taught, changes of the data and pictures of your own are gone.",
  notKeptDatabase: "After a reload, trainings, drawings that you taught and pictures of your own are gone.",
  notKeptTexts:
    "After a reload, changes of the data and the page’s language and colours are as at first; trainings stay.",
  notKeptAdvice: "Save as a file what you want to keep.",
  forcedCpuTitle: "Training on the CPU, as the address asks",
  forcedCpuBody: "A smaller network is used. Take “force=cpu” out of the address to use the GPU.",

  failedDataTitle: "The digits could not be loaded",
  failedDataBody:
    "Check the connection, then try again. Whoever runs this page: the files belong in data/ next to it (node scripts/prepare-data.mjs).",
  failedFullTitle: "The 70,000 digits could not be loaded",
  failedFullBody: "Training goes on with the digits that are here.",
  failedWorkerTitle: "The training program could not be started",
  failedWorkerBody: "Its file did not load. Check the connection and reload the page.",
  failedLostTitle: "The graphics card went away",
  failedLostBody: (steps: string) =>
    `The browser or the driver restarted it. The training is kept up to step ${steps} and can go on from there.`,
  failedMemoryTitle: "The graphics card has too little memory",
  failedMemoryBody: "Close other pages that use the graphics card, then try again.",
  failedDivergedTitle: "The training diverged",
  failedDivergedBody: (step: string) =>
    `At step ${step} the loss is NaN (not a number). The steps were too large, so the weights grew without end.`,
  failedDivergedIn: (step: string, layer: string) =>
    `At step ${step} the loss is NaN (not a number). The steps were too large, so the weights grew without end; ${layer} is the first layer with values that are none. That step was not taken.`,
  backTo: (step: string) => `Back to the best weights, of step ${step}`,
  backToStart: "Back to the first weights",
  backSlower: (back: string, rate: string) => `${back}, learning rate ${rate}`,
  failedOtherTitle: "Something went wrong",
  failedOtherBody: "Try again; if it happens again, reload the page.",
  details: "Message",
  tryAgain: "Try again",
  continueTraining: "Continue",
  reload: "Reload",
  dismiss: "Close",
};
