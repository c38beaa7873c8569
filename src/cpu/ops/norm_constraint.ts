import { at } from "../../core/at.ts";
import { stridesOf } from "../../core/axes.ts";
import { NORM_EPSILON, normConstraintOp } from "../../graph/ops/norm_constraint.ts";
import { defineCpuOp, read } from "../op.ts";
import { walk } from "../walk.ts";
import { verdictOf } from "./finish_step.ts";

export const normConstraintOps = [
  defineCpuOp(normConstraintOp, ({ attributes, optionalInput, variable }) => {
    const verdict = optionalInput("verdict");
    if (verdict && !verdictOf(verdict).counts) return;
    const { axes, minValue, maxValue, rate } = attributes;
    const { shape } = attributes.variable;
    const values = variable(attributes.variable);
    const strides = stridesOf(shape);
    const part = (wanted: boolean) => {
      const those = shape.map((_, axis) => axis).filter((axis) => axes.includes(axis) === wanted);
      return { extents: those.map((axis) => at(shape, axis)), strides: those.map((axis) => at(strides, axis)) };
    };
    const [kept, reduced] = [part(false), part(true)];
    walk(kept.extents, kept.strides, (_, first) => {
      let squares = 0;
      walk(reduced.extents, reduced.strides, (_place, offset) => {
        squares += read(values, first + offset) ** 2;
      });
      const norm = Math.sqrt(squares);
      const wanted = rate * Math.min(Math.max(norm, minValue), maxValue) + (1 - rate) * norm;
      const scale = wanted / (norm + NORM_EPSILON);
      walk(reduced.extents, reduced.strides, (_place, offset) => {
        values[first + offset] = read(values, first + offset) * scale;
      });
    });
  }),
];
