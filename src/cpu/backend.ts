import { ArgumentError } from "../core/errors.ts";
import { checkOptions, describeValue } from "../core/options.ts";
import type { DType } from "../core/tensor.ts";
import type { Backend, CompileOptions } from "../graph/backend.ts";
import type { Graph } from "../graph/graph.ts";
import type { Variable } from "../graph/node.ts";
import { type HostArray, HostBackend } from "./host.ts";
import type { CpuArray } from "./op.ts";
import { CpuPlan } from "./plan.ts";

export interface CpuOptions {
  /**
   * How f32 tensors are held between ops; sums always run in f64. Default "f32": what a variable holds is what its checkpoint
   * holds, and what is too large for f32 is infinite, as on a GPU. "f64" rounds nothing, for difference quotients and for
   * judging f32.
   */
  precision?: "f64" | "f32";
}

/** The reference backend: plain loops, sums in f64. Judges every shader, and trains where there is no WebGPU. */
export function cpu(options: CpuOptions = {}): Backend {
  checkOptions("cpu", options, { precision: "string" });
  const { precision = "f32" } = options;
  if (precision !== "f64" && precision !== "f32") {
    throw new ArgumentError(`cpu: precision must be "f64" or "f32", got ${describeValue(precision)}.`);
  }
  return new CpuBackend(precision);
}

class CpuBackend extends HostBackend<HostArray> {
  readonly kind = "cpu";
  readonly description: string;
  readonly #precision: "f64" | "f32";
  #variableBytes = 0;
  #programBytes = 0;

  constructor(precision: "f64" | "f32") {
    super();
    this.#precision = precision;
    this.description = `CPU · ${precision}`;
  }

  get bytes(): number {
    return this.closed ? 0 : this.#variableBytes + this.#programBytes;
  }

  protected async plan(graph: Graph, outputs: CompileOptions["outputs"]) {
    return (storageOf: (variable: Variable) => HostArray) => {
      const plan = new CpuPlan(
        graph,
        outputs,
        (dtype, size) => this.newArray(dtype, size),
        storageOf,
        () => {
          this.#programBytes -= plan.scratchBytes;
        },
      );
      this.#programBytes += plan.scratchBytes;
      return plan;
    };
  }

  override newArray(dtype: DType, size: number): CpuArray {
    return dtype === "f32" && this.#precision === "f64" ? new Float64Array(size) : super.newArray(dtype, size);
  }

  protected allocate({ dtype, size }: Variable): HostArray {
    const values = this.newArray(dtype, size);
    this.#variableBytes += values.byteLength;
    return { values, changes: 0 };
  }

  protected free({ values }: HostArray): void {
    this.#variableBytes -= values.byteLength;
  }
}
