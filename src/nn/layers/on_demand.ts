import { onDemand } from "../../core/on_demand.ts";
import type { LayerBuilders } from "../layer_config.ts";
import type { LayerMakers } from "../own_layers.ts";
import { file, type LayerFile } from "./layer_file.ts";
import { usualLayers } from "./usual/layers.ts";
import { hasUsualOptions, usualOptions } from "./usual/options.ts";

const FILES: readonly LayerFile[] = [
  file(["batchNormalization"], () => import("./batch_normalization.ts")),
  file(["dropout", "spatialDropout2d"], () => import("./dropout.ts")),
  file(["averagePooling2d"], () => import("./average_pooling.ts")),
  file(["globalAveragePooling2d", "globalMaxPooling2d"], () => import("./global_pooling.ts")),
  file(["add", "average", "concatenate", "maximum", "minimum", "multiply", "subtract"], () => import("./merge.ts")),
];

/**
 * Fetches what makes the layers of a configuration, whatever it is: at once, and only what has one of their kinds. Throws
 * `ModuleLoadError`.
 */
export async function fetchBuilders(
  layers: readonly ({ kind?: unknown; options?: unknown } | null | undefined)[],
  given: LayerMakers = {},
): Promise<LayerBuilders> {
  const kinds = new Set(layers.map((layer) => layer?.kind));
  const common = new Set<unknown>([...Object.keys(usualLayers(usualOptions)), ...FILES.flatMap((one) => one.kinds)]);
  const rare = [...kinds].every((kind) => common.has(kind))
    ? undefined
    : await onDemand("layers", () => import("./rare_files.ts"));
  const all = [...FILES, ...(rare?.rareFiles ?? [])];
  const files = all.filter((one) => one.kinds.some((kind) => kinds.has(kind)));
  const graphFiles = Object.entries(rare?.graphFiles ?? {}).filter(
    ([kind]) => kinds.has(kind) && given[kind] === undefined,
  );
  const [rules, builders, makers] = await onDemand("layers", () =>
    Promise.all([
      layers.every(hasUsualOptions) ? usualOptions : import("./every_option.ts").then(({ everyOption }) => everyOption),
      Promise.all(files.map((one) => one.load())),
      Promise.all(graphFiles.map(([, load]) => load())),
    ]),
  );
  const usual = usualLayers(rules);
  return {
    builders: Object.assign({}, usual, ...builders),
    known: [...Object.keys(usual), ...all.flatMap((one) => one.kinds)],
    makers: Object.assign({}, ...makers, given),
  };
}
