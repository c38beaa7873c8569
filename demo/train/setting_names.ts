/** Presets and optimizers by the names that the page gives them. */
import { trainSay } from "../language.ts";
import type { PresetName } from "./design.ts";

export function presetName(name: PresetName): string {
  const text = trainSay();
  const names: Readonly<Record<PresetName, string>> = {
    reference: text.presetReference,
    tiny: text.presetTiny,
    deeper: text.presetDeeper,
    vgg: text.presetVgg,
    residual: text.presetResidual,
  };
  return names[name];
}

/** An optimizer that the page does not know keeps its own name. */
export function optimizerName(name: string): string {
  const text = trainSay();
  const names: Readonly<Record<string, string>> = {
    adam: text.optimizerAdam,
    momentum: text.optimizerMomentum,
    sgd: text.optimizerSgd,
  };
  return names[name] ?? name;
}
