import { CortezaError } from "./base_errors.ts";

/** A fault of Corteza itself: two of its own parts do not fit. The message names both; please report it. */
export class InternalError extends CortezaError {
  /** @internal Written here: bundlers shorten the name of the class itself. */
  override name = "InternalError";
  constructor(message: string, options?: ErrorOptions) {
    super("internal", message, options);
  }
}

/** Bytes that are not the format they claim to be: truncated, foreign, or inconsistent. */
export class FormatError extends CortezaError {
  /** @internal Written here: bundlers shorten the name of the class itself. */
  override name = "FormatError";
  constructor(message: string, options?: ErrorOptions) {
    super("format", message, options);
  }
}
