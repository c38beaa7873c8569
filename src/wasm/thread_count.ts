import { ArgumentError } from "../core/errors.ts";
import { checkOptions, type OptionKinds } from "../core/options.ts";

/** The options of `wasm`. */
export interface WasmOptions {
  /**
   * Threads that compute, 1 to 32. More than one need memory that they share: a page that is cross-origin isolated (served with
   * `Cross-Origin-Opener-Policy: same-origin` and `Cross-Origin-Embedder-Policy: require-corp`), or Node. Results are the same bits,
   * however many there are. Default: as many as the processor has, at most 8, where memory can be shared; else 1.
   */
  readonly threads?: number | undefined;
}

const OPTIONS: OptionKinds<WasmOptions> = { threads: "number" };
/** As many as are told of failures (threads/thread.ts). */
const MOST = 32;
/** By default: what more of them gain is little. */
const USUAL_MOST = 8;

/** How many threads there will be, and why not as many as were asked for. */
export function threadsOf(options: WasmOptions): { readonly count: number; readonly why?: string } {
  checkOptions("wasm", options, OPTIONS);
  const { threads } = options;
  if (threads !== undefined && !(Number.isInteger(threads) && threads >= 1 && threads <= MOST)) {
    throw new ArgumentError(`wasm: threads must be a whole number from 1 to ${MOST}, got ${threads}.`);
  }
  if (canShare()) return { count: threads ?? Math.min(processors(), USUAL_MOST) };
  if (threads === undefined || threads === 1) return { count: 1 };
  return {
    count: 1,
    why:
      "One thread computes: memory is shared only in pages that are cross-origin isolated, served with " +
      "Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp.",
  };
}

const inNode = () => (globalThis as { process?: Partial<NodeJS.Process> }).process?.versions?.node !== undefined;

const canShare = (): boolean =>
  typeof SharedArrayBuffer !== "undefined" && (inNode() || globalThis.crossOriginIsolated === true);

function processors(): number {
  const { navigator, process } = globalThis as { navigator?: Navigator; process?: Partial<NodeJS.Process> };
  return navigator?.hardwareConcurrency ?? process?.getBuiltinModule?.("node:os").availableParallelism() ?? 1;
}
