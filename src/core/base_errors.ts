/** What `CortezaError.code` can be, a kind of failure each; those of the classes below, and "network" for a file that does not come. */
export type ErrorCode =
  | "shape"
  | "argument"
  | "internal"
  | "format"
  | "network"
  | "webgpu-unavailable"
  | "wasm-unavailable"
  | "out-of-memory"
  | "device-lost"
  | "diverged"
  | "disposed"
  | "worker"
  | "module-load"
  | "data-source"
  | "camera"
  | "storage";

/**
 * Every error that Corteza throws on purpose. Each message names the thing that is wrong and says what to do;
 * `code` stays stable so that a page can branch on it (and translate it) without reading the message.
 */
export class CortezaError extends Error {
  /** @internal Written here: bundlers shorten the name of the class itself. */
  override name = "CortezaError";
  /** A stable, machine-readable name of the kind of failure. */
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Shapes that do not fit together; the message names the layer or op and both shapes. */
export class ShapeError extends CortezaError {
  /** @internal Written here: bundlers shorten the name of the class itself. */
  override name = "ShapeError";
  constructor(message: string, options?: ErrorOptions) {
    super("shape", message, options);
  }
}

/** An argument outside what the function accepts: an unknown name, a negative size, a label out of range. */
export class ArgumentError extends CortezaError {
  /** @internal Written here: bundlers shorten the name of the class itself. */
  override name = "ArgumentError";
  constructor(message: string, options?: ErrorOptions) {
    super("argument", message, options);
  }
}
