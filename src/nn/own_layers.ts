import type { AnyLayer } from "./layer.ts";

/** What the kinds of layers that `defineLayer` made begin with in a config, so that none is taken for a built-in one. */
export const OWN_KIND = "own/";

/** What makes the layers of each kind that `defineLayer` was called for, for models that are loaded. */
export const ownLayers = new Map<string, (options: object) => AnyLayer>();
