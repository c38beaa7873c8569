import type { KernelSpec } from "../kernel.ts";

/**
 * A kernel that can read or write tensors stored as 16-bit floats. `flags` maps the constants that say so in its shader
 * (`HALF_INPUT` …) to their bindings; undefined where this variant of the kernel cannot, all of them unless `possible`.
 */
export function halvable(
  spec: KernelSpec,
  flags: Readonly<Record<string, number | undefined>>,
  possible = true,
): KernelSpec {
  const none = Object.fromEntries(Object.keys(flags).map((flag) => [flag, false]));
  const whole: KernelSpec = { ...spec, constants: { ...spec.constants, ...none } };
  const bindings = Object.values(flags).filter((binding) => binding !== undefined);
  if (!possible || bindings.length === 0) return whole;
  const { quick, alternatives, inPlaceOf } = spec;
  const make = (wanted: readonly number[]): KernelSpec => {
    const chosen = Object.entries(flags).map(([flag, binding]) => [flag, wanted.includes(binding ?? -1)]);
    return {
      ...spec,
      constants: { ...spec.constants, ...Object.fromEntries(chosen) },
      variant: spec.variant === undefined ? "16-bit storage" : `${spec.variant}, 16-bit storage`,
      quick: quick && withHalves(quick, wanted),
      ...(alternatives && {
        alternatives: () => alternatives().flatMap((other) => withHalves(other, wanted) ?? []),
      }),
      ...(inPlaceOf && {
        inPlaceOf: (operand: number) => {
          const replacing = inPlaceOf(operand);
          // Bindings behind that of the operand, which is gone, move up.
          const left = wanted.filter((binding) => binding !== operand);
          return (
            replacing &&
            withHalves(
              replacing,
              left.map((binding) => (binding > operand ? binding - 1 : binding)),
            )
          );
        },
      }),
    };
  };
  return { ...whole, halves: { bindings, make } };
}

/** The kernel with these bindings stored as 16-bit floats; undefined if it cannot. */
export function withHalves(spec: KernelSpec, bindings: readonly number[]): KernelSpec | undefined {
  return bindings.every((binding) => spec.halves?.bindings.includes(binding)) ? spec.halves?.make(bindings) : undefined;
}
