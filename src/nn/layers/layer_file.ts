import type { LayerBuilder } from "../layer_config.ts";

/** The layers of one file, which are fetched together. Each kind is the name of the function that makes it. */
export interface LayerFile {
  readonly kinds: readonly string[];
  load(): Promise<object>;
}

/** A file, and those of its functions that make layers. */
export function file<Kind extends string>(
  kinds: readonly Kind[],
  load: () => Promise<Readonly<Record<Kind, LayerBuilder>>>,
): LayerFile {
  return { kinds, load };
}
