/** `corteza/keras`: models that Keras saved, and networks as source for Keras. */

export { type LoadKerasOptions, loadKeras } from "./formats/keras/load.ts";
export { toKeras } from "./formats/keras/source.ts";
export type { ImportedModel, InputShapes } from "./formats/keras_layers/assemble.ts";
