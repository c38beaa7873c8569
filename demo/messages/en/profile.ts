/** What the table of kernels says. */

export const profile = {
  profileSummary: "Where the time of a step goes",
  profileNote:
    "A step is a short list of programs of the GPU: first the layers forwards, then their gradients backwards, then the update of the weights. " +
    "This times each of them. The training waits meanwhile and stays as it is.",
  profileNoteCpu:
    "A step is a list of operations: first the layers forwards, then their gradients backwards, then the update of the weights. " +
    "This times each of them. The training waits meanwhile and stays as it is.",
  profileMeasure: "Measure",
  profileAgain: "Measure again",
  profileBusy: "Measuring …",
  profileFailed: (message: string) => `It could not be measured: ${message}`,
  profileDone: (steps: string, source: string) => `Median of ${steps} steps, ${source}.`,
  profilePeak: (steps: string, source: string, peak: string) =>
    `Median of ${steps} steps, ${source}. The peak, ${peak} GFLOP/s, is what a program of nothing but multiplications and additions reached here.`,
  profileTimestamps: "by the clock of the graphics card",
  profileWallClock: "by the clock of this page, each program alone",
  profileCpu: "by the clock of this page",
  profileColumnWork: "Work",
  profileColumnTime: "Time",
  profileColumnShare: "Of the step",
  profileColumnRate: "GFLOP/s",
  profileColumnPeak: "Of the peak",
  profileTotal: "Total",
  partInput: "Input",
  partLoss: "Loss",
  partOptimizer: "Optimizer",
  partMetrics: "Readings",
  kernelFetch: "Fetches the batch, shuffled",
  kernelForward: "Forwards",
  kernelForwardPool: "Forwards, ReLU and pooling included",
  kernelFilterGradient: "Gradient of its filters",
  kernelInputGradient: "Gradient of its input",
  kernelDenseGradient: "Gradient",
  kernelLoss: "Loss, its gradient, accuracy",
  kernelUpdate: "Update of all weights",
  kernelRecord: "Notes loss and accuracy",
};
