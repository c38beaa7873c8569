import { clearBytes, I32x4, load, store, when } from "../emit/code.ts";
import { defineKernel, type LocalF32x4, type Locals } from "../emit/function.ts";
import { overFloats } from "./pointwise.ts";
import { kernelName } from "./products.ts";

const FLOAT = 4;

/** Counts, lane by lane, how many values are infinite or NaN: all bits of their exponent are set. `to` is four i32. */
export const nonFiniteKernel = defineKernel("non-finite", { x: "i32", to: "i32", bytes: "i32" }, (locals, p) => {
  const found = locals.i32x4();
  const exponent = I32x4.of(0x7f800000);
  return [
    found.set(I32x4.of(0)),
    overFloats(locals, p.bytes, (_, memory) => {
      const bits = new I32x4(memory.load(p.x).code);
      // A mask is −1.
      return found.set(found.minus(bits.and(exponent).equals(exponent)));
    }),
    store.f32x4(p.to, found),
  ];
});

/** Rows of bytes by number, each byte as the f32 that `values` has for it; zeros for a negative number. */
export const gatherBytesKernel = defineKernel(
  "gather bytes",
  { table: "i32", rows: "i32", to: "i32", count: "i32", rowSize: "i32", values: "i32" },
  (locals, p) => {
    const [row, source] = [locals.i32(), locals.i32()];
    return locals.range({ end: p.count }, (index) => [
      row.set(load.i32(p.rows.plus(index.times(FLOAT)))),
      when(
        // A number without a sign: a negative one is above all others.
        row.isBelow(0x7fffffff),
        [
          source.set(p.table.plus(row.times(p.rowSize))),
          locals.range({ end: p.rowSize }, () => [
            store.f32(p.to, load.f32(p.values.plus(load.byte(source).times(FLOAT)))),
            source.add(1),
            p.to.add(FLOAT),
          ]),
        ],
        [clearBytes(p.to, p.rowSize.times(FLOAT)), p.to.add(p.rowSize.times(FLOAT))],
      ),
    ]);
  },
);

/** What all rules do with a gradient: times `scale`, plus `l2` times the parameter; and the parameter times `decay` first. */
const TREATMENT = { scale: "f32", l2: "f32", decay: "f32" } as const;

/** A local of four lanes for each of these parameters. */
const splatsOf = <Name extends string>(locals: Locals, names: readonly Name[]) =>
  Object.fromEntries(names.map((name) => [name, locals.f32x4()])) as Record<Name, LocalF32x4>;

/** The formulas are those of cpu/ops/optimizer_update.ts; what does not depend on the element is computed outside. */
export const adamKernel = defineKernel(
  "adam",
  {
    ...{ p: "i32", gradient: "i32", m: "i32", v: "i32", bytes: "i32", ...TREATMENT },
    ...{ beta1: "f32", rest1: "f32", beta2: "f32", rest2: "f32", rate: "f32", correction: "f32", reach: "f32" },
  },
  (locals, p) => {
    const names = ["scale", "l2", "decay", "beta1", "rest1", "beta2", "rest2", "rate", "correction", "reach"] as const;
    const splats = splatsOf(locals, names);
    const [value, g, mean, square] = [locals.f32x4(), locals.f32x4(), locals.f32x4(), locals.f32x4()];
    return [
      names.map((name) => splats[name].set(p[name].splat())),
      overFloats(locals, p.bytes, (_, memory) => {
        const moved = splats.rate.times(mean).over(square.times(splats.correction).squareRoot().plus(splats.reach));
        return [
          value.set(memory.load(p.p)),
          g.set(memory.load(p.gradient).times(splats.scale).plus(splats.l2.times(value))),
          mean.set(splats.beta1.times(memory.load(p.m)).plus(splats.rest1.times(g))),
          square.set(splats.beta2.times(memory.load(p.v)).plus(splats.rest2.times(g).times(g))),
          memory.store(p.m, mean),
          memory.store(p.v, square),
          memory.store(p.p, value.times(splats.decay).minus(moved)),
        ];
      }),
    ];
  },
);

export const sgdKernel = (shape: { readonly momentum: boolean; readonly nesterov: boolean }) =>
  defineKernel(
    kernelName("sgd", shape),
    {
      ...{ p: "i32", gradient: "i32", velocity: "i32", bytes: "i32", ...TREATMENT },
      ...{ momentum: "f32", share: "f32", rate: "f32" },
    },
    (locals, p) => {
      const names = ["scale", "l2", "decay", "momentum", "share", "rate"] as const;
      const splats = splatsOf(locals, names);
      const [value, g, velocity] = [locals.f32x4(), locals.f32x4(), locals.f32x4()];
      const direction = shape.nesterov ? g.plus(splats.momentum.times(velocity)) : velocity;
      return [
        names.map((name) => splats[name].set(p[name].splat())),
        overFloats(locals, p.bytes, (_, memory) => [
          value.set(memory.load(p.p)),
          g.set(memory.load(p.gradient).times(splats.scale).plus(splats.l2.times(value))),
          shape.momentum
            ? [
                velocity.set(splats.momentum.times(memory.load(p.velocity)).plus(splats.share.times(g))),
                memory.store(p.velocity, velocity),
              ]
            : velocity.set(g),
          memory.store(p.p, value.times(splats.decay).minus(splats.rate.times(shape.momentum ? direction : g))),
        ]),
      ];
    },
  );
