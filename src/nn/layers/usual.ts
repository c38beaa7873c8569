import type { LayerBuilder } from "../layer_config.ts";
import { activation } from "./activation.ts";
import { conv2d } from "./conv2d.ts";
import { dense } from "./dense.ts";
import { flatten } from "./flatten.ts";
import { maxPooling2d } from "./pooling.ts";

/** What nearly every network has, by its kind in a config: a page that opens a model has them at once. */
export const USUAL = {
  activation: ({ activation: wanted, ...name }: { activation: string; name?: string }) => activation(wanted, name),
  conv2d,
  dense,
  flatten,
  maxPooling2d,
} satisfies Readonly<Record<string, LayerBuilder>>;
