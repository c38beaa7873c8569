import { I32x4 } from "../emit/code.ts";
import { defineKernel, type LocalI32x4 } from "../emit/function.ts";
import { overFloats } from "./pointwise.ts";

/** `mix32` of core/random.ts, four at a time, in place. */
const mix = (x: LocalI32x4) => [
  x.set(x.exclusiveOr(x.shiftRightUnsigned(16)).times(I32x4.of(0x7feb352d))),
  x.set(x.exclusiveOr(x.shiftRightUnsigned(15)).times(I32x4.of(0x846ca68b | 0))),
  x.set(x.exclusiveOr(x.shiftRightUnsigned(16))),
];

/** to = x · scale where the random bits of an element's number are not below `threshold`, 0 elsewhere. */
export const dropoutKernel = defineKernel(
  "dropout",
  { x: "i32", to: "i32", bytes: "i32", key: "i32", threshold: "i32", scale: "f32" },
  (locals, p) => {
    const [bits, key, threshold] = [locals.i32x4(), locals.i32x4(), locals.i32x4()];
    const scale = locals.f32x4();
    return [
      ...[key.set(p.key.splat()), threshold.set(p.threshold.splat()), scale.set(p.scale.splat())],
      overFloats(locals, p.bytes, (offset, memory) => [
        bits.set(
          offset
            .quarter()
            .splat()
            .plus(I32x4.lanes([0, 1, 2, 3]))
            .exclusiveOr(key),
        ),
        mix(bits),
        bits.set(bits.plus(key)),
        mix(bits),
        memory.store(p.to, memory.load(p.x).times(scale).without(bits.isBelow(threshold))),
      ]),
    ];
  },
);
