import { CortezaError } from "./errors.ts";

/** No usable WebAssembly here. `reason` tells what is missing; the message says what to do about it. */
export class WasmUnavailableError extends CortezaError {
  /** @internal Written here: bundlers shorten the name of the class itself. */
  override name = "WasmUnavailableError";
  /** No WebAssembly, none with vectors (SIMD), or a page whose Content-Security-Policy does not let it be compiled. */
  readonly reason: "no-api" | "no-simd" | "blocked";

  constructor(reason: WasmUnavailableError["reason"], message: string, options?: ErrorOptions) {
    super("wasm-unavailable", message, options);
    this.reason = reason;
  }
}
