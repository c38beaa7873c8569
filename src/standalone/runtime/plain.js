/** Runs the network in plain JavaScript, step by step, where there is no WebGPU. */
import { held, OUTPUTS, STEPS } from "./main.js";
import { ops } from "./ops.js";

const TYPES = { f32: Float32Array, i32: Int32Array, u32: Uint32Array, u8: Uint8Array };

export function runPlain(inputs) {
  const values = [];
  for (const [op, from, shape, type, attributes, unneeded] of STEPS) {
    const operands = from.map((place) => values[place]);
    let data;
    if (op === "input") data = inputs[attributes];
    else if (op === "held") data = held(attributes);
    else if (op === "reshape") data = operands[0].data;
    else {
      data = new TYPES[type](shape.reduce((size, extent) => size * extent, 1));
      ops[op]({ data, shape }, operands, attributes);
    }
    values.push({ data, shape });
    for (const place of unneeded) values[place] = undefined;
  }
  return OUTPUTS.map((place) => values[place].data);
}
