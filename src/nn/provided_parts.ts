import * as activations from "./activations.ts";
import * as held from "./holding.ts";
import { holding, rareActivations } from "./late_parts.ts";

/** For a page that builds graphs of models itself: what these may need is there from the start. Gives back `graphs`. */
export function provideLateParts<Graphs>(graphs: Graphs): Graphs {
  rareActivations.provide(activations);
  holding.provide(held);
  return graphs;
}
