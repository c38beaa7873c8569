import type { Backend } from "../graph/backend.ts";
import type { Points } from "./recovery.ts";

/** The points of backends on which trainers run. A file of its own: what is fetched once a device is lost looks here, too. */
export const pointsOf = new WeakMap<Backend, Points>();
