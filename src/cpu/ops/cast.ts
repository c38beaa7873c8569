import { castOp } from "../../graph/ops/cast.ts";
import { defineCpuOp, read } from "../op.ts";

/** The largest f32 that i32 and u32 hold: 24 ones, then zeros. */
const MOST = { i32: 2 ** 31 - 2 ** 7, u32: 2 ** 32 - 2 ** 8 } as const;

export const castOps = [
  defineCpuOp(castOp, ({ attributes: { to }, node, input, output }) => {
    const x = input("x");
    const fromFloat = node.operand("x").dtype === "f32";
    for (let i = 0; i < output.length; i++) {
      const value = read(x, i);
      if (to === "bool") output[i] = Number(value !== 0);
      else if (to === "f32" || !fromFloat) output[i] = value;
      else if (Number.isNaN(value)) output[i] = 0;
      else output[i] = Math.min(Math.max(Math.trunc(value), to === "i32" ? -(2 ** 31) : 0), MOST[to]);
    }
  }),
];
