/// <reference types="vite/client" />
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { shaderShrinker } from "../../scripts/small-shaders.mjs";
import drawMaps from "../../shaders/draw_maps.wgsl?raw";
import silu from "../../shaders/silu.wgsl?raw";
import { checkImageAugmentation } from "../../src/core/augmentation.ts";
import { convGeometry, type Padding, type Pair, poolGeometry } from "../../src/core/window_geometry.ts";
import { Arena, Variable } from "../../src/graph/node.ts";
import { pointwiseFunctions } from "../../src/graph/pointwise_functions.ts";
import { stateArenas } from "../../src/graph/update_rule.ts";
import { adafactor, adam, lamb, rmsprop, sgd } from "../../src/nn/optimizers.ts";
import { halfIncludes } from "../../src/webgpu/half_storage.ts";
import type { DeviceTraits, KernelSpec } from "../../src/webgpu/kernel.ts";
import { kernelSource } from "../../src/webgpu/kernel_source.ts";
import {
  fewChannelsFilterGradient,
  fewChannelsForward,
  fewChannelsSlices,
} from "../../src/webgpu/kernels/conv2d_few_channels.ts";
import { STAGED_TILES, stagedForward } from "../../src/webgpu/kernels/conv2d_staged.ts";
import { stagedFilterGradient, stagedInputGradient } from "../../src/webgpu/kernels/conv2d_staged_gradients.ts";
import { largestMagnitude } from "../../src/webgpu/kernels/largest_magnitude.ts";
import { isNarrowProduct, narrowProduct } from "../../src/webgpu/kernels/matmul_narrow.ts";
import { isStagedProduct, stagedProduct } from "../../src/webgpu/kernels/matmul_staged.ts";
import { matmulSubgroupMatrix } from "../../src/webgpu/kernels/matmul_subgroup_matrix.ts";
import { nonFinite } from "../../src/webgpu/kernels/non_finite.ts";
import * as winograd from "../../src/webgpu/kernels/winograd.ts";
import { winogradPlan } from "../../src/webgpu/kernels/winograd_plan.ts";
import { drawMapsShader } from "../../src/webgpu/maps_painter.ts";
import { otherTiles } from "../../src/webgpu/other_tiles.ts";
import { multiplyAddProbe } from "../../src/webgpu/peak.ts";
import { shaderIncludes } from "../../src/webgpu/shaders.ts";
import { subgroupProbe } from "../../src/webgpu/subgroups.ts";
import { quickVariant } from "../../src/webgpu/variants.ts";
import * as convolutions from "../support/convolutions.ts";
import { testDevice } from "../support/gpu.ts";
import * as kernels from "../support/kernels.ts";
import { optimizersOfEachKind } from "../support/optimizer_rules.ts";

/** A software adapter and a graphics card with the spec's default limits: the two that tile tables tell apart. */
const TRAITS: DeviceTraits[] = [true, false].map((software) => ({
  software,
  maxWorkgroupSize: 256,
  maxWorkgroupStorage: 16384,
}));
/** The same with subgroups, of a size that a driver leaves open. */
const SUBGROUPS = { minSize: 8, maxSize: 32 };
const SUBGROUP_TRAITS = TRAITS.map((traits) => ({ ...traits, subgroups: SUBGROUPS }));

function convSpecs(traits: DeviceTraits): KernelSpec[] {
  const specs: KernelSpec[] = [];
  const padding: Padding = "same";
  for (const groups of [1, 2]) {
    for (const inChannels of [1, 3, 8]) {
      for (const outChannels of [2, 6, 64]) {
        for (const [kernel, stride] of [
          [3, 1],
          [2, 3],
          [1, 1],
          [5, 2],
        ] as const) {
          if (outChannels % groups !== 0) continue;
          const strides: Pair = [stride, stride];
          const geometry = convGeometry(
            "",
            [5, 9, 10, inChannels * groups],
            [kernel, kernel, inChannels, outChannels],
            { strides, padding, dilations: [1, 1], groups },
          );
          for (const bias of [false, true]) {
            specs.push(convolutions.conv2dForward({ geometry, bias, relu: bias }, traits));
            specs.push(convolutions.conv2dPoolForward({ geometry, bias, relu: true }, traits));
          }
          if (groups === 1 && stride === 1 && outChannels % 4 === 0) {
            const activation = { relu: false, silu, derivative: true };
            const slices = convolutions.filterGradientSlices(geometry, false, traits);
            specs.push(
              convolutions.conv2dForward({ geometry, bias: true, ...activation }, traits),
              convolutions.conv2dInputGradient({ geometry, unpool: false, scaled: true }, traits),
              convolutions.conv2dFilterGradient({ geometry, unpool: false, scaled: true, bias: true, slices }, traits),
            );
          }
          for (const unpool of [false, true]) {
            specs.push(convolutions.conv2dInputGradient({ geometry, unpool }, traits));
            for (const bias of [false, true]) {
              const slices = convolutions.filterGradientSlices(geometry, unpool, traits);
              specs.push(convolutions.conv2dFilterGradient({ geometry, unpool, bias, slices }, traits));
            }
          }
        }
      }
    }
  }
  return specs;
}

/** Of every tile, with and without bias, pool, SiLU and strides, and the gradients of these. */
function stagedSpecs(traits: DeviceTraits): KernelSpec[] {
  return [1, 2].flatMap((stride) => {
    const options = { strides: [stride, stride], padding: "same", dilations: [1, 1], groups: 1 } as const;
    const geometry = convGeometry("", [5, 9, 10, 16], [3, 3, 16, 24], options);
    return STAGED_TILES.flatMap((tile) => {
      const forms = [
        { bias: false, relu: false },
        { bias: true, relu: true, pool: true },
        { bias: true, relu: false, silu, derivative: true },
      ];
      const gradients = [{ unpool: false }, { unpool: true }, { unpool: false, scaled: true }];
      return [
        ...forms.flatMap((form) => stagedForward({ geometry, ...form }, traits, tile) ?? []),
        ...gradients.flatMap((form) => stagedInputGradient({ geometry, ...form }, traits, tile) ?? []),
        ...gradients.flatMap((form) =>
          [false, true].flatMap(
            (bias) => stagedFilterGradient({ geometry, ...form, bias, slices: 2 }, traits, tile) ?? [],
          ),
        ),
      ];
    });
  });
}

/** Convolutions of few channels on graphics cards, forward and their filter gradients, behind a pool and not, with and without bias. */
function fewChannelsSpecs(traits: DeviceTraits): KernelSpec[] {
  const options = { strides: [1, 1], padding: "same", dilations: [1, 1], groups: 1 } as const;
  const geometry = convGeometry("", [2, 9, 10, 3], [3, 3, 3, 8], options);
  const grey = convGeometry("", [2, 9, 10, 1], [3, 3, 1, 8], options);
  const forward = [true, false].flatMap(
    (pool) => fewChannelsForward({ geometry: grey, bias: pool, relu: pool, pool }, traits) ?? [],
  );
  const gradients = [true, false].flatMap((unpool) => {
    const slices = fewChannelsSlices(geometry, unpool, traits);
    return slices === undefined
      ? []
      : (fewChannelsFilterGradient({ geometry, unpool, bias: unpool, slices }, traits) ?? []);
  });
  return [...forward, ...gradients];
}

/** Matrix products of graphics cards: of every tile, layout and storage that texts differ by. */
function stagedProductSpecs(traits: DeviceTraits): KernelSpec[] {
  const layouts = [false, true].flatMap((transposeA) =>
    [false, true].map((transposeB) => ({ transposeA, transposeB })),
  );
  const wanted = layouts.flatMap((layout) => [
    { sizes: { m: 36, n: 40, k: 64, ...layout }, bias: true, relu: true },
    { sizes: { m: 61, n: 37, k: 10, ...layout }, bias: false, relu: false },
    { sizes: { m: 64, n: 640, k: 10, ...layout }, bias: true, relu: false },
    { sizes: { m: 64, n: 10, k: 320, ...layout }, bias: true, relu: true },
  ]);
  return wanted.flatMap((one) => [
    ...(isStagedProduct(one.sizes, traits) ? [stagedProduct(one, traits)] : []),
    ...(isNarrowProduct(one.sizes, traits) ? [narrowProduct(one, traits)] : []),
  ]);
}

/** Vectors in, vectors out, neither; one filter a channel or several; with and without strides. */
function depthwiseSpecs(traits: DeviceTraits): KernelSpec[] {
  const kinds = [
    [8, 1, 1],
    [6, 1, 2],
    [3, 2, 1],
    [3, 4, 3],
  ] as const;
  return kinds.flatMap(([groups, multiplier, stride]) => {
    const strides: Pair = [stride, stride];
    const filter = [3, 3, 1, groups * multiplier];
    const options = { strides, padding: "same", dilations: [1, 1], groups } as const;
    const geometry = convGeometry("", [2, 9, 10, groups], filter, options);
    return [
      ...[false, true].map((bias) => convolutions.conv2dForward({ geometry, bias, relu: bias }, traits)),
      convolutions.conv2dInputGradient({ geometry, unpool: false }, traits),
    ];
  });
}

function winogradSpecs(traits: DeviceTraits): KernelSpec[] {
  const geometry = convGeometry("", [2, 9, 10, 8], [3, 3, 8, 12], {
    strides: [1, 1],
    padding: [
      [3, 0],
      [1, 1],
    ],
    dilations: [1, 1],
    groups: 1,
  });
  return (["forward", "inputGradient"] as const).flatMap((direction) => {
    const plan = winogradPlan(geometry, direction);
    return [
      winograd.winogradFilter(plan, traits),
      winograd.winogradInput(plan, traits),
      winograd.winogradMultiply(plan, traits),
      ...[false, true].map((bias) => winograd.winogradOutput(plan, { bias, relu: bias }, traits)),
    ];
  });
}

function batchNormSpecs(shape: readonly number[], traits: DeviceTraits): KernelSpec[] {
  const bools = [false, true];
  return [
    ...bools.map((masked) => kernels.batchNormMoments(shape, masked, traits)),
    ...[undefined, 0.99].map((momentum) => kernels.batchNormMomentsTotal(shape, momentum, traits)),
    ...bools.flatMap((relu) => [
      kernels.batchNormalize(shape, { epsilon: 1e-3, relu }, traits),
      kernels.batchNormGradientSums(shape, relu, traits),
      ...bools.map((masked) => kernels.batchNormInputGradient(shape, { relu, masked }, traits)),
    ]),
    kernels.batchNormGradientTotal(shape, { epsilon: 1e-3, coefficients: false, masked: false }, traits),
    ...bools.map((masked) =>
      kernels.batchNormGradientTotal(shape, { epsilon: 1e-3, coefficients: true, masked }, traits),
    ),
  ];
}

function augmentations(traits: DeviceTraits): KernelSpec[] {
  const nothing = { ...checkImageAugmentation("test", {}), seed: 1, clip: false };
  const moved = { ...nothing, shift: 2, rotate: 10, zoom: 0.1, shear: 5 };
  const colored = { contrast: 0.1, brightness: 0.2, noise: 0.1, cutout: 0.5, clip: true };
  const rows = { count: 61, batch: 3, shuffle: true, seed: 1 };
  return [
    ...[nothing, moved].flatMap((settings) => [
      kernels.augmentImages(settings, [3, 9, 8, 2], traits),
      kernels.augmentImages({ ...settings, ...colored, flip: "both", crop: 2 }, [3, 9, 8, 2], traits),
      kernels.augmentImages({ ...settings, ...colored, saturation: 0.5, fill: "nearest" }, [3, 9, 8, 3], traits),
      ...[0, 64].map((watchedSize) =>
        kernels.augmentImages({ ...settings, flip: "vertical", fill: "reflect", crop: 1 }, [3, 9, 8, 1], traits, {
          ...{ rows, scale: 1 / 255, watchedSize },
        }),
      ),
    ]),
    kernels.augmentImages({ ...nothing, cutout: 1, fillValue: 0.5 }, [3, 9, 8, 1], traits, {
      ...{ rows: { ...rows, shuffle: false }, scale: 1 / 255 },
    }),
  ];
}

function otherSpecs(traits: DeviceTraits): KernelSpec[] {
  const bools = [false, true];
  const pools = [3, 4].flatMap((channels) =>
    ([2, 3] as const).map((size) =>
      poolGeometry("", [2, 9, 9, channels], {
        size: [size, size],
        strides: [2, 2],
        padding: "same",
        dilations: [1, 1],
      }),
    ),
  );
  const products = [
    [64, 10, 3136],
    [61, 33, 7],
    [64, 64, 64],
    [1, 1, 1],
  ].flatMap(([m, n, k]) =>
    bools.flatMap((transposeA) =>
      bools.map((transposeB) => ({ m: m as number, n: n as number, k: k as number, transposeA, transposeB })),
    ),
  );
  return [
    ...products.flatMap((sizes) => [
      kernels.matmul(sizes, traits),
      kernels.matmulBias({ ...sizes, relu: true }, traits),
    ]),
    ...pools.flatMap((g) => [kernels.maxPool2d(g, traits), kernels.maxPool2dGradient(g, traits)]),
    kernels.gaussianNoise({ stddev: 0.25, seed: 1, stream: 2 }, [3, 9, 8, 2], traits),
    ...augmentations(traits),
    kernels.mixImages([3, 9, 8, 2], traits),
    ...[0, 0.2].flatMap((mixup) =>
      [0, 1].map((cutMix) =>
        kernels.mixingPlan({ mixup, cutMix, count: 61, batch: 8, height: 9, width: 8, seed: 1 }, traits),
      ),
    ),
    ...[
      [3, 9, 8, 2],
      [3, 1, 1, 2],
      [1, 9, 1, 1],
    ].map((maskShape) => kernels.dropout({ rate: 0.25, seed: 1, stream: 2, maskShape }, [3, 9, 8, 2], traits)),
    kernels.dropout({ rate: 0.25, seed: 1, stream: 2, maskShape: [3, 1, 1, 8] }, [3, 5, 2, 8], traits),
    ...[[0], [1], [0, 1, 2], [0, 2]].map((axes) =>
      kernels.normConstraint(
        {
          variable: new Variable({ name: "w", shape: axes.length > 1 ? [3, 3, 4, 5] : [6, 5] }),
          axes,
          minValue: 0,
          maxValue: 2,
          rate: 1,
        },
        traits,
      ),
    ),
    ...pools.flatMap((geometry) =>
      bools.flatMap((gradient) =>
        bools.map((countIncludePad) => kernels.avgPool2d({ geometry, countIncludePad }, { gradient }, traits)),
      ),
    ),
    ...(["add", "sub", "mul", "div", "reluGradient"] as const).flatMap((op) => [
      kernels.elementwise(op, [[4, 8], [8]], [4, 8], traits),
      kernels.elementwise(
        op,
        [
          [3, 5],
          [3, 1],
        ],
        [3, 5],
        traits,
      ),
    ]),
    ...(
      ["minimum", "maximum", "prelu", "preluDerivative", "pow", "powBaseDerivative", "powExponentDerivative"] as const
    ).flatMap((op) => [
      kernels.elementwise(op, [[4, 8], [8]], [4, 8], traits),
      kernels.elementwise(op, [[3, 5], []], [3, 5], traits),
    ]),
    ...(["f32", "i32", "u32"] as const).flatMap((dtype) =>
      (["equal", "less", "lessOrEqual"] as const).flatMap((op) =>
        [4, 5].map((columns) => kernels.elementwise(op, [[3, columns], [columns]], [3, columns], traits, { dtype })),
      ),
    ),
    kernels.elementwise("where", [[4, 8], [8], []], [4, 8], traits),
    kernels.elementwise("where", [[3, 1], [3, 5], [5]], [3, 5], traits),
    ...pointwiseFunctions.flatMap((name) =>
      [64, 65].flatMap((size) =>
        bools.flatMap((gradient) => [3, -0.5].map((a) => kernels.pointwise(name, { size, gradient, a, b: 4 }, traits))),
      ),
    ),
    ...[4, 5].flatMap((columns) => [
      kernels.slice([6, columns], { begin: [1, 0], shape: [2, columns], strides: [2, 1] }, traits),
      kernels.stridedCopy([3, columns], { first: 0, strides: [columns, 1] }, { first: 8, strides: [8, 1] }, traits),
      kernels.place(
        [2, columns],
        { begin: [1, 0], shape: [6, columns], strides: [2, 1], value: 0.5, dtype: "f32" },
        traits,
      ),
      kernels.place([], { begin: [], shape: [], strides: [], value: 0, dtype: "i32" }, traits),
      kernels.resampleAxis({ outer: 2, inExtent: 3, outExtent: 6, inner: columns, taps: 2 }, traits),
      kernels.gatherRowsGradient({ batch: 3, tableRows: 9, rowSize: columns, scale: 0.5 }, traits),
      ...[false, true].flatMap((others) =>
        (["u8", "f32"] as const).map((dtype) =>
          kernels.gatherPart({ batch: 3, rowSize: columns, dtype, scale: 0.5, first: 7, count: 9, others }, traits),
        ),
      ),
      kernels.oneHot({ rows: 3, depth: columns }, traits),
      kernels.cumsum([2, 3, columns], { axis: 1, exclusive: columns === 5, reverse: false }, traits),
      kernels.cumsum([2, 3, columns], { axis: 1, exclusive: columns === 4, reverse: true }, traits),
    ]),
    ...(["f32", "i32", "u32", "u8"] as const).flatMap((from) =>
      (["f32", "i32", "u32", "bool"] as const).map((to) => kernels.cast({ size: 9, from, to }, traits)),
    ),
    ...(["exp", "log", "neg", "sqrt", "relu"] as const).map((op) => kernels.elementwise(op, [[3, 5]], [3, 5], traits)),
    ...(["f32", "i32", "u32"] as const).map((dtype) => kernels.copy({ size: 65, dtype }, traits)),
    ...(["sum", "max", "min", "product"] as const).flatMap((op) =>
      [[0], [1], [0, 1, 2], [2]].flatMap((axes) =>
        kernels.reduceStages(op, [50, 40, 8], axes, traits).map(({ spec }) => spec),
      ),
    ),
    kernels.maxGradient([5, 6, 7], [1], traits),
    kernels.transpose([4, 5, 8], [2, 0, 1], traits),
    kernels.softmax({ rows: 7, columns: 10 }, false, traits),
    kernels.softmax({ rows: 7, columns: 300 }, true, traits),
    kernels.argmax({ rows: 7, columns: 10 }, traits),
    ...bools.flatMap((dense) =>
      (["mean", "sum", "none"] as const).flatMap((reduction) => {
        const shape = { rows: 61, columns: 10 };
        return [
          kernels.crossEntropyRows(shape, dense, traits),
          kernels.crossEntropyTotal(shape, { dense, reduction }, traits),
          kernels.crossEntropyGradient(shape, { dense, reduction }, traits),
        ];
      }),
    ),
    ...bools.map((columnSums) => kernels.crossEntropyStep({ batch: 64, classes: 10, columnSums }, traits)),
    ...[5, 8].flatMap((channels) =>
      [
        [4, 1, 1, channels],
        [16, 28, 28, channels],
      ].flatMap((shape) => batchNormSpecs(shape, traits)),
    ),
    kernels.movingAverage({ size: 5, momentum: 0.99 }, traits),
    ...bools.map((fused) => multiplyAddProbe({ chains: 4, fused }, traits)),
    kernels.countCorrect({ rows: 64, columns: 10 }, traits),
    kernels.confusionMatrix({ batch: 64, classes: 10 }, traits),
    ...bools.map((shuffle) => kernels.batchRows({ count: 1000, batch: 64, shuffle, seed: 1 }, traits)),
    ...(["u8", "f32", "i32"] as const).map((dtype) =>
      kernels.gatherRows({ batch: 8, rowSize: 784, dtype, scale: 1 }, traits),
    ),
    ...bools.flatMap((shuffle) =>
      (["u8", "f32"] as const).map((dtype) =>
        kernels.fetchBatch(
          { rows: { count: 1000, batch: 64, shuffle, seed: 1 }, rowSize: 49, dtype, scale: 1 },
          traits,
        ),
      ),
    ),
    ...[49, 48].flatMap((rowSize) =>
      (["u8", "f32"] as const).map((dtype) =>
        kernels.fetchBatch(
          { rows: { count: 1000, batch: 64, shuffle: true, seed: 1 }, rowSize, dtype, scale: 1, watchedSize: 640 },
          traits,
        ),
      ),
    ),
    kernels.unscaleGradients({ arenaSize: 640 }, traits),
    ...[[], [{ place: 128, size: 9 }], [128, 192].map((place) => ({ place, size: 64 }))].flatMap((guards) => {
      const options = { sizes: [1, 2], capacity: 16, counters: 2, guards };
      return [
        kernels.finishStep({ ...options, checkedArena: 640 }, traits),
        kernels.finishStep({ ...options, growthInterval: 5 }, traits),
        kernels.finishStep({ ...options, counters: 1, sizes: [3, 1, 7] }, traits),
      ];
    }),
    kernels.movingAverages({ size: 33, momentum: 0.9 }, traits),
    ...optimizersOfEachKind.map(([, { rule }]) =>
      kernels.optimizerUpdate({ rule, arenaSize: 640, skippable: true }, traits),
    ),
    ...bools.map((columnSums) =>
      kernels.crossEntropyStep({ batch: 64, classes: 10, columnSums, scaled: true }, traits),
    ),
    kernels.recordStep({ sizes: [1, 2], capacity: 16, counters: 2 }, traits),
    kernels.recordStep({ sizes: [1, 2], capacity: 16, counters: 2, guardSize: 9 }, traits),
    nonFinite([9, 64], traits),
    ...[1, 300].map((size) => largestMagnitude(size, traits)),
    kernels.sumSlices({ size: 100, slices: 4, sliceStride: 128 }, traits),
    ...optimizersOfEachKind.map(([, { rule }]) => kernels.optimizerUpdate({ rule, arenaSize: 640 }, traits)),
    ...[adam(), sgd({ momentum: 0.9, nesterov: true }), rmsprop({ momentum: 0.9 })].map(({ rule }) =>
      kernels.optimizerUpdate({ rule, arenaSize: 640, schedulesMomentum: true }, traits),
    ),
    ...[lamb({ weightDecay: 0.1 }), lamb({ globalClipNorm: 1, useEma: true, decoupledWeightDecay: true })].flatMap(
      ({ rule }) => bools.map((measure) => kernels.optimizerUpdate({ rule, measure, arenaSize: 640 }, traits)),
    ),
    ...adafactorSpecs(traits),
    kernels.trustRatios({ groups: [[0, 10]] }, traits),
    ...bools.map((alignedPartials) => kernels.gradientSquares({ arenaSize: 640, alignedPartials }, traits)),
    kernels.clipFactors({ limit: 1, groups: [[0, 10]] }, traits),
  ];
}

function adafactorSpecs(traits: DeviceTraits): KernelSpec[] {
  const shapes = [[9, 40, 20], [30]];
  const parameters = new Arena(
    "parameters",
    shapes.map((shape, i) => ({ name: `${i}`, shape })),
  );
  return [adafactor({ clipValue: 1 }), adafactor({ clipNorm: 1, weightDecay: 0.1, useEma: true })]
    .flatMap((optimizer) => [optimizer, { rule: { ...optimizer.rule, decoupledWeightDecay: true } }])
    .flatMap(({ rule }) => {
      if (rule.kind !== "adafactor") throw new Error("adafactor makes another rule");
      const tables = kernels.adafactorTables(parameters, stateArenas(rule, parameters)[0] as Arena);
      return [
        ...[true, false].flatMap((skippable) => [
          kernels.adafactorRows(rule, tables, skippable, traits),
          kernels.adafactorColumns(rule, tables, skippable, traits),
        ]),
        kernels.adafactorDirection(rule, parameters.size, traits),
        kernels.adafactorScales(rule, tables, traits),
        kernels.optimizerUpdate({ rule, arenaSize: parameters.size }, traits),
      ];
    });
}

/** Whether two texts are the same but for spaces, comments and names, of which each stands for the same one everywhere. */
function isRenamed(long: string, short: string): boolean {
  const tokens = (text: string) => text.replaceAll(/\/\/.*$/gm, "").match(/\w+|[^\w\s]/g) ?? [];
  const [before, after] = [tokens(long), tokens(short)];
  const shortOf = new Map(before.map((token, index) => [token, after[index]]));
  const longOf = new Map(after.map((token, index) => [token, before[index]]));
  return (
    before.length === after.length &&
    before.every((token, index) => shortOf.get(token) === after[index] && longOf.get(after[index] ?? "") === token)
  );
}

describe("every shader", () => {
  const files = import.meta.glob("../../shaders/*.wgsl", { query: "?raw", import: "default", eager: true });
  let device: GPUDevice;
  const specs = TRAITS.flatMap((traits) => [
    ...convSpecs(traits),
    ...stagedSpecs(traits),
    ...stagedProductSpecs(traits),
    ...fewChannelsSpecs(traits),
    ...depthwiseSpecs(traits),
    ...winogradSpecs(traits),
    ...otherSpecs(traits),
  ]);
  /**
   * The other forms of these kernels: with the output in the place of each operand, with every tensor that can be stored as
   * 16-bit floats stored so, and in all their tiles; of what compiles slowly a share.
   */
  const variants = specs.flatMap(({ variants }) => (variants ? [variants] : []));
  const inPlaceSpecs = variants.flatMap(({ inPlace, make }) => inPlace.map((operand) => make({ inPlace: operand })));
  const halfSpecs = specs
    .flatMap(({ name, variants }) => (variants && variants.halves.length > 0 ? [{ name, ...variants }] : []))
    // Convolutions compile slowly.
    .filter(({ name }, index) => index % 3 === 0 || !name.startsWith("conv2d"))
    .flatMap(({ halves, make }) => [
      make({ halves, includes: halfIncludes }),
      // Alone: what reads one type may write the other.
      ...(halves.length > 1 ? halves.slice(-1) : []).map((stored) =>
        make({ halves: [stored], includes: halfIncludes }),
      ),
    ]);
  const tileSpecs = specs
    .flatMap((spec) => [...otherTiles(spec), quickVariant(spec) ?? []].flat())
    .filter((_, index) => index % 97 === 0);
  const subgroupSpecs = [...SUBGROUP_TRAITS.flatMap(otherSpecs), subgroupProbe(SUBGROUPS)];

  beforeAll(async () => {
    device = await testDevice({}, ["subgroups"]);
  });
  afterAll(() => device.destroy());

  it("is valid WGSL in each variant, as builds have it: without comments and most spaces, with short names", async () => {
    const plain = [...specs, ...inPlaceSpecs, ...halfSpecs, ...tileSpecs];
    const possible = device.features.has("subgroups") ? [...plain, ...subgroupSpecs] : plain;
    const shrink = shaderShrinker(
      Object.fromEntries(Object.entries(files).map(([path, text]) => [path.split("/").at(-1), text as string])),
    );
    const shrinks = new Map<string, string>();
    const shrunkText = (text: string) => {
      const shrunk = shrinks.get(text) ?? shrink(text);
      shrinks.set(text, shrunk);
      return shrunk;
    };
    const shrunk = (includes: Readonly<Record<string, string>> = {}) =>
      Object.fromEntries(Object.entries(includes).map(([name, text]) => [name, shrunkText(text)]));
    const common = shrunk(shaderIncludes);
    const built = (spec: KernelSpec) =>
      kernelSource({ ...spec, shader: shrunkText(spec.shader), includes: shrunk(spec.includes) }, common);
    const sources = new Map(possible.map((spec) => [built(spec), spec]));
    const faults: string[] = [];
    [...sources].forEach(([code, spec], index) => {
      if (index % 7 === 0 && !isRenamed(kernelSource(spec), code))
        faults.push(`${spec.name}: names are not one to one`);
    });
    const codes = [...sources].map(([code, { name }]) => ({ code, name }));
    for (const { code, name } of [...codes, { code: shrunkText(drawMapsShader()), name: "draw_maps" }]) {
      device.pushErrorScope("validation");
      const info = await device.createShaderModule({ code }).getCompilationInfo();
      await device.popErrorScope();
      const message = info.messages.find(({ type }) => type === "error");
      if (message) faults.push(`${name}: ${message.message}: ${code.split("\n")[message.lineNum - 1]?.trim()}`);
    }
    expect([...new Set(faults)].slice(0, 5)).toEqual([]);
    expect(sources.size).toBeGreaterThan(300);
  });

  it("stays within the spec's default limits", () => {
    for (const { name, bindings, workgroups } of specs) {
      expect(Object.keys(bindings).length, name).toBeLessThanOrEqual(8);
      expect(Math.max(...workgroups), name).toBeLessThanOrEqual(65535);
    }
  });

  it("is used: no file of shaders/ is left without a kernel", () => {
    const used = new Set([
      ...[...specs, ...subgroupSpecs].flatMap(({ shader, includes = {} }) => [shader, ...Object.values(includes)]),
      ...Object.values(shaderIncludes),
      ...Object.values(halfIncludes),
      // Compiled in test/webgpu/subgroup_matrix.test.ts: no adapter of the tests has the feature.
      matmulSubgroupMatrix(
        { m: 256, n: 256, k: 64, transposeA: false, transposeB: false },
        { ...(TRAITS[1] as DeviceTraits), subgroupMatrix: { m: 8, n: 8, k: 8, minSize: 32, maxSize: 32 } },
      )?.shader,
      // Has no dispatch: test/webgpu/draw_maps.gpu.test.ts draws with it.
      drawMaps,
    ]);
    const unused = Object.entries(files).filter(([, text]) => !used.has(text as string));
    expect(unused.map(([path]) => path)).toEqual([]);
  });
});
