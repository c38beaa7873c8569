import { CortezaError } from "./base_errors.ts";

/** No usable WebGPU here. `reason` tells which step failed; the message says what to do about it. */
export class WebGpuUnavailableError extends CortezaError {
  /** @internal Written here: bundlers shorten the name of the class itself. */
  override name = "WebGpuUnavailableError";
  /**
   * The step that failed: no API in this browser, an insecure page, no adapter, or an adapter that opens no device; "software":
   * it works, but on the processor, so that `bestBackend` passed it over.
   */
  readonly reason: "no-api" | "insecure-context" | "no-adapter" | "no-device" | "software";

  constructor(reason: WebGpuUnavailableError["reason"], message: string, options?: ErrorOptions) {
    super("webgpu-unavailable", message, options);
    this.reason = reason;
  }
}

/** A plan that does not fit the device, found before anything was allocated, or an allocation that failed. */
export class OutOfMemoryError extends CortezaError {
  /** @internal Written here: bundlers shorten the name of the class itself. */
  override name = "OutOfMemoryError";
  /** Bytes that were asked for. */
  readonly bytes: number;
  /** Where one buffer is larger than the device binds: bytes of the largest that it does; else undefined. */
  readonly bindable: number | undefined;
  /** What found no place, "conv2d/conv2d": a parameter, a layer's values, a part of the data set; undefined where it is all together. */
  readonly tensor: string | undefined;
  /** Of a training step: the largest batch whose step would fit, 0 where none does; undefined where that is not known. */
  readonly largestBatch: number | undefined;

  constructor(
    message: string,
    bytes: number,
    options: ErrorOptions & {
      bindable?: number | undefined;
      tensor?: string | undefined;
      largestBatch?: number | undefined;
    } = {},
  ) {
    super("out-of-memory", message, options);
    this.bytes = bytes;
    this.bindable = options.bindable;
    this.tensor = options.tensor;
    this.largestBatch = options.largestBatch;
  }
}

/** The GPU device went away (driver reset, crash of the GPU process, or it was destroyed), or a thread of WebAssembly did. */
export class DeviceLostError extends CortezaError {
  /** @internal Written here: bundlers shorten the name of the class itself. */
  override name = "DeviceLostError";
  constructor(message: string, options?: ErrorOptions) {
    super("device-lost", message, options);
  }
}

/** A training step whose loss or gradient is not a finite number. It was not applied: the weights are those before it. */
export class DivergedError extends CortezaError {
  /** @internal Written here: bundlers shorten the name of the class itself. */
  override name = "DivergedError";
  /** The step, counted from 0 since the trainer was made. */
  readonly step: number;
  /**
   * The layer in which the first number that is not finite appears: forward, where one does in the values, else backward,
   * in the gradients. Undefined where the inputs or targets hold one already.
   */
  readonly layer: string | undefined;
  /** The parameter or moving statistic that holds, or whose gradient holds, that number, "conv2d/kernel"; undefined where none does. */
  readonly parameter: string | undefined;

  constructor(
    message: string,
    step: number,
    options: ErrorOptions & { layer?: string | undefined; parameter?: string | undefined } = {},
  ) {
    super("diverged", message, options);
    this.step = step;
    this.layer = options.layer;
    this.parameter = options.parameter;
  }
}

/** Something was used after `dispose()`. */
export class DisposedError extends CortezaError {
  /** @internal Written here: bundlers shorten the name of the class itself. */
  override name = "DisposedError";
  constructor(message: string, options?: ErrorOptions) {
    super("disposed", message, options);
  }
}

/** A Web Worker whose script could not be loaded, or that failed outside of any call. */
export class WorkerError extends CortezaError {
  /** @internal Written here: bundlers shorten the name of the class itself. */
  override name = "WorkerError";
  constructor(message: string, options?: ErrorOptions) {
    super("worker", message, options);
  }
}

/** Images that a `dataSource` could not read; the message names them, `cause` is what its `read` threw. */
export class DataSourceError extends CortezaError {
  /** @internal Written here: bundlers shorten the name of the class itself. */
  override name = "DataSourceError";
  /** Numbers of the images that were to be read. */
  readonly rows: readonly number[];

  constructor(message: string, rows: readonly number[], options?: ErrorOptions) {
    super("data-source", message, options);
    this.rows = rows;
  }
}

/** A camera that `webcam` could not open, or that ended. What was recorded before stays. */
export class CameraError extends CortezaError {
  /** @internal Written here: bundlers shorten the name of the class itself. */
  override name = "CameraError";
  /**
   * What happened: the visitor or a policy refused it, there is none, another program has it, it was unplugged or taken away in the
   * middle, the page is not secure (no https), this browser has none to give, or it was stopped by `stop()`.
   */
  readonly reason: "refused" | "none" | "busy" | "unplugged" | "insecure" | "unsupported" | "stopped";

  constructor(reason: CameraError["reason"], message: string, options?: ErrorOptions) {
    super("camera", message, options);
    this.reason = reason;
  }
}

/** The browser's own file system, in which pictures are kept, is not there, is full, or did not do what it was asked. */
export class StorageError extends CortezaError {
  /** @internal Written here: bundlers shorten the name of the class itself. */
  override name = "StorageError";
  /** What happened: the visitor's quota is used up, there is no such file system here, or it failed. */
  readonly reason: "quota" | "unavailable" | "failed";

  constructor(reason: StorageError["reason"], message: string, options?: ErrorOptions) {
    super("storage", message, options);
    this.reason = reason;
  }
}

/** A part of Corteza that is fetched when it is first needed, and did not come: no connection, or other files on the server by now. */
export class ModuleLoadError extends CortezaError {
  /** @internal Written here: bundlers shorten the name of the class itself. */
  override name = "ModuleLoadError";
  constructor(message: string, options?: ErrorOptions) {
    super("module-load", message, options);
  }
}
