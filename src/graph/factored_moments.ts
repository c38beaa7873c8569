import type { Shape } from "../core/shape.ts";
import type { Arena, Variable } from "./node.ts";

/** A tensor seen as matrices over its last two axes: [height, width, in, out] is height · width of them. */
export interface FactoredShape {
  readonly matrices: number;
  readonly rows: number;
  readonly columns: number;
}

/** What a tensor's second moments are factored into (Shazeer and Stern 2018); undefined for vectors and scalars. */
export function factoredShape(shape: Shape): FactoredShape | undefined {
  const [rows, columns] = shape.slice(-2);
  if (rows === undefined || columns === undefined) return undefined;
  return { matrices: shape.slice(0, -2).reduce((product, extent) => product * extent, 1), rows, columns };
}

/**
 * Names and shapes of Adafactor's state, for each parameter in turn: "optimizer/r/<parameter>" without the last axis and
 * "optimizer/c/<parameter>" without the last but one, or "optimizer/v/<parameter>" of a vector's own shape.
 */
export function factoredSpecs(parameters: Arena): { name: string; shape: Shape }[] {
  return parameters.variables.flatMap(({ name, shape }) =>
    factoredShape(shape) === undefined
      ? [{ name: `optimizer/v/${name}`, shape }]
      : [
          { name: `optimizer/r/${name}`, shape: shape.slice(0, -1) },
          { name: `optimizer/c/${name}`, shape: [...shape.slice(0, -2), ...shape.slice(-1)] },
        ],
  );
}

/** The variables of that state for each parameter: [r, c] of a matrix, [v] of a vector. */
export function factoredSlots(parameters: Arena, state: Arena): Variable[][] {
  let next = 0;
  return parameters.variables.map(({ shape }) => {
    const first = next;
    next += factoredShape(shape) === undefined ? 1 : 2;
    return state.variables.slice(first, next);
  });
}
