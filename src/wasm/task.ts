import type { DType } from "../core/tensor.ts";
import type { Node, Variable } from "../graph/node.ts";
import { ownerOf } from "../graph/schedule.ts";
import type { Kernel, ParameterTypes } from "./emit/function.ts";
import type { WasmArray } from "./memory.ts";
import type { Own, Slice } from "./slices.ts";

/** A value that no node stands for: what a kernel leaves for another one. */
export class Hidden {
  readonly dtype: DType;
  readonly size: number;
  /** The node whose task makes it. */
  readonly maker: Node;

  constructor(dtype: DType, size: number, maker: Node) {
    this.dtype = dtype;
    this.size = size;
    this.maker = maker;
  }
}

/** What has memory of its own. */
export type Value = Node | Hidden;

/** The value whose memory a view shows; any other is its own. */
export const ownerOfValue = (value: Value): Value => (value instanceof Hidden ? value : ownerOf(value));

/** Where a task finds its operands, once the program has its memory. */
export interface Places {
  array(value: Value): WasmArray;
  /** Address of the task's working memory of that place in `scratch`, which holds whatever another task left. */
  scratch(index: number): number;
  /** Address of that table of constants. */
  table(index: number): number;
  /** The kernel as a function of its parameters, in their order. */
  call<P extends ParameterTypes>(kernel: Kernel<P>): (parameters: { readonly [Name in keyof P]: number }) => void;
  /** The thread's own working memory of that place in `own`, which holds whatever another slice left. */
  own(index: number): Own;
  /** What runs slices on all threads, and is done when they are. */
  inSlices(slices: readonly Slice[]): () => void;
  variable(variable: Variable): WasmArray;
  /** So many i32 at an address, as they are now. */
  words(address: number, count: number): Int32Array;
  /** Counts how often the memory grew. */
  generation(): number;
}

/** What is done for one node, or for several at once. */
export interface Task {
  readonly layer: string | undefined;
  /** What it computes, in the graph's words: "conv2d", "conv2d + relu". */
  readonly op: string;
  /** What computes it: a kernel, or "loops" of the CPU backend. */
  readonly kernel: string;
  readonly shape: readonly number[];
  readonly flops: number;
  readonly reads: readonly Value[];
  readonly makes: readonly Value[];
  /** Bytes that it works in, each list entry a place of its own. */
  readonly scratch: readonly number[];
  /** Likewise, of each thread. */
  readonly own?: readonly number[];
  readonly tables: readonly Int32Array[];
  readonly kernels: readonly Kernel[];
  /** What is done first, and makes what this one alone reads. */
  readonly first?: Task;
  bind(places: Places): () => void;
}

/** What a task and the one before it read that they do not make. */
export const readsOf = ({ reads, first }: Task): readonly Value[] => [
  ...(first?.reads ?? []),
  ...reads.filter((value) => !first?.makes.includes(value)),
];

/** What runs lists of slices one after the other. */
export function inStages(places: Places, stages: readonly (readonly Slice[])[]): () => void {
  const runs = stages.filter((slices) => slices.length > 0).map((slices) => places.inSlices(slices));
  return () => {
    for (const run of runs) run();
  };
}
