/** The plan of a network as data: what a module does on a GPU. */
import { alignTo } from "../core/align_to.ts";
import { at } from "../core/at.ts";
import { OutOfMemoryError } from "../core/errors.ts";
import { formatBytes } from "../core/format.ts";
import type { TypedArray } from "../core/tensor.ts";
import type { Graph } from "../graph/graph.ts";
import type { Arena, Node, Variable } from "../graph/node.ts";
import { writeInPlace } from "../webgpu/in_place.ts";
import type { DeviceTraits } from "../webgpu/kernel.ts";
import { kernelSource } from "../webgpu/kernel_source.ts";
import { lowerGraph } from "../webgpu/lower.ts";
import { planMemory } from "../webgpu/memory.ts";
import { byteSize, offsetInRoot, type PlannedValue, rootOf, storedBytes } from "../webgpu/plan.ts";
import type { Weights } from "./weights.ts";
import { smallWgsl } from "./wgsl.ts";

/** What every WebGPU device has: no features, and the limits that the specification guarantees. */
export const ANY_DEVICE: DeviceTraits = {
  maxWorkgroupSize: 256,
  maxWorkgroupStorage: 16_384,
  // Kernels that keep to registers: they run well on software adapters, too, which those for graphics cards do not.
  software: true,
  autotunes: false,
  winograd: false,
};

/** Bytes that every device binds. */
const BOUND = 128 * 2 ** 20;
/** Bytes of a buffer that every device allocates. */
const ALLOCATED = 256 * 2 ** 20;
/** The largest of either that a device may be asked for. */
const MOST = 2 ** 31 - 4;

/** Place of a buffer, and a range of its bytes. */
type Range = readonly [buffer: number, offset: number, bytes: number];

/** What a module's `PLAN` holds. */
export interface PlanData {
  /** WGSL, and for each binding whether it is read ("r") or written too ("w"). */
  readonly shaders: readonly (readonly [string, string])[];
  /** Bytes, and the parts of the weights that lie in it, with their offsets. */
  readonly buffers: readonly (readonly [number, readonly (readonly [part: number, offset: number])[]])[];
  readonly dispatches: readonly (readonly [shader: number, workgroups: readonly number[], ...bindings: Range[]])[];
  /** The buffer of each input; −1 where nothing reads it. */
  readonly inputs: readonly number[];
  readonly outputs: readonly Range[];
  /** What a device must be asked for beyond what all have. */
  readonly limits: Readonly<Record<string, number>> | undefined;
}

/** What the parameters of a variable are, zeros where it has none. */
export function valuesOf(variable: Variable): TypedArray {
  return variable.initial ?? new Float32Array(variable.size);
}

/** The buffers of a plan by the values that own them. */
class Buffers {
  readonly list: [number, (readonly [number, number])[]][] = [];
  readonly #places = new Map<object, number>();
  readonly #weights: Weights;

  constructor(weights: Weights) {
    this.#weights = weights;
  }

  /** A buffer for values that use it one after the other. */
  share(bytes: number, values: readonly PlannedValue[]): void {
    for (const value of values) this.#places.set(value, this.list.length);
    this.list.push([bytes, []]);
  }

  /** Where the bytes of a value lie. */
  range(value: PlannedValue): Range {
    const bytes = byteSize(value.size, value.dtype);
    return [this.#placeOf(rootOf(value)), offsetInRoot(value) * storedBytes(value.dtype), bytes];
  }

  #placeOf(root: PlannedValue): number {
    const known = this.#places.get(root);
    if (known !== undefined) return known;
    const place = this.list.length;
    this.#places.set(root, place);
    this.list.push([byteSize(root.size, root.dtype), this.#partsOf(root)]);
    return place;
  }

  #partsOf({ placement, dtype }: PlannedValue): (readonly [number, number])[] {
    if (placement.kind === "variable") return [[this.#variable(placement.variable), 0]];
    if (placement.kind === "arena") {
      const { variables, offsets }: Arena = placement.arena;
      return variables.map((variable, index) => [this.#variable(variable), 4 * at(offsets, index)]);
    }
    if (placement.kind !== "constant" || dtype === "f16") return [];
    return [[this.#weights.add(placement.data, { data: placement.data, dtype, rank: 1 }), 0]];
  }

  #variable(variable: Variable): number {
    return addVariable(this.#weights, variable);
  }
}

/** The part of a variable's values. */
export function addVariable(weights: Weights, variable: Variable): number {
  const { dtype, shape } = variable;
  return weights.add(variable, { data: valuesOf(variable), dtype, rank: shape.length });
}

/** The largest buffer as a limit to ask for. Throws `OutOfMemoryError` for one that no device has. */
function limitsFor(buffers: readonly (readonly [number, unknown])[]): PlanData["limits"] {
  const largest = buffers.reduce((most, [bytes]) => Math.max(most, bytes), 0);
  if (largest > MOST) {
    throw new OutOfMemoryError(
      `toStandaloneModule: the network needs a buffer of ${formatBytes(largest)}, more than any device binds. Take smaller ` +
        "images, or fewer filters.",
      largest,
    );
  }
  if (largest <= BOUND) return undefined;
  return { maxStorageBufferBindingSize: largest, ...(largest > ALLOCATED && { maxBufferSize: largest }) };
}

/** Plans a graph for any device; the weights that it reads are added to `weights`. Throws what planning throws. */
export async function planFor(
  graph: Graph,
  outputs: Readonly<Record<string, Node>>,
  inputCount: number,
  weights: Weights,
): Promise<PlanData> {
  const plan = writeInPlace(await lowerGraph(graph, outputs, ANY_DEVICE));
  const buffers = new Buffers(weights);
  for (const { bytes, values } of planMemory(plan)) buffers.share(bytes, values);
  const shaders = new Map<string, number>();
  const texts: [string, string][] = [];
  const dispatches = plan.dispatches.map(({ spec, values }): PlanData["dispatches"][number] => {
    const text = smallWgsl(kernelSource(spec));
    const accesses = Object.values(spec.bindings).map((access) => (access === "read" ? "r" : "w"));
    const key = `${accesses.join("")} ${text}`;
    const shader = shaders.get(key) ?? texts.push([text, accesses.join("")]) - 1;
    shaders.set(key, shader);
    return [shader, spec.workgroups, ...values.map((value) => buffers.range(value))];
  });
  const inputs = Array.from({ length: inputCount }, (_, index) => {
    const input = plan.inputs.get(String(index));
    return input ? buffers.range(input.value)[0] : -1;
  });
  const read = Object.keys(outputs).map((name): Range => {
    const value = plan.outputs.get(name)?.value as PlannedValue;
    const [place, offset] = buffers.range(value);
    return [place, offset, alignTo(value.size * 4, 4)];
  });
  return { shaders: texts, buffers: buffers.list, dispatches, inputs, outputs: read, limits: limitsFor(buffers.list) };
}
