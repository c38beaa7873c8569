/** What went wrong, in sentences: by the codes and fields of the errors. */

export const errors = {
  errorShape: "Shapes do not fit together in this network.",
  errorArgument: "A setting of this network is outside of what is possible.",
  errorFormat: "The file is damaged, or not what its name says.",
  errorNetwork: "A file could not be fetched: the server cannot be reached or refuses it.",
  errorNoWebGpu: "This browser gives the page no WebGPU.",
  errorNoWasm: "This browser does not let the page run WebAssembly.",
  errorMemory: (size: string) => `The graphics card could not give ${size} of memory.`,
  errorLost: "The graphics card went away.",
  errorDiverged: (step: string) => `The loss of step ${step} is NaN, not a number.`,
  errorDisposed: "What was asked for belongs to a training that has been closed.",
  errorWorker: "The training program failed outside of any task.",
  errorInternal: "The program of this page has a fault here: two of its parts do not fit together.",
  errorDataSource: "Some of the pictures could not be read. Check that their files are still there.",
  errorCamera:
    "The camera could not be used. Allow it for this page, check that it is plugged in, and that no other program has it.",
  errorStorage:
    "The browser could not keep this here: there is no room, or this window keeps nothing. Make room, or use fewer or smaller pictures.",
  errorModule: "A part of this page’s program could not be loaded. Check the connection and reload the page.",
  errorUnknown: (message: string) => `Something unexpected: ${message}`,

  fileDamaged: "it is not a network file of Corteza, or it is damaged",
  fileNetwork: "its network cannot be built",
  fileDigits: (takes: string, gives: string) =>
    `its network takes ${takes} numbers and gives ${gives}; a network here takes 28×28×1 and gives 10`,
  fileOptimizer: "its optimizer is none of this library’s, or has settings that it cannot have",
  fileRate: "its learning rate is not a positive number",
  fileCounter: (name: string, value: string) => `“${name}” is ${value}, not a number of steps that this page can show`,
  fileBatch: (size: string) => `its batch size is ${size}`,
  fileNotFinite: (tensor: string) => `“${tensor}” holds values that are not numbers: its training had diverged`,
  fileTensor: (tensor: string) => `“${tensor}” is missing or has another shape`,
  fileShard: (name: string) => `its weights lie in another file: choose it together with “${name}”`,
  lessonsJson: "it is not JSON",
  lessonsFormat: "it is not a file of drawings of this page",
  lessonsDrawing: (place: string) => `drawing ${place} has no digit from 0 to 9 or no picture of 28×28 pixels`,
};
