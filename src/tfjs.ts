/** `corteza/tfjs`: layers models of TensorFlow.js, to read and to write. */
export type { ImportedModel, InputShapes } from "./formats/keras_layers/assemble.ts";
export { type LoadLayersModelOptions, loadLayersModel } from "./formats/tfjs/load.ts";
export { type LayersModelFiles, toLayersModel } from "./formats/tfjs/save.ts";
export type { ShardBytes } from "./formats/tfjs/weights.ts";
