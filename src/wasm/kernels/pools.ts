import type { WindowGeometry } from "../../core/window_geometry.ts";
import { type Code, F32x4, type I32, I32x4, load, store, when } from "../emit/code.ts";
import { defineKernel, type LocalF32x4, type LocalI32, type LocalI32x4, type Locals } from "../emit/function.ts";
import { kernelName } from "./products.ts";

const FLOAT = 4;
const VECTOR = 16;
const LANES = [0, 1, 2, 3] as const;

/** Windows over images of so many channels, each channel by itself. */
export type Windowed = WindowGeometry & { readonly channels: number };

/** What a pool's kernel is made for: how large the windows are, how they step, and whether they reach over the edges. */
const shapeOf = (g: Windowed) => ({
  ...{ window: `${g.kernelHeight}x${g.kernelWidth}`, strides: `${g.strideHeight}x${g.strideWidth}` },
  ...{ dilations: `${g.dilationHeight}x${g.dilationWidth}`, top: g.padTop, left: g.padLeft },
  ...{ in: `${g.inHeight}x${g.inWidth}`, out: `${g.outHeight}x${g.outWidth}` },
  vectors: g.channels % 4 === 0,
});

interface Windows {
  readonly locals: Locals;
  readonly g: Windowed;
  readonly x: I32;
  readonly images: I32;
  readonly pixelBytes: I32;
}

/**
 * Walks over all windows and their channels: four at a time where all channels make whole vectors, else one by one. `begin`, then
 * `visit` with the address of each value of the window, then `finish` with how to load and store.
 */
function overWindows(
  { locals, g, x, images, pixelBytes }: Windows,
  visits: {
    begin: Code;
    visit(address: I32, value: F32x4, tap: number): Code;
    finish: Code;
    /** Before the first window of each image. */
    image?: Code;
    /** At the end of each pixel of the result. */
    next: Code;
  },
  channel: LocalI32,
): Code {
  const [image, row, column, address] = [locals.i32(), locals.i32(), locals.i32(), locals.i32()];
  const reachesOver =
    g.padTop > 0 ||
    g.padLeft > 0 ||
    (g.outHeight - 1) * g.strideHeight + (g.kernelHeight - 1) * g.dilationHeight >= g.inHeight ||
    (g.outWidth - 1) * g.strideWidth + (g.kernelWidth - 1) * g.dilationWidth >= g.inWidth;
  const isVectors = g.channels % 4 === 0;
  const taps = Array.from({ length: g.kernelHeight * g.kernelWidth }, (_, tap): Code => {
    const [down, right] = [Math.floor(tap / g.kernelWidth), tap % g.kernelWidth];
    const [y, z] = [row.plus(down * g.dilationHeight), column.plus(right * g.dilationWidth)];
    const visit: Code = [
      address.set(image.plus(y.times(g.inWidth).plus(z).times(pixelBytes)).plus(channel)),
      visits.visit(address, isVectors ? load.f32x4(address) : load.splat(address), tap),
    ];
    // Before the first row or column a number without a sign is a very large one.
    return reachesOver ? when(y.isBelow(g.inHeight).and(z.isBelow(g.inWidth)), visit) : visit;
  });
  const imageBytes = pixelBytes.times(g.inHeight * g.inWidth);
  return [
    image.set(x),
    locals.range({ end: images }, () => [
      visits.image ?? [],
      row.set(-g.padTop),
      locals.range({ end: g.outHeight }, () => [
        column.set(-g.padLeft),
        locals.range({ end: g.outWidth }, () => [
          channel.set(0),
          locals.while(channel.isBelow(pixelBytes), [
            visits.begin,
            taps,
            visits.finish,
            channel.add(isVectors ? VECTOR : FLOAT),
          ]),
          visits.next,
          column.add(g.strideWidth),
        ]),
        row.add(g.strideHeight),
      ]),
      image.add(imageBytes),
    ]),
  ];
}

/**
 * A convolution of each channel by itself (depthwise, one filter a channel), and its gradients: `taps` weights a channel,
 * [taps][channels], are multiplied in at once, in the order of the window.
 */
export const depthwiseKernel = (g: Windowed, of: "result" | "input gradient" | "filter gradient") =>
  defineKernel(
    kernelName(`depthwise ${of}`, shapeOf(g)),
    { x: "i32", weights: "i32", y: "i32", images: "i32", pixelBytes: "i32" },
    (locals, p) => {
      const [sum, channel] = [locals.f32x4(), locals.i32()];
      const y = p.y.plus(channel);
      const isVectors = g.channels % 4 === 0;
      const loaded = (address: I32) => (isVectors ? load.f32x4(address) : load.splat(address));
      const stored = (address: I32, value: F32x4) =>
        isVectors ? store.f32x4(address, value) : store.lane(address, value, 0);
      const weight = (tap: number) => p.weights.plus(p.pixelBytes.times(tap)).plus(channel);
      const visit = {
        result: (_: I32, value: F32x4, tap: number) => sum.set(sum.plus(value.times(loaded(weight(tap))))),
        // What x holds is the gradient there: it grows by what this window gives back.
        "input gradient": (address: I32, value: F32x4, tap: number) =>
          stored(address, value.plus(sum.times(loaded(weight(tap))))),
        "filter gradient": (_: I32, value: F32x4, tap: number) =>
          stored(weight(tap), loaded(weight(tap)).plus(sum.times(value))),
      }[of];
      return overWindows(
        { locals, g, x: p.x, images: p.images, pixelBytes: p.pixelBytes },
        {
          begin: sum.set(of === "result" ? F32x4.of(0) : loaded(y)),
          visit,
          finish: of === "result" ? stored(y, sum) : [],
          next: p.y.add(p.pixelBytes),
        },
        channel,
      );
    },
  );

const LOWEST = F32x4.of(Number.NEGATIVE_INFINITY);

/** The largest value of each window; NaN is larger than everything. */
export const maxPoolKernel = (g: Windowed) =>
  defineKernel(
    kernelName("max pool", shapeOf(g)),
    { x: "i32", to: "i32", images: "i32", pixelBytes: "i32" },
    (locals, p) => {
      const [best, channel] = [locals.f32x4(), locals.i32()];
      const to = p.to.plus(channel);
      return overWindows(
        { locals, g, x: p.x, images: p.images, pixelBytes: p.pixelBytes },
        {
          begin: best.set(LOWEST),
          visit: (_, value) => best.set(best.max(value)),
          finish: g.channels % 4 === 0 ? store.f32x4(to, best) : store.lane(to, best, 0),
          next: p.to.add(p.pixelBytes),
        },
        channel,
      );
    },
  );

/** Notes in `best` and `winner` a value at an address, where it is the first maximum so far. */
function challenge(best: LocalF32x4, winner: LocalI32x4, value: LocalF32x4, address: I32): Code {
  const wins = value.isAbove(best).or(value.differs(value).butNot(best.differs(best)));
  return [winner.set(wins.choose<I32x4>(address.splat(), winner)), best.set(wins.choose<F32x4>(value, best))];
}

/** The gradient of each window goes to its first maximum: `to` (cleared before) += upstream there. */
export const maxPoolGradientKernel = (g: Windowed) =>
  defineKernel(
    kernelName("max pool gradient", shapeOf(g)),
    { x: "i32", upstream: "i32", to: "i32", images: "i32", pixelBytes: "i32" },
    (locals, p) => {
      const [best, winner, value] = [locals.f32x4(), locals.i32x4(), locals.f32x4()];
      const [channel, target] = [locals.i32(), locals.i32()];
      const isVectors = g.channels % 4 === 0;
      const give = (lane: number): Code => [
        target.set(
          winner
            .lane(lane)
            .plus(p.to)
            .minus(p.x)
            .plus(lane * FLOAT),
        ),
        store.f32(target, load.f32(target).plus(load.f32(p.upstream.plus(channel), lane * FLOAT))),
      ];
      return overWindows(
        { locals, g, x: p.x, images: p.images, pixelBytes: p.pixelBytes },
        {
          begin: [best.set(LOWEST), winner.set(I32x4.of(0))],
          visit: (address, loaded) => [
            value.set(loaded),
            // The first value wins even where it is the lowest there is.
            winner.set(winner.isZero().choose<I32x4>(address.splat(), winner)),
            challenge(best, winner, value, address),
          ],
          finish: (isVectors ? LANES : [0]).map(give),
          next: p.upstream.add(p.pixelBytes),
        },
        channel,
      );
    },
  );

/**
 * The mean of each window, or its gradient: what `x` holds (cleared before) += the window's share of y. `divisors`: an f32 for
 * each window of an image, how many values it counts.
 */
export const avgPoolKernel = (g: Windowed, of: "result" | "input gradient") =>
  defineKernel(
    kernelName(`average pool ${of}`, shapeOf(g)),
    { x: "i32", y: "i32", divisors: "i32", images: "i32", pixelBytes: "i32" },
    (locals, p) => {
      const [sum, channel, divisor] = [locals.f32x4(), locals.i32(), locals.i32()];
      const isVectors = g.channels % 4 === 0;
      const y = p.y.plus(channel);
      const stored = (address: I32, value: F32x4) =>
        isVectors ? store.f32x4(address, value) : store.lane(address, value, 0);
      const shared = (value: F32x4) => value.over(load.splat(divisor));
      const isMean = of === "result";
      return overWindows(
        { locals, g, x: p.x, images: p.images, pixelBytes: p.pixelBytes },
        {
          image: divisor.set(p.divisors),
          begin: sum.set(isMean ? F32x4.of(0) : shared(isVectors ? load.f32x4(y) : load.splat(y))),
          visit: (address, value) => (isMean ? sum.set(sum.plus(value)) : stored(address, value.plus(sum))),
          finish: isMean ? stored(y, shared(sum)) : [],
          next: [p.y.add(p.pixelBytes), divisor.add(FLOAT)],
        },
        channel,
      );
    },
  );
