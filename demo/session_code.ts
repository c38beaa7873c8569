import { toCode } from "./code.ts";
import { dataUrl } from "./digits.ts";
import type { Session } from "./session.ts";

/** The program that trains the network of a session with its settings from the beginning. */
export function codeOf(session: Session, epochs: number): string {
  const { id = "small", title } = session.digits ?? {};
  return toCode({
    model: session.model.toJSON(),
    loss: session.loss,
    optimizer: session.optimizer,
    batchSize: session.batchSize,
    seed: session.seed,
    epochs,
    augment: session.augmentRanges,
    data: title === undefined ? dataUrl(id === "full" ? "mnist" : "mnist-small") : "./your-pictures",
  });
}
