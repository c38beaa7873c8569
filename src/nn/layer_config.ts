import { FormatError } from "../core/errors.ts";
import { describeValue } from "../core/options.ts";
import { withTrainable } from "./frozen.ts";
import { type AnyLayer, isLayer, type LayerConfig } from "./layer.ts";
import { graphLayers, type LayerMakers, OWN_KIND, ownLayers } from "./own_layers.ts";
import { SymbolicTensor } from "./symbolic_tensor.ts";

/** Makes a layer of options as they come from JSON: whatever they are, each layer checks its own and throws a typed error. */
export type LayerBuilder = (options: never) => AnyLayer;

/** What makes the layers of a configuration. */
export interface LayerBuilders {
  /** By their kinds. Those that a configuration has not may be missing. */
  readonly builders: Readonly<Record<string, LayerBuilder>>;
  /** Every kind that there is, for messages. */
  readonly known: readonly string[];
  /** Of the kinds "constant" and "operation", which a page fetches only where it names them. */
  readonly makers?: LayerMakers | undefined;
}

/** Of a layer that the page has to name, since nobody else fetches it: the maker that was given, or that it has called itself. */
function namedBuilder(kind: "operation" | "constant", makers: LayerMakers): LayerBuilder {
  const make = (Object.hasOwn(makers, kind) ? makers[kind] : undefined) ?? graphLayers.get(kind);
  if (typeof make !== "function") {
    throw new FormatError(
      `The model has a layer "${kind}"; give its maker to modelFromConfig(config, { layers: { constant, operation } }), which ` +
        "the library exports; openModel() fetches it.",
    );
  }
  return (options) => {
    const made = make(options);
    const layer = made instanceof SymbolicTensor ? made.origin?.layer : made;
    if (isLayer(layer)) return layer;
    throw new FormatError(`What was given as the maker of "${kind}" makes no layer.`);
  };
}

function builderOf(kind: string, { builders, makers = {} }: LayerBuilders): LayerBuilder | undefined {
  if (kind === "operation" || kind === "constant") return namedBuilder(kind, makers);
  if (!kind.startsWith(OWN_KIND)) return Object.hasOwn(builders, kind) ? builders[kind] : undefined;
  const own = kind.slice(OWN_KIND.length);
  const found = ownLayers.get(own);
  if (found) return found;
  throw new FormatError(
    `The model has a layer of its author's own, "${own}"; call defineLayer({ kind: ${JSON.stringify(own)}, … }) before it is loaded.`,
  );
}

/** A layer from its JSON. Throws `FormatError` for a kind that does not exist, and what the layer says of its options. */
export function layerFromConfig(config: LayerConfig, from: LayerBuilders): AnyLayer {
  const given: unknown = config;
  if (typeof given !== "object" || given === null) {
    throw new FormatError(`A layer of this configuration is no object, but ${describeValue(given)}.`);
  }
  const { kind, name, options = {}, trainable }: Partial<Record<keyof LayerConfig, unknown>> = given;
  const build = typeof kind === "string" ? builderOf(kind, from) : undefined;
  if (build === undefined) {
    throw new FormatError(`Unknown layer ${describeValue(kind)}; known: ${[...from.known].sort().join(", ")}.`);
  }
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new FormatError(`The options of layer ${describeValue(kind)} are no object, but ${describeValue(options)}.`);
  }
  if (name !== undefined && typeof name !== "string") {
    throw new FormatError(`The name of layer ${describeValue(kind)} is no text, but ${describeValue(name)}.`);
  }
  const layer = build({ ...options, ...(name === undefined ? {} : { name }) } as never);
  return trainable === false ? withTrainable(layer, trainable) : layer;
}
