import type { AnyLayer } from "./layer.ts";
import type { SymbolicTensor } from "./symbolic_tensor.ts";

/** What the kinds of layers that `defineLayer` made begin with in a config, so that none is taken for a built-in one. */
export const OWN_KIND = "own/";

/** What makes the layers of each kind that `defineLayer` was called for, for models that are loaded. */
export const ownLayers = new Map<string, (options: object) => AnyLayer>();

/** Makers of layers by their kinds in a config, for `modelFromConfig`. */
export type LayerMakers = Readonly<Record<string, (options: never) => AnyLayer | SymbolicTensor>>;

/** Kinds of layers that a page fetches only where it names them, and their makers once these were called. */
export const graphLayers = new Map<"operation" | "constant", (options: never) => AnyLayer | SymbolicTensor>();
