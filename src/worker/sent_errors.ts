/** Errors on their way from the worker to the page: data there, the same class with the same fields here. */
import {
  ArgumentError,
  CameraError,
  CortezaError,
  DataSourceError,
  DeviceLostError,
  DisposedError,
  DivergedError,
  FormatError,
  InternalError,
  ModuleLoadError,
  OutOfMemoryError,
  ShapeError,
  StorageError,
  WebGpuUnavailableError,
  WorkerError,
} from "../core/errors.ts";
import { WasmUnavailableError } from "../core/wasm_unavailable.ts";

/**
 * The classes of `core/errors.ts` by their `code`, which stays the same where a bundler shortens names. A test holds that
 * none is missing. Their fields need no table: every own property of an error is sent.
 */
const BY_CODE: Readonly<Record<string, { readonly prototype: CortezaError }>> = {
  internal: InternalError,
  shape: ShapeError,
  argument: ArgumentError,
  format: FormatError,
  "webgpu-unavailable": WebGpuUnavailableError,
  "wasm-unavailable": WasmUnavailableError,
  "out-of-memory": OutOfMemoryError,
  "device-lost": DeviceLostError,
  diverged: DivergedError,
  disposed: DisposedError,
  worker: WorkerError,
  "module-load": ModuleLoadError,
  "data-source": DataSourceError,
  camera: CameraError,
  storage: StorageError,
};

/** Classes of the language itself. */
const BUILT_IN = [EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError];

/** Causes of causes that are sent. */
const DEEPEST_CAUSE = 5;

/** An error as data. */
export interface SentError {
  readonly kind: "corteza" | "dom" | "other";
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  /** The properties of its class, `code` among them. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** Where it has one: another error, or the text of what was no error. */
  readonly cause?: SentError | string;
}

/** What was thrown, as data. */
export function serializeError(error: unknown, depth = 0): SentError {
  if (!isError(error)) {
    return { kind: "other", name: "Error", message: String(error), stack: undefined, fields: {} };
  }
  const { name, message, stack } = error;
  const kind = error instanceof CortezaError ? "corteza" : isDomException(error) ? "dom" : "other";
  const cause: unknown = error.cause;
  return {
    ...{ kind, name, message, stack, fields: fieldsOf(error) },
    ...(cause === undefined || depth >= DEEPEST_CAUSE
      ? {}
      : { cause: isError(cause) ? serializeError(cause, depth + 1) : String(cause) }),
  };
}

/** The same error on this side, of the same class. */
export function deserializeError({ kind, name, message, stack, fields, cause }: SentError): Error {
  const made = kind === "dom" ? new DOMException(message, name) : new Error(message);
  const Class = kind === "corteza" ? BY_CODE[String(fields["code"])] : BUILT_IN.find((one) => one.name === name);
  // The constructors differ in what they take; the prototype makes an error of the class, and the fields are its own.
  if (Class && kind !== "dom") Object.setPrototypeOf(made, Class.prototype);
  for (const [key, value] of Object.entries(fields)) define(made, key, value, true);
  if (kind !== "dom") define(made, "name", name, kind === "corteza");
  if (stack !== undefined) define(made, "stack", stack, false);
  if (cause !== undefined) define(made, "cause", typeof cause === "string" ? cause : deserializeError(cause), false);
  return made;
}

function define(error: Error, key: string, value: unknown, enumerable: boolean): void {
  Object.defineProperty(error, key, { value, enumerable, configurable: true, writable: true });
}

function isDomException(error: unknown): error is DOMException {
  return typeof DOMException === "function" && error instanceof DOMException;
}

/** Older engines' `DOMException` is no `Error`. */
function isError(error: unknown): error is Error {
  return error instanceof Error || isDomException(error);
}

/** Own properties beside those that every error has, as far as they can be sent. */
function fieldsOf(error: Error): Record<string, unknown> {
  const own = Object.entries(error).filter(([key]) => !["name", "message", "stack", "cause"].includes(key));
  return Object.fromEntries(own.filter(([, value]) => canBeSent(value)));
}

/** Whether a message can hold a value. */
export function canBeSent(value: unknown): boolean {
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
}
