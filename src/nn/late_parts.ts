/** What few networks have in their graphs: layers and trainers say that they want it, and who builds graphs waits for it. */
import { Late } from "../core/late.ts";

/** All activations beside the usual ones. */
export const rareActivations = new Late("activations", () => import("./activations.ts"));

/** What regularizers and constraints do in a training step. */
export const holding = new Late("regularizers and constraints", () => import("./holding.ts"));

/** Losses other than that of class labels, and weights of rows. */
export const rowLosses = new Late("losses", () => import("./losses/row_losses.ts"));
