import normalizeShader from "../../../shaders/batch_norm.wgsl?raw";
import gradientSumsShader from "../../../shaders/batch_norm_gradient_sums.wgsl?raw";
import gradientTotalShader from "../../../shaders/batch_norm_gradient_total.wgsl?raw";
import inputGradientShader from "../../../shaders/batch_norm_input_gradient.wgsl?raw";
import momentsShader from "../../../shaders/batch_norm_moments.wgsl?raw";
import momentsTotalShader from "../../../shaders/batch_norm_moments_total.wgsl?raw";
import elementNan from "../../../shaders/element_nan.wgsl?raw";
import storedTensor from "../../../shaders/stored_tensor.wgsl?raw";
import workgroupElementSum from "../../../shaders/workgroup_element_sum.wgsl?raw";
import { at } from "../../core/at.ts";
import { type Shape, sizeOf } from "../../core/shape.ts";
import { type DeviceTraits, type KernelSpec, linearWorkgroups, presentBindings } from "../kernel.ts";
import { type Emitter, type Lowering, lowering, type Value } from "../lowering.ts";
import { halvesIf, kernel } from "../variants.ts";
import { loneWorkgroupThreads, workgroupReduction, workgroupThreads } from "./sizes.ts";

/** x [batch, …, channels] as [rows, elements]; an element is a channel, or four where their number divides by four. */
function layoutOf(shape: Shape) {
  const channels = at(shape, shape.length - 1);
  const rows = sizeOf(shape) / channels;
  const vector = channels % 4 === 0;
  return { channels, rows, rowsPerImage: rows / at(shape, 0), vector, elements: vector ? channels / 4 : channels };
}

/** A thread that adds rows up takes at least so many. */
const LEAST_ROWS_PER_SLICE = 16;
const MOST_SLICES = 1024;

/** Sets of rows whose sums are put together afterwards: enough to keep the device busy. */
function slicesOf({ rows, elements }: { rows: number; elements: number }, traits: DeviceTraits): number {
  const busyThreads = traits.software ? 256 : 32768;
  const wanted = Math.min(Math.ceil(busyThreads / elements), MOST_SLICES);
  return Math.max(1, Math.min(wanted, Math.ceil(rows / LEAST_ROWS_PER_SLICE)));
}

/** What the kernels that walk over slices of rows have in common. */
function sliceWalk(shape: Shape, traits: DeviceTraits) {
  const layout = layoutOf(shape);
  const slices = slicesOf(layout, traits);
  const threads = workgroupThreads(traits);
  return {
    ...layout,
    slices,
    constants: {
      THREADS: threads,
      VECTOR: layout.vector,
      ROWS: layout.rows,
      ELEMENTS: layout.elements,
      SLICES: slices,
      STEPS: Math.ceil(layout.rows / slices),
    },
    workgroups: linearWorkgroups(slices * layout.elements, threads),
    variant: `${layout.rows} rows in ${slices} slices`,
  };
}

/** What the kernels that put slices together have in common: a workgroup an element. */
function totalWalk(shape: Shape, traits: DeviceTraits) {
  const layout = layoutOf(shape);
  const slices = slicesOf(layout, traits);
  const threads = Math.min(64, loneWorkgroupThreads(slices, traits));
  return {
    ...layout,
    threads,
    constants: {
      ...workgroupReduction(threads, traits),
      VECTOR: layout.vector,
      ELEMENTS: layout.elements,
      SLICES: slices,
      STEPS: Math.ceil(slices / threads),
    },
    workgroups: linearWorkgroups(layout.elements, 1),
    variant: `${slices} slices, ${threads} threads`,
  };
}

/** What the kernels that make one value an input have in common: a thread makes several, of the same channels. */
function pointWalk(shape: Shape, traits: DeviceTraits) {
  const layout = layoutOf(shape);
  const [busyThreads, most] = traits.software ? [1024, 16] : [65536, 4];
  const steps = Math.max(1, Math.min(Math.floor((layout.rows * layout.elements) / busyThreads), most, layout.rows));
  const blocks = Math.ceil(layout.rows / steps);
  const threads = workgroupThreads(traits);
  return {
    ...layout,
    constants: {
      THREADS: threads,
      VECTOR: layout.vector,
      ROWS: layout.rows,
      ELEMENTS: layout.elements,
      BLOCKS: blocks,
      STEPS: steps,
    },
    workgroups: linearWorkgroups(blocks * layout.elements, threads),
    variant: `${steps * (layout.vector ? 4 : 1)} values a thread`,
  };
}

/** Elements of the partial results that `batchNormMoments` leaves and `batchNormMomentsTotal` puts together. */
export function momentsPartialsSize(shape: Shape, traits: DeviceTraits): number {
  const layout = layoutOf(shape);
  return 3 * slicesOf(layout, traits) * layout.channels;
}

/** Count, mean and squared distances of slices of x [batch, …, channels]; `masked` by labels. */
export function batchNormMoments(shape: Shape, masked: boolean, traits: DeviceTraits): KernelSpec {
  const { constants, workgroups, variant, rowsPerImage } = sliceWalk(shape, traits);
  return kernel(() => ({
    name: "batch_norm_moments",
    shader: momentsShader,
    includes: { stored_tensor: storedTensor },
    constants: { ...constants, MASKED: masked, ROWS_PER_IMAGE: rowsPerImage },
    bindings: presentBindings({ x: "read", labels: masked && "read", partials: "write" }),
    workgroups,
    variant,
    flops: 6 * sizeOf(shape),
    halves: halvesIf(constants.VECTOR, { HALF_X: "x" }),
  }));
}

/**
 * Mean and biased variance from the slices. With a `momentum` the moving means and variances go one step towards them.
 */
export function batchNormMomentsTotal(shape: Shape, momentum: number | undefined, traits: DeviceTraits): KernelSpec {
  const { constants, workgroups, variant, channels } = totalWalk(shape, traits);
  const moving = momentum !== undefined;
  return {
    name: "batch_norm_moments_total",
    shader: momentsTotalShader,
    includes: { workgroup_element_sum: workgroupElementSum },
    constants: {
      ...constants,
      MOVING: moving,
      ...(moving ? { MOMENTUM: { f32: momentum }, ONE_MINUS_MOMENTUM: { f32: 1 - momentum } } : {}),
    },
    bindings: presentBindings({
      partials: "read",
      means: "write",
      variances: "write",
      movingMeans: moving && "readWrite",
      movingVariances: moving && "readWrite",
    }),
    workgroups,
    variant,
    flops: channels * (8 * constants.SLICES + (moving ? 6 : 0)),
  };
}

/** gamma · (x − mean) / √(variance + epsilon) + beta, with ReLU if asked. */
export function batchNormalize(
  shape: Shape,
  { epsilon, relu }: { readonly epsilon: number; readonly relu: boolean },
  traits: DeviceTraits,
): KernelSpec {
  const { constants, workgroups, variant } = pointWalk(shape, traits);
  return kernel(() => ({
    name: "batch_norm",
    shader: normalizeShader,
    includes: { element_nan: elementNan, stored_tensor: storedTensor },
    constants: { ...constants, EPSILON: { f32: epsilon }, RELU: relu },
    bindings: { x: "read", means: "read", variances: "read", gammas: "read", betas: "read", output: "write" },
    workgroups,
    variant,
    flops: 3 * sizeOf(shape),
    halves: halvesIf(constants.VECTOR, { HALF_X: "x", HALF_OUTPUT: "output" }),
  }));
}

/** Elements of the partial sums that `batchNormGradientSums` leaves and `batchNormGradientTotal` adds up. */
export function gradientPartialsSize(shape: Shape, traits: DeviceTraits): number {
  const layout = layoutOf(shape);
  return 2 * slicesOf(layout, traits) * layout.channels;
}

/** Σ dy and Σ dy · (x − mean) of slices. Behind a ReLU `activated` is its result. */
export function batchNormGradientSums(shape: Shape, relu: boolean, traits: DeviceTraits): KernelSpec {
  const { constants, workgroups, variant } = sliceWalk(shape, traits);
  return kernel(() => ({
    name: "batch_norm_gradient_sums",
    shader: gradientSumsShader,
    includes: { stored_tensor: storedTensor },
    constants: { ...constants, RELU: relu },
    bindings: presentBindings({
      x: "read",
      upstream: "read",
      means: "read",
      activated: relu && "read",
      partials: "write",
    }),
    workgroups,
    variant,
    flops: 4 * sizeOf(shape),
    halves: halvesIf(constants.VECTOR, { HALF_X: "x", HALF_UPSTREAM: "upstream", HALF_ACTIVATED: relu && "activated" }),
  }));
}

export interface GradientTotalOptions {
  readonly epsilon: number;
  /** Also leave what `batchNormInputGradient` wants. */
  readonly coefficients: boolean;
  /** Images with a negative label do not count; only with `coefficients`. */
  readonly masked: boolean;
}

/**
 * Gradients of gamma and beta from the slices; coefficients are [4, channels].
 */
export function batchNormGradientTotal(
  shape: Shape,
  { epsilon, coefficients, masked }: GradientTotalOptions,
  traits: DeviceTraits,
): KernelSpec {
  const { constants, workgroups, variant, rows, rowsPerImage, channels, threads } = totalWalk(shape, traits);
  const images = at(shape, 0);
  return {
    name: "batch_norm_gradient_total",
    shader: gradientTotalShader,
    includes: { workgroup_element_sum: workgroupElementSum },
    constants: {
      ...constants,
      EPSILON: { f32: epsilon },
      COEFFICIENTS: coefficients,
      MASKED: masked,
      ROWS: rows,
      ROWS_PER_IMAGE: rowsPerImage,
      IMAGES: images,
      IMAGE_STEPS: Math.ceil(images / threads),
    },
    bindings: presentBindings({
      partials: "read",
      variances: "read",
      gammaGradients: "write",
      betaGradients: "write",
      means: coefficients && "read",
      gammas: coefficients && "read",
      coefficients: coefficients && "write",
      labels: coefficients && masked && "read",
    }),
    workgroups,
    variant,
    flops: channels * (2 * constants.SLICES + 10),
  };
}

/** d loss / d x from the coefficients of `batchNormGradientTotal`. Behind a ReLU `activated` is its result. */
export function batchNormInputGradient(
  shape: Shape,
  { relu, masked }: { readonly relu: boolean; readonly masked: boolean },
  traits: DeviceTraits,
): KernelSpec {
  const { constants, workgroups, variant, rowsPerImage } = pointWalk(shape, traits);
  return kernel(() => ({
    name: "batch_norm_input_gradient",
    shader: inputGradientShader,
    includes: { stored_tensor: storedTensor },
    constants: { ...constants, RELU: relu, MASKED: masked, ROWS_PER_IMAGE: rowsPerImage },
    bindings: presentBindings({
      x: "read",
      upstream: "read",
      coefficients: "read",
      activated: relu && "read",
      labels: masked && "read",
      output: "write",
    }),
    workgroups,
    variant,
    flops: 5 * sizeOf(shape),
    halves: halvesIf(constants.VECTOR, {
      HALF_X: "x",
      HALF_UPSTREAM: "upstream",
      HALF_ACTIVATED: relu && "activated",
      HALF_OUTPUT: "output",
    }),
  }));
}

/** Both statistics of x, in two dispatches, and the step of their moving averages where there are any. */
export function emitBatchStatistics(
  shape: Shape,
  values: {
    readonly x: Value;
    readonly labels: Value | undefined;
    readonly mean: Value;
    readonly variance: Value;
    readonly moving: { readonly mean: Value; readonly variance: Value; readonly momentum: number } | undefined;
  },
  emit: Emitter,
): void {
  const { x, labels, mean, variance, moving } = values;
  const partials = emit.scratch("batch moments of slices", momentsPartialsSize(shape, emit.traits));
  emit.dispatch(batchNormMoments(shape, labels !== undefined, emit.traits), { x, labels, partials });
  emit.dispatch(batchNormMomentsTotal(shape, moving?.momentum, emit.traits), {
    partials,
    means: mean,
    variances: variance,
    movingMeans: moving?.mean,
    movingVariances: moving?.variance,
  });
}

/** Where an upstream gradient comes from: itself, or what arrives behind a ReLU and that one's result. */
export interface UpstreamValues {
  readonly gradient: Value;
  readonly activated: Value | undefined;
}

/** Gradients of gamma and beta, in two dispatches, and the coefficients of the input's gradient where it is wanted. */
export function emitBatchNormSums(
  shape: Shape,
  epsilon: number,
  values: {
    readonly x: Value;
    readonly upstream: UpstreamValues;
    readonly mean: Value;
    readonly variance: Value;
    readonly gammaGradient: Value;
    readonly betaGradient: Value;
    readonly input:
      | { readonly gamma: Value; readonly coefficients: Value; readonly labels: Value | undefined }
      | undefined;
  },
  emit: Emitter,
): void {
  const { x, upstream, mean, variance, gammaGradient, betaGradient, input } = values;
  const { gradient, activated } = upstream;
  const partials = emit.scratch("batch norm gradients of slices", gradientPartialsSize(shape, emit.traits));
  emit.dispatch(batchNormGradientSums(shape, activated !== undefined, emit.traits), {
    x,
    upstream: gradient,
    means: mean,
    activated,
    partials,
  });
  const options = { epsilon, coefficients: input !== undefined, masked: input?.labels !== undefined };
  emit.dispatch(batchNormGradientTotal(shape, options, emit.traits), {
    partials,
    variances: variance,
    gammaGradients: gammaGradient,
    betaGradients: betaGradient,
    means: input && mean,
    gammas: input?.gamma,
    coefficients: input?.coefficients,
    labels: input?.labels,
  });
}

export const batchNormLowerings: readonly Lowering[] = [
  lowering("batchNorm", (node, values, output, emit) => {
    const spec = batchNormalize(node.shape, { epsilon: node.attributes.epsilon, relu: false }, emit.traits);
    emit.dispatch(spec, {
      x: values.operand("x"),
      means: values.operand("mean"),
      variances: values.operand("variance"),
      gammas: values.operand("gamma"),
      betas: values.operand("beta"),
      output,
    });
  }),
];
