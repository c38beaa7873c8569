/** `corteza/keras`: models that Keras saved. */

export { type LoadKerasOptions, loadKeras } from "./formats/keras/load.ts";
export type { ImportedModel, InputShapes } from "./formats/keras_layers/assemble.ts";
