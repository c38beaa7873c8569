import { alignTo } from "../core/align_to.ts";
import { at } from "../core/at.ts";
import { ArgumentError } from "../core/errors.ts";
import { type Shape, sizeOf } from "../core/shape.ts";
import type { DType, TypedArray } from "../core/tensor.ts";
import { constantOp, type Graph, inputOp, variableOp } from "../graph/graph.ts";
import { Arena, type Node, type Variable } from "../graph/node.ts";
import { isOp } from "../graph/op.ts";
import { batchNormInputGradientOp, batchNormOp } from "../graph/ops/batch_norm.ts";
import { batchRowsOp } from "../graph/ops/batch_rows.ts";
import { type ConvAttributes, conv2dFilterGradientOp, conv2dInputGradientOp, conv2dOp } from "../graph/ops/conv2d.ts";
import { finishStepOp, isVerdict } from "../graph/ops/finish_step.ts";
import { gatherRowsOp } from "../graph/ops/gather_rows.ts";
import { matmulOp, matmulSizes } from "../graph/ops/matmul.ts";
import { nonFiniteOp } from "../graph/ops/non_finite.ts";
import { optimizerUpdateOp, schedulesMomentum } from "../graph/ops/optimizer_update.ts";
import { recordStepOp } from "../graph/ops/record_step.ts";
import { reshapeOp } from "../graph/ops/reshape.ts";
import { stopGradientOp } from "../graph/ops/stop_gradient.ts";
import { l2DecayOf, type RuleOf, ruleName, type UpdateRule } from "../graph/update_rule.ts";
import { type FusedFetch, type Fusions, findFusions, throughReshapes } from "./fusion.ts";
import type { FusedBatchNorm, FusedBatchNormSums, FusedBatchStatistics, MovingAverages } from "./fusion_batch_norm.ts";
import type { DeviceTraits, KernelSpec } from "./kernel.ts";
import {
  conv2dFilterGradient,
  conv2dForward,
  conv2dInputGradient,
  conv2dPoolForward,
  type ForwardOptions,
  filterGradientSlices,
} from "./kernels/conv2d.ts";
import {
  adafactorColumns,
  adafactorDirection,
  adafactorRows,
  adafactorScales,
  adafactorTables,
  batchNormalize,
  batchNormInputGradient,
  COUNTS_PLACE,
  clipFactors,
  clipGroups,
  copy,
  crossEntropyStep,
  emitBatchNormSums,
  emitBatchStatistics,
  fetchBatch,
  finishStep,
  GUARDS_PLACE,
  gradientSquares,
  lowerings,
  matmulBias,
  movingAverages,
  type OptimizerUpdateOptions,
  optimizerUpdate,
  ruleTable,
  sumSlices,
  trustRatios,
  type UpstreamValues,
  unscaleGradients,
} from "./kernels/index.ts";
import { MOST_WATCHED, nonFinite } from "./kernels/non_finite.ts";
import { emitWinograd, winogradMayPay, winogradPays, winogradPlan } from "./kernels/winograd.ts";
import type { Emitter, Lowering, StoredType, Value } from "./lowering.ts";
import type { Placement, Plan, PlannedDispatch, PlannedValue } from "./plan.ts";

const loweringOf: ReadonlyMap<string, Lowering> = new Map(lowerings.map((entry) => [entry.op, entry]));

/** Where a view begins in the value that it is a view of. */
function offsetIn(whole: PlannedValue, value: PlannedValue): number {
  if (value.placement.kind !== "view" || value.placement.parent !== whole)
    throw new Error(`"${value.label}" lies elsewhere`);
  return value.placement.offset;
}

/** Nodes that the outputs and the effects need, in topological order, effects left out. */
function neededNodes(graph: Graph, outputs: readonly Node[]): Node[] {
  const needed = new Set<Node>();
  const visit = [...outputs, ...graph.effects];
  for (let node = visit.pop(); node !== undefined; node = visit.pop()) {
    if (needed.has(node)) continue;
    needed.add(node);
    visit.push(...node.inputs);
  }
  return graph.nodes.filter((node) => needed.has(node) && node.op.writes === undefined);
}

/** Turns a graph into dispatches: chooses kernels and fusions, allocates nothing. */
export function lowerGraph(graph: Graph, outputs: Readonly<Record<string, Node>>, traits: DeviceTraits): Plan {
  return new GraphLowering(graph, outputs, traits).plan();
}

class GraphLowering implements Emitter {
  readonly traits: DeviceTraits;
  readonly #graph: Graph;
  readonly #outputs: ReadonlyMap<string, Node>;
  readonly #values = new Map<Node, PlannedValue>();
  readonly #winners = new Map<Node, PlannedValue>();
  readonly #variables = new Map<Variable, PlannedValue>();
  readonly #arenas = new Map<Arena, PlannedValue>();
  readonly #dispatches: PlannedDispatch[] = [];
  readonly #inputs = new Map<string, { value: PlannedValue; shape: Shape }>();
  readonly #fusions: Fusions;
  readonly #nodes: readonly Node[];
  readonly #uses = new Map<Node, Node[]>();
  /** What the kernel of a batch normalisation's input gradient reads beside x: gamma's gradient → these. */
  readonly #batchNormSums = new Map<Node, { upstream: UpstreamValues; coefficients: PlannedValue }>();
  /** Gradients that go straight into the optimizer's partial sums: node → range, slices. */
  readonly #partials = new Map<Node, { value: PlannedValue; slices: number }>();
  #valueCount = 0;
  #current: { op: string; layer: string | undefined } = { op: "", layer: undefined };

  constructor(graph: Graph, outputs: Readonly<Record<string, Node>>, traits: DeviceTraits) {
    this.#graph = graph;
    this.#outputs = new Map(Object.entries(outputs));
    this.traits = traits;
    const outputNodes = [...this.#outputs.values()];
    for (const node of outputNodes) {
      if (node.graph !== graph) throw new ArgumentError("compile: an output belongs to another graph.");
    }
    this.#nodes = neededNodes(graph, outputNodes);
    for (const node of [...this.#nodes, ...graph.effects]) {
      for (const input of node.inputs) {
        const uses = this.#uses.get(input) ?? [];
        uses.push(node);
        this.#uses.set(input, uses);
      }
    }
    this.#fusions = findFusions(this.#nodes, this.#uses, new Set(outputNodes));
  }

  plan(): Plan {
    this.#planPartials();
    for (const node of this.#nodes) this.#lowerNode(node);
    const outputs = this.#protectedOutputs();
    this.#lowerEffects();
    return {
      dispatches: this.#dispatches,
      inputs: this.#inputs,
      outputs,
      variables: new Set([
        ...this.#variables.keys(),
        ...this.#graph.effects.flatMap((effect) => effect.op.writes?.(effect) ?? []),
      ]),
    };
  }

  dispatch(spec: KernelSpec, values: readonly Value[]): void {
    if (values.length !== spec.bindings.length) {
      throw new Error(`${spec.name} has ${spec.bindings.length} bindings and was given ${values.length}`);
    }
    this.#dispatches.push({
      spec,
      values: values as readonly PlannedValue[],
      ...this.#current,
    });
  }

  /** A convolution or its input gradient, directly or as Winograd's by rule; the autotuner may try the other. */
  #convolve(
    direction: "forward" | "inputGradient",
    options: ForwardOptions,
    direct: KernelSpec,
    values: readonly PlannedValue[],
  ): void {
    const directly = () => this.dispatch(direct, values);
    const asWinograd = () => emitWinograd(winogradPlan(options.geometry, direction), options, values, this);
    if (winogradPays(options.geometry, direction, this.traits)) this.#either(asWinograd, directly);
    else if (winogradMayPay(options.geometry, direction, this.traits)) this.#either(directly, asWinograd);
    else directly();
  }

  /** Appends the dispatches of `way`, and remembers those of `other`, which does the same, with them. */
  #either(way: () => void, other: () => void): void {
    const start = this.#dispatches.length;
    other();
    const ways = [this.#dispatches.splice(start)];
    way();
    const first = at(this.#dispatches, start);
    this.#dispatches[start] = { ...first, otherWays: { span: this.#dispatches.length - start, ways } };
  }

  scratch(label: string, size: number, dtype: StoredType = "f32"): PlannedValue {
    return this.#newValue(label, size, dtype, { kind: "transient" });
  }

  #newValue(label: string, size: number, dtype: StoredType, placement: Placement): PlannedValue {
    return { id: this.#valueCount++, label, size, dtype, placement };
  }

  constant(label: string, data: TypedArray, dtype: DType): PlannedValue {
    return this.#newValue(label, data.length, dtype, { kind: "constant", data });
  }

  #view(
    parent: PlannedValue,
    { offset, size, label, dtype = parent.dtype }: { offset: number; size: number; label: string; dtype?: StoredType },
  ): PlannedValue {
    return this.#newValue(label, size, dtype, { kind: "view", parent, offset });
  }

  #arenaValue(arena: Arena): PlannedValue {
    let value = this.#arenas.get(arena);
    if (value === undefined) {
      value = this.#newValue(arena.name, arena.size, "f32", { kind: "arena", arena });
      this.#arenas.set(arena, value);
    }
    return value;
  }

  #variableValue(variable: Variable): PlannedValue {
    let value = this.#variables.get(variable);
    if (value === undefined) {
      value = variable.arena
        ? this.#view(this.#arenaValue(variable.arena), {
            offset: variable.arenaOffset,
            size: variable.size,
            label: variable.name,
          })
        : this.#newValue(variable.name, variable.size, variable.dtype, { kind: "variable", variable });
      this.#variables.set(variable, value);
    }
    return value;
  }

  /** The value of a node that has been lowered. */
  #valueOf(node: Node): PlannedValue {
    const value = this.#values.get(node);
    if (value === undefined) throw new Error(`"${node.op.name}" (node ${node.id}) has no value: a fusion left it out`);
    return value;
  }

  #newNodeValue(node: Node): PlannedValue {
    const label = node.layer === undefined ? node.op.name : `${node.layer}/${node.op.name}`;
    const value = this.#newValue(label, sizeOf(node.shape), node.dtype, { kind: "transient" });
    this.#values.set(node, value);
    return value;
  }

  #begin(op: string, layer: string | undefined): void {
    this.#current = { op, layer };
  }

  /** Another piece of work for the same layer. */
  #beginPart(op: string): void {
    this.#begin(op, this.#current.layer);
  }

  #lowerNode(node: Node): void {
    const group = this.#fusions.groups.get(node);
    this.#begin(node.op.name, node.layer);
    if (group?.kind === "conv") {
      const attributes = group.conv.attributes as ConvAttributes;
      this.#begin(group.pool ? "conv2d + maxPool2d" : group.relu ? "conv2d + relu" : "conv2d", group.conv.layer);
      const operands = [...group.conv.inputs, ...(group.bias ? [group.bias] : [])].map((input) => this.#valueOf(input));
      const options = { geometry: attributes.geometry, bias: group.bias !== undefined, relu: group.relu };
      const output = this.#newNodeValue(group.result);
      if (group.pool) {
        const [batch, height, width, channels] = group.pool.shape as [number, number, number, number];
        const winners = this.scratch(
          `${group.conv.layer ?? "conv2d"}/winners`,
          batch * height * width * Math.ceil(channels / 4),
          "u32",
        );
        this.#winners.set(group.pool, winners);
        this.dispatch(conv2dPoolForward(options, this.traits), [...operands, output, winners]);
      } else {
        this.#convolve("forward", options, conv2dForward(options, this.traits), [...operands, output]);
      }
    } else if (group?.kind === "matmul" && isOp(group.matmul, matmulOp)) {
      const [a, b] = [at(group.matmul.inputs, 0), at(group.matmul.inputs, 1)];
      this.#begin(group.relu ? "matmul + bias + relu" : "matmul + bias", group.matmul.layer);
      const spec = { ...matmulSizes(a, b, group.matmul.attributes), ...group.matmul.attributes, relu: group.relu };
      matmulBias(
        spec,
        [this.#valueOf(a), this.#valueOf(b), this.#valueOf(group.bias), this.#newNodeValue(group.result)],
        this,
      );
    } else if (group?.kind === "crossEntropy") {
      const { loss, gradient, counts, columnSums, scale } = group;
      const [logits, labels] = [at(loss.inputs, 0), at(loss.inputs, 1)];
      this.#begin("softmaxCrossEntropy + gradient + accuracy", loss.layer);
      const [batch, classes] = [at(logits.shape, 0), at(logits.shape, 1)];
      const spec = crossEntropyStep(
        { batch, classes, columnSums: columnSums !== undefined, scaled: scale !== undefined },
        this.traits,
      );
      this.dispatch(spec, [
        this.#valueOf(logits),
        this.#valueOf(labels),
        this.#newNodeValue(loss),
        this.#newNodeValue(gradient),
        this.#newNodeValue(counts),
        ...(columnSums ? [this.#gradientValue(columnSums)] : []),
        ...(scale ? [this.#variableValue(scale)] : []),
      ]);
    } else if (group?.kind === "fetch") {
      this.#fetchBatch(group);
    } else if (group?.kind === "filterGradient") {
      this.#filterGradient(group.filterGradient, group.biasGradient);
    } else if (group?.kind === "batchNorm") {
      this.#batchNorm(group);
    } else if (group?.kind === "batchStatistics") {
      this.#batchStatistics(group);
    } else if (group?.kind === "batchNormSums") {
      this.#batchNormGradients(group);
    } else if (this.#fusions.covered.has(node)) {
      return;
    } else {
      this.#lowerAlone(node);
    }
  }

  #lowerAlone(node: Node): void {
    if (isOp(node, inputOp)) {
      const { name, shape, dtype } = node.attributes;
      const value = this.#newValue(name, sizeOf(shape), dtype, { kind: "input", name });
      this.#inputs.set(name, { value, shape });
      this.#values.set(node, value);
    } else if (isOp(node, constantOp)) {
      this.#values.set(node, this.constant("constant", node.attributes.data, node.dtype));
    } else if (isOp(node, variableOp)) {
      this.#values.set(node, this.#variableValue(node.attributes.variable));
    } else if (isOp(node, reshapeOp) || isOp(node, stopGradientOp)) {
      this.#values.set(node, this.#valueOf(at(node.inputs, 0)));
    } else if (isOp(node, conv2dOp)) {
      throw new Error("a convolution is always lowered as a group");
    } else if (isOp(node, conv2dInputGradientOp)) {
      const { geometry } = node.attributes;
      const upstream = this.#convUpstream(at(node.inputs, 0));
      const filter = this.#valueOf(at(node.inputs, 1));
      const [unpool, output] = [upstream.length === 2, this.#newNodeValue(node)];
      const [direct, values] = [conv2dInputGradient({ geometry, unpool }, this.traits), [...upstream, filter, output]];
      if (unpool) this.dispatch(direct, values);
      else this.#convolve("inputGradient", { geometry, bias: false, relu: false }, direct, values);
    } else if (isOp(node, conv2dFilterGradientOp)) {
      this.#filterGradient(node, undefined);
    } else if (isOp(node, nonFiniteOp)) {
      this.#nonFinite(node);
    } else if (isOp(node, batchNormInputGradientOp)) {
      this.#batchNormInputGradient(node);
    } else {
      const lowering = loweringOf.get(node.op.name);
      if (lowering === undefined)
        throw new ArgumentError(`"${node.op.name}" has no WebGPU kernel yet; use the CPU backend.`);
      const inputs = node.inputs.map((input) => this.#valueOf(input));
      lowering.lower(node, inputs, this.#gradientValue(node), this);
    }
  }

  /** Where a node's value goes: into its range of the gradients that an optimizer adds up, or to a place of its own. */
  #gradientValue(node: Node): PlannedValue {
    const partial = this.#partials.get(node);
    if (partial === undefined) return this.#newNodeValue(node);
    this.#values.set(node, partial.value);
    return partial.value;
  }

  #fetchBatch({ rows, images, labels }: FusedFetch): void {
    if (!isOp(rows, batchRowsOp) || !isOp(images, gatherRowsOp)) throw new Error("a fetch of something else");
    const [table, labelTable] = [images, labels].map((node) => {
      const source = at(node.inputs, 0);
      if (!isOp(source, variableOp)) throw new Error("a fetch from something else than a variable");
      return this.#variableValue(source.attributes.variable);
    }) as [PlannedValue, PlannedValue];
    this.#begin("fetch batch", rows.layer);
    const options = {
      rows: rows.attributes,
      rowSize: sizeOf(images.shape.slice(1)),
      dtype: table.dtype === "u8" ? ("u8" as const) : ("f32" as const),
      scale: images.attributes.scale,
    };
    const watch = this.#watchOfFetch(images);
    const spec = fetchBatch({ ...options, ...(watch ? { watchedSize: watch.arena.size } : {}) }, this.traits);
    this.dispatch(spec, [
      table,
      labelTable,
      this.#valueOf(at(rows.inputs, 0)),
      this.#newNodeValue(images),
      this.#newNodeValue(labels),
      ...(watch ? [this.#arenaValue(watch.arena), this.#foundValue(watch.node, spec.workgroups)] : []),
    ]);
  }

  /**
   * Where a kernel notes which of its workgroups saw a number that is not finite; `recordStep` and `finishStep` add up, the
   * latter in the buffer of its verdict.
   */
  #foundValue(node: Node, workgroups: KernelSpec["workgroups"]): PlannedValue {
    const size = workgroups[0] * workgroups[1] * workgroups[2];
    const label = "non-finite counts";
    const finish = this.#uses.get(node)?.find((use) => isOp(use, finishStepOp));
    const value = finish ? this.#inVerdict(finish, size, label) : this.scratch(label, size);
    this.#values.set(node, value);
    return value;
  }

  /** A part of its own in the buffer of a `finishStep`'s verdict, which grows by it. */
  #inVerdict(finish: Node, size: number, label: string): PlannedValue {
    const whole = this.#verdictBuffer(finish);
    const offset = whole.size;
    whole.size += alignTo(size, Arena.ALIGNMENT);
    return this.#view(whole, { offset, size, label, dtype: "f32" });
  }

  #verdictBuffer(finish: Node): { -readonly [Key in keyof PlannedValue]: PlannedValue[Key] } {
    let whole = this.#verdicts.get(finish);
    if (whole === undefined) {
      whole = { ...this.scratch("verdict on the step", GUARDS_PLACE, "u32") };
      this.#verdicts.set(finish, whole);
    }
    return whole;
  }

  /** Whether only records of steps want a `nonFinite`, which can take its parts. */
  #onlyGuards(node: Node): boolean {
    const uses = this.#uses.get(node) ?? [];
    const guards = (use: Node) =>
      isOp(use, finishStepOp) ? uses.length === 1 : isOp(use, recordStepOp) && use.inputs.at(-1) === node;
    return !this.#isOutput(node) && uses.every(guards);
  }

  /** The `nonFinite` that the kernel which fetches these images can compute: of one arena, and of the images. */
  #watchOfFetch(images: Node): { node: Node; arena: Arena } | undefined {
    for (const node of this.#nodes) {
      if (!isOp(node, nonFiniteOp) || !this.#onlyGuards(node)) continue;
      const arenas = node.inputs.map((input) =>
        isOp(input, variableOp) ? input.attributes.variable.arena : undefined,
      );
      const [arena, ...others] = new Set(arenas.filter((_, index) => node.inputs[index] !== images));
      if (arena !== undefined && others.length === 0) return { node, arena };
    }
    return undefined;
  }

  #nonFinite(node: Node): void {
    if (this.#values.has(node)) return;
    const sources = new Set(
      node.inputs.map((input) => {
        const arena = isOp(input, variableOp) ? input.attributes.variable.arena : undefined;
        return arena ? this.#arenaValue(arena) : this.#valueOf(input);
      }),
    );
    const parts = [...sources];
    if (parts.length > MOST_WATCHED) {
      throw new ArgumentError(`nonFinite: looks through at most ${MOST_WATCHED} tensors beside parameters.`);
    }
    const spec = nonFinite(
      parts.map(({ size }) => size),
      this.traits,
    );
    const found = this.#foundValue(node, spec.workgroups);
    this.dispatch(spec, [...parts, found]);
    if (this.#onlyGuards(node)) return;
    this.dispatch(sumSlices({ size: 1, slices: found.size }, this.traits), [found, this.#newNodeValue(node)]);
  }

  /** The gradient that flows into a convolution: as it is, or pooled with the winners that say where it goes. */
  #convUpstream(node: Node): PlannedValue[] {
    const unpooled = this.#fusions.unpooled.get(node);
    if (unpooled === undefined) return [this.#valueOf(node)];
    const winners = this.#winners.get(unpooled.pool);
    if (winners === undefined) throw new Error("a fused pool was lowered without its winners");
    return [this.#valueOf(unpooled.upstream), winners];
  }

  #filterGradient(node: Node, biasGradient: Node | undefined): void {
    const { geometry } = node.attributes as ConvAttributes;
    this.#begin(biasGradient ? "conv2dFilterGradient + bias" : "conv2dFilterGradient", node.layer);
    const upstream = this.#convUpstream(at(node.inputs, 1));
    const unpool = upstream.length === 2;
    const slices = filterGradientSlices(geometry, unpool, this.traits);
    const spec = conv2dFilterGradient({ geometry, unpool, bias: biasGradient !== undefined, slices }, this.traits);
    const targets = [node, ...(biasGradient ? [biasGradient] : [])].map((gradient) => {
      const direct = this.#partials.get(gradient);
      const size = sizeOf(gradient.shape);
      const value =
        direct?.value ?? this.scratch(`${gradient.op.name} partial sums`, slices * alignTo(size, Arena.ALIGNMENT));
      return { gradient, size, value, direct: direct !== undefined };
    });
    this.dispatch(spec, [this.#valueOf(at(node.inputs, 0)), ...upstream, ...targets.map((target) => target.value)]);
    for (const { gradient, size, value, direct } of targets) {
      if (direct) {
        this.#values.set(gradient, value);
      } else if (slices === 1) {
        this.#values.set(gradient, this.#view(value, { offset: 0, size, label: value.label }));
      } else {
        const output = this.#newNodeValue(gradient);
        this.dispatch(sumSlices({ size, slices, sliceStride: alignTo(size, Arena.ALIGNMENT) }, this.traits), [
          value,
          output,
        ]);
      }
    }
  }

  #batchNorm({ norm, result }: FusedBatchNorm): void {
    if (!isOp(norm, batchNormOp)) throw new Error("a batch normalisation of something else");
    this.#begin("batchNorm + relu", norm.layer);
    const spec = batchNormalize(norm.shape, { epsilon: norm.attributes.epsilon, relu: true }, this.traits);
    const operands = norm.inputs.slice(0, 5).map((input) => this.#valueOf(input));
    this.dispatch(spec, [...operands, this.#newNodeValue(result)]);
  }

  #batchStatistics({ mean, variance, moving, later }: FusedBatchStatistics): void {
    if (later) this.#movingAverages.set(later.assign, later);
    this.#begin(moving ? "batch statistics + moving averages" : "batch statistics", mean.layer);
    const [x, labels] = [at(mean.inputs, 0), mean.inputs[1]];
    emitBatchStatistics(
      x.shape,
      {
        x: this.#valueOf(x),
        labels: labels && this.#valueOf(labels),
        mean: this.#newNodeValue(mean),
        variance: variance ? this.#newNodeValue(variance) : this.scratch("unused variance", sizeOf(mean.shape)),
        moving: moving && {
          mean: this.#variableValue(moving.mean),
          variance: this.#variableValue(moving.variance),
          momentum: moving.momentum,
        },
      },
      this,
    );
  }

  #batchNormGradients({ gammaGradient, betaGradient, inputGradient, relu }: FusedBatchNormSums): void {
    this.#begin("batchNorm gradients", gammaGradient.layer);
    const { epsilon } = gammaGradient.attributes as { epsilon: number };
    const [x, gradient, mean, variance] = gammaGradient.inputs.map((input) =>
      input === relu ? undefined : this.#valueOf(input),
    ) as [PlannedValue, PlannedValue | undefined, PlannedValue, PlannedValue];
    const upstream = {
      gradient: gradient ?? this.#valueOf(at((relu as Node).inputs, 1)),
      activated: relu && this.#valueOf(at(relu.inputs, 0)),
    };
    const channels = sizeOf(gammaGradient.shape);
    const labels = inputGradient?.inputs[7];
    const input = inputGradient && {
      gamma: this.#valueOf(at(inputGradient.inputs, 4)),
      coefficients: this.scratch("batchNorm gradient coefficients", 4 * channels),
      labels: labels && this.#valueOf(labels),
    };
    if (input) this.#batchNormSums.set(gammaGradient, { upstream, coefficients: input.coefficients });
    emitBatchNormSums(
      at(gammaGradient.inputs, 0).shape,
      epsilon,
      {
        x,
        upstream,
        mean,
        variance,
        gammaGradient: this.#gradientValue(gammaGradient),
        betaGradient: betaGradient ? this.#gradientValue(betaGradient) : this.scratch("unused sum", channels),
        input,
      },
      this,
    );
  }

  #batchNormInputGradient(node: Node): void {
    const sums = this.#batchNormSums.get(at(node.inputs, 5));
    if (sums === undefined) throw new Error("a batch normalisation's gradient was lowered before its sums");
    const { gradient, activated } = sums.upstream;
    const labels = node.inputs[7];
    const options = { relu: activated !== undefined, masked: labels !== undefined };
    this.dispatch(batchNormInputGradient(node.shape, options, this.traits), [
      this.#valueOf(at(node.inputs, 0)),
      gradient,
      sums.coefficients,
      ...(activated ? [activated] : []),
      ...(labels ? [this.#valueOf(labels)] : []),
      this.#newNodeValue(node),
    ]);
  }

  /**
   * Gives each gradient that only an optimizer wants a range in one buffer of partial sums, which the update kernel
   * adds up itself; other gradients are computed as usual and copied there.
   */
  #planPartials(): void {
    for (const effect of this.#graph.effects) {
      if (!isOp(effect, optimizerUpdateOp)) continue;
      const gradients = effect.inputs.slice(2).map(throughReshapes);
      const plans = gradients.map((node) => {
        const onlyHere =
          gradients.filter((other) => other === node).length === 1 &&
          !this.#isOutput(node) &&
          this.#leadsOnlyTo(node, effect) &&
          !isOp(node, variableOp) &&
          !isOp(node, inputOp) &&
          !isOp(node, constantOp);
        return { node, direct: onlyHere, slices: onlyHere ? this.#slicesOf(node) : 1 };
      });
      const sizes = plans.map(({ node, slices }) => slices * alignTo(sizeOf(node.shape), Arena.ALIGNMENT));
      const all = this.scratch(
        "gradients",
        sizes.reduce((sum, size) => sum + size, 0),
      );
      let offset = 0;
      plans.forEach(({ node, direct, slices }, index) => {
        const size = at(sizes, index);
        // With one slice the range is the gradient itself.
        const range = this.#view(all, {
          offset,
          size: slices === 1 ? sizeOf(node.shape) : size,
          label: `${node.layer ?? ""}/gradient`,
        });
        offset += size;
        if (direct) this.#partials.set(node, { value: range, slices });
        this.#gradientRanges.set(effect, [
          ...(this.#gradientRanges.get(effect) ?? []),
          { node, value: range, slices, direct },
        ]);
      });
      this.#gradientBuffers.set(effect, all);
    }
  }

  readonly #gradientRanges = new Map<Node, { node: Node; value: PlannedValue; slices: number; direct: boolean }[]>();
  readonly #gradientBuffers = new Map<Node, PlannedValue>();
  readonly #gatheredGradients = new Map<
    Node,
    { partials: PlannedValue; blockTable: PlannedValue; arenaSize: number }
  >();
  /** Where each `finishStep` puts its verdict; guards' findings lie behind it. */
  readonly #verdicts = new Map<Node, { -readonly [Key in keyof PlannedValue]: PlannedValue[Key] }>();
  /** By the assignment whose turn it is. */
  readonly #movingAverages = new Map<Node, MovingAverages>();

  #isOutput(node: Node): boolean {
    return [...this.#outputs.values()].some((output) => throughReshapes(output) === node);
  }

  /**
   * Whether every use of a node, through reshapes, is that effect. A batch normalisation's input gradient does not
   * count: its kernel reads the coefficients that were made of these sums. Nor does a look for numbers that are not finite,
   * which is taken at what the effect reads.
   */
  #leadsOnlyTo(node: Node, effect: Node): boolean {
    return (this.#uses.get(node) ?? []).every(
      (use) =>
        use === effect ||
        (isOp(use, finishStepOp) && effect.inputs[0] === use) ||
        (isOp(use, batchNormInputGradientOp) && use.inputs.indexOf(node) >= 5) ||
        (isOp(use, reshapeOp) && this.#leadsOnlyTo(use, effect)),
    );
  }

  /** Partial sums that the kernel of a gradient leaves to be added up. */
  #slicesOf(node: Node): number {
    const group = [...this.#fusions.groups.values()].find(
      (entry) => entry.kind === "filterGradient" && (entry.biasGradient === node || entry.filterGradient === node),
    );
    const filterGradient = group?.kind === "filterGradient" ? group.filterGradient : node;
    if (!isOp(filterGradient, conv2dFilterGradientOp)) return 1;
    const unpool = this.#fusions.unpooled.has(at(filterGradient.inputs, 1));
    return filterGradientSlices(filterGradient.attributes.geometry, unpool, this.traits);
  }

  /** Outputs that are variables which an effect changes are copied before it does. */
  #protectedOutputs(): Plan["outputs"] {
    const written = new Set(this.#graph.effects.flatMap((effect) => effect.op.writes?.(effect) ?? []));
    const outputs = new Map<string, { value: PlannedValue; shape: Shape }>();
    for (const [name, node] of this.#outputs) {
      const root = throughReshapes(node);
      let value = this.#valueOf(node);
      if (isOp(root, variableOp) && written.has(root.attributes.variable))
        value = this.#copyOf(value, `output ${name}`);
      outputs.set(name, { value, shape: node.shape });
    }
    return outputs;
  }

  #copyOf(value: PlannedValue, label: string): PlannedValue {
    const result = this.scratch(label, value.size, value.dtype);
    this.#begin("copy", undefined);
    this.dispatch(copy({ size: value.size, dtype: value.dtype }, this.traits), [value, result]);
    return result;
  }

  #lowerEffects(): void {
    // An effect must see the old value of a variable that an earlier effect changes.
    const written = new Set<Variable>();
    const inputsOf = new Map<Node, (PlannedValue | undefined)[]>();
    const effects = this.#graph.effects.filter((effect) => !this.#fusions.covered.has(effect));
    for (const effect of effects) {
      const values = effect.inputs.map((input, index) => {
        // What an effect decides is there when its turn has come; gradients are read where the update finds them.
        const readElsewhere = isOp(effect, finishStepOp) && index >= effect.attributes.values;
        if (isVerdict(input) || readElsewhere || this.#movingAverages.has(effect)) return undefined;
        const root = throughReshapes(input);
        const stale = isOp(root, variableOp) && written.has(root.attributes.variable);
        return stale ? this.#copyOf(this.#valueOf(input), `old ${root.op.name}`) : this.#valueOf(input);
      });
      inputsOf.set(effect, values);
      for (const variable of effect.op.writes?.(effect) ?? []) written.add(variable);
    }
    for (const effect of effects) {
      const inputs = inputsOf.get(effect) ?? [];
      const moving = this.#movingAverages.get(effect);
      this.#begin(moving ? "moving averages" : effect.op.name, effect.layer);
      if (isOp(effect, finishStepOp)) this.#finishStep(effect, inputs);
      else if (isOp(effect, optimizerUpdateOp)) this.#lowerUpdate(effect, inputs);
      else if (moving) this.#moveAverages(moving);
      else this.#lowerWrite(effect, inputs);
    }
  }

  /** Whether the step counts, as a value that can be bound. */
  #countsOf(verdict: Node): PlannedValue {
    return this.#view(this.#verdictBuffer(verdict), {
      offset: COUNTS_PLACE,
      size: 1,
      label: "whether the step counts",
    });
  }

  #moveAverages({ assign, batch, moving, momentum }: MovingAverages): void {
    const spec = movingAverages({ size: moving.mean.size, momentum }, this.traits);
    this.dispatch(spec, [
      this.#countsOf(at(assign.inputs, 1)),
      this.#valueOf(batch.mean),
      this.#valueOf(batch.variance),
      this.#variableValue(moving.mean),
      this.#variableValue(moving.variance),
    ]);
  }

  /** Records a step and decides on it: looks at the gradients where the update that asks for the verdict finds them. */
  #finishStep(effect: Node, inputs: readonly (PlannedValue | undefined)[]): void {
    if (!isOp(effect, finishStepOp)) return;
    const { ring, counters, values, guards, scaling } = effect.attributes;
    const update = this.#graph.effects.find((other) => isOp(other, optimizerUpdateOp) && other.inputs[0] === effect);
    const gradients = update && this.#gathered(update);
    const scales = scaling ? [this.#variableValue(scaling.scale), this.#variableValue(scaling.counters)] : [];
    if (gradients && scaling) {
      this.#begin("unscale gradients", update.layer);
      const spec = unscaleGradients({ arenaSize: gradients.arenaSize }, this.traits);
      this.dispatch(spec, [gradients.partials, gradients.blockTable, ...scales]);
    }
    const recorded = effect.inputs.slice(0, values);
    const found = effect.inputs.slice(values, values + guards).map((guard) => this.#valueOf(guard));
    const whole = this.#verdictBuffer(effect);
    const checked = scaling === undefined ? gradients : undefined;
    const spec = finishStep(
      {
        sizes: recorded.map(({ shape }) => sizeOf(shape)),
        capacity: at(ring.shape, 0) - 1,
        counters: counters.length,
        guards: found.map((value) => ({ place: offsetIn(whole, value), size: value.size })),
        checkedArena: checked?.arenaSize,
        growthInterval: scaling?.growthInterval,
      },
      this.traits,
    );
    this.#begin(effect.op.name, effect.layer);
    this.dispatch(spec, [
      whole,
      ...(checked ? [checked.partials, checked.blockTable] : []),
      ...inputs.slice(0, values).map((value, index) => value ?? this.#valueOf(at(recorded, index))),
      this.#variableValue(ring),
      ...counters.map((counter) => this.#variableValue(counter)),
      ...scales,
    ]);
  }

  /** `assign` and `recordStep`: the kernel's last bindings are the variables that it writes. */
  #lowerWrite(effect: Node, inputs: readonly (PlannedValue | undefined)[]): void {
    const lowering = loweringOf.get(effect.op.name);
    if (lowering === undefined)
      throw new ArgumentError(`"${effect.op.name}" has no WebGPU kernel yet; use the CPU backend.`);
    const targets = (effect.op.writes?.(effect) ?? []).map((variable) => this.#variableValue(variable));
    const values = inputs.map((value, index) => value ?? this.#countsOf(at(effect.inputs, index)));
    lowering.lower(effect, [...values, ...targets], at(targets, 0), this);
  }

  /**
   * The gradients of an update in one buffer, those that could not be computed there copied, and where each block of the
   * arena finds its own.
   */
  #gathered(update: Node): { partials: PlannedValue; blockTable: PlannedValue; arenaSize: number } {
    const known = this.#gatheredGradients.get(update);
    if (known) return known;
    const partials = this.#gradientBuffers.get(update);
    const ranges = this.#gradientRanges.get(update);
    if (partials === undefined || ranges === undefined || !isOp(update, optimizerUpdateOp))
      throw new Error("an update was lowered before its gradients were planned");
    const { rule, parameters } = update.attributes;
    const blocks = parameters.size / Arena.ALIGNMENT;
    const tail = ruleTable(rule);
    const table = new Uint32Array(blocks * 4 + tail.length);
    table.set(tail, blocks * 4);
    ranges.forEach(({ node, value, slices, direct }, index) => {
      if (!direct) {
        this.#begin("copy", node.layer);
        const gradient = this.#valueOf(at(update.inputs, index + 2));
        this.dispatch(copy({ size: gradient.size, dtype: "f32" }, this.traits), [gradient, value]);
      }
      const start = value.placement.kind === "view" ? value.placement.offset : 0;
      const size = at(parameters.variables, index).size;
      const firstBlock = at(parameters.offsets, index) / Arena.ALIGNMENT;
      for (let done = 0; done < size; done += Arena.ALIGNMENT) {
        const block = firstBlock + done / Arena.ALIGNMENT;
        table.set(
          [start + done, slices, alignTo(size, Arena.ALIGNMENT), Math.min(Arena.ALIGNMENT, size - done)],
          block * 4,
        );
      }
    });
    const blockTable = this.constant("gradient block table", table, "u32");
    const gathered = { partials, blockTable, arenaSize: parameters.size };
    this.#gatheredGradients.set(update, gathered);
    return gathered;
  }

  #lowerUpdate(effect: Node, inputs: readonly (PlannedValue | undefined)[]): void {
    if (!isOp(effect, optimizerUpdateOp)) return;
    const { rule, parameters, state } = effect.attributes;
    const { partials, blockTable } = this.#gathered(effect);
    const [step, schedule] = [at(effect.inputs, 0), at(effect.inputs, 1)];
    const skippable = isVerdict(step);
    const options = {
      rule,
      arenaSize: parameters.size,
      schedulesMomentum: schedulesMomentum(schedule),
      skippable,
    };
    this.#begin(effect.op.name, effect.layer);
    const factors = this.#clipFactors(rule.clip, parameters, partials, blockTable);
    const operands = [
      this.#arenaValue(parameters),
      partials,
      blockTable,
      inputs[0] ?? this.#verdictBuffer(step),
      inputs[1] ?? this.#valueOf(schedule),
      ...state.map((arena) => this.#arenaValue(arena)),
      ...factors,
    ];
    if (rule.kind === "lamb") operands.push(this.#trustRatios(options, parameters, operands));
    if (rule.kind === "adafactor") {
      const replaced = this.#adafactor(rule, parameters, at(state, 0), operands, skippable);
      operands.splice(0, operands.length, ...replaced);
    }
    this.#beginPart(`${ruleName(rule)} update`);
    this.dispatch(optimizerUpdate(options, this.traits), operands);
  }

  /** Two dispatches that measure where LAMB would go; a ratio for every block. */
  #trustRatios(options: OptimizerUpdateOptions, parameters: Arena, operands: readonly PlannedValue[]): PlannedValue {
    const squares = this.scratch("squares of weights and directions", parameters.size / 2);
    const ratios = this.scratch("trust ratios", parameters.size / Arena.ALIGNMENT);
    const groups = clipGroups("norm", parameters);
    this.#beginPart("trust ratios");
    const measure = optimizerUpdate({ ...options, measure: true }, this.traits);
    this.dispatch(measure, [...operands, squares]);
    const table = this.constant("tensors", Uint32Array.from(groups.flat()), "u32");
    this.dispatch(trustRatios({ groups }, this.traits), [squares, table, ratios]);
    return ratios;
  }

  /** Four dispatches that make Adafactor's direction of the gradients, and what its update works on instead of them. */
  #adafactor(
    rule: RuleOf<"adafactor">,
    parameters: Arena,
    factored: Arena,
    operands: readonly PlannedValue[],
    skippable: boolean,
  ): PlannedValue[] {
    const [weights, partials, blockTable, step, schedule, moments, ...others] = operands;
    if (!weights || !partials || !blockTable || !step || !schedule || !moments) throw new Error("too few operands");
    const tables = adafactorTables(parameters, factored);
    const table = (label: string, data: Uint32Array) => this.constant(label, data, "u32");
    // Averages, where the rule keeps them, lie between the moments and the clip factors.
    const averages = rule.ema ? others.slice(0, 1) : [];
    const factors = others.slice(averages.length);
    const directions = this.scratch("directions", parameters.size);
    this.#beginPart("adafactor moments");
    this.dispatch(adafactorRows(rule, tables, skippable, this.traits), [
      directions,
      partials,
      blockTable,
      step,
      table("rows", tables.rows),
      moments,
      ...factors,
      ...(l2DecayOf(rule) === 0 ? [] : [weights]),
    ]);
    const means = this.scratch("means of row moments", Math.max(1, tables.means));
    if (tables.columns.length > 0) {
      const columns = adafactorColumns(rule, tables, skippable, this.traits);
      this.dispatch(columns, [directions, means, step, table("columns", tables.columns), moments]);
    }
    const squares = this.scratch("squares of weights and directions", parameters.size / 2);
    const decays = rule.weightDecay !== 0 && rule.decoupledWeightDecay;
    this.dispatch(adafactorDirection(rule, parameters.size, this.traits), [
      weights,
      directions,
      table("tensor layout", tables.layout),
      ...(decays ? [step, schedule] : []),
      moments,
      means,
      squares,
    ]);
    const scales = this.scratch("scales of directions", parameters.size / Arena.ALIGNMENT);
    this.dispatch(adafactorScales(rule, tables, this.traits), [squares, table("tensors", tables.tensors), scales]);
    return [weights, directions, table("directions", tables.directions), step, schedule, ...averages, scales];
  }

  /** Two dispatches that measure the summed gradients, where they are clipped by norm; a factor for every block. */
  #clipFactors(
    clip: UpdateRule["clip"],
    parameters: Arena,
    gradients: PlannedValue,
    blockTable: PlannedValue,
  ): PlannedValue[] {
    if (clip === undefined || clip.by === "value") return [];
    const blocks = parameters.size / Arena.ALIGNMENT;
    const squares = this.scratch("gradient squares", blocks);
    const factors = this.scratch("clip factors", blocks);
    const groups = clipGroups(clip.by, parameters);
    this.#beginPart("gradient norm");
    this.dispatch(gradientSquares({ arenaSize: parameters.size }, this.traits), [squares, gradients, blockTable]);
    this.dispatch(clipFactors({ limit: clip.limit, groups }, this.traits), [
      squares,
      this.constant("clip groups", Uint32Array.from(groups.flat()), "u32"),
      factors,
    ]);
    return [factors];
  }
}
