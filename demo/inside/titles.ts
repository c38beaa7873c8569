/** What the walk calls a layer: its step's heading. */
import type { Model } from "../../src/index.ts";
import { count } from "../language.ts";
import { shownName } from "../shown_name.ts";
import { tell } from "./messages.ts";
import { walkOf } from "./walk.ts";

/** “Max pooling”, or “Max pooling 2” where the walk has several; convolutions are always counted. */
export function titleOf(model: Model, index: number): string {
  const own = wordsFor(model, index);
  const same = walkOf(model).steps.filter((step) => wordsFor(model, step.index) === own);
  const ordinal = count(same.findIndex((step) => step.index === index) + 1);
  if (model.layers[index]?.layer.config.kind === "conv2d") return tell().inConvTitle(ordinal);
  return same.length > 1 ? `${own} ${ordinal}` : own;
}

/** The title of the layer of this name; inputs are the picture. */
export function titleOfNamed(model: Model, name: string): string {
  const index = model.layers.findIndex((placed) => placed.name === name);
  return index < 0 ? tell().inTheImage : titleOf(model, index);
}

function wordsFor(model: Model, index: number): string {
  const text = tell();
  const { layer, name: given = "" } = model.layers[index] ?? {};
  const name = shownName(given);
  const { kind = "", options = {} } = layer?.config ?? {};
  if (kind === "activation" && options["activation"] !== "relu") return text.inOtherTitle(name);
  const titles: Readonly<Record<string, string>> = {
    conv2d: text.inConvTitle(""),
    maxPooling2d: text.inPoolTitle,
    averagePooling2d: text.inAveragePoolTitle,
    globalAveragePooling2d: text.inGlobalAverageTitle,
    globalMaxPooling2d: text.inGlobalMaxTitle,
    flatten: text.inFlattenTitle,
    dense: text.inDenseTitle,
    activation: text.layerWords.activation.title,
    add: text.layerWords.add.title,
    batchNormalization: text.layerWords.batchNormalization.title,
  };
  return titles[kind] ?? text.inOtherTitle(name);
}
