import type { KernelSpec } from "../kernel.ts";

/**
 * A kernel that can read or write tensors stored as 16-bit floats. `flags` maps the constants that say so in its shader
 * (`HALF_INPUT` …) to their bindings; false where this variant of the kernel cannot, all of them unless `possible`.
 */
export function halvable(
  spec: KernelSpec,
  flags: Readonly<Record<string, string | false>>,
  possible = true,
): KernelSpec {
  const none = Object.fromEntries(Object.keys(flags).map((flag) => [flag, false]));
  const whole: KernelSpec = { ...spec, constants: { ...spec.constants, ...none } };
  const bindings = Object.values(flags).filter((binding) => binding !== false);
  if (!possible || bindings.length === 0) return whole;
  const { quick, alternatives, inPlaceOf } = spec;
  const make = (wanted: readonly string[]): KernelSpec => {
    const chosen = Object.entries(flags).map(([flag, binding]) => [
      flag,
      binding !== false && wanted.includes(binding),
    ]);
    return {
      ...spec,
      constants: { ...spec.constants, ...Object.fromEntries(chosen) },
      variant: spec.variant === undefined ? "16-bit storage" : `${spec.variant}, 16-bit storage`,
      quick: quick && withHalves(quick, wanted),
      ...(alternatives && {
        alternatives: () => alternatives().flatMap((other) => withHalves(other, wanted) ?? []),
      }),
      ...(inPlaceOf && {
        inPlaceOf: (operand: string) => {
          const replacing = inPlaceOf(operand);
          // The operand has no binding any more.
          const left = wanted.filter((binding) => binding !== operand);
          return replacing && withHalves(replacing, left);
        },
      }),
    };
  };
  return { ...whole, halves: { bindings, make } };
}

/** The kernel with these bindings stored as 16-bit floats; undefined if it cannot. */
export function withHalves(spec: KernelSpec, bindings: readonly string[]): KernelSpec | undefined {
  return bindings.every((binding) => spec.halves?.bindings.includes(binding)) ? spec.halves?.make(bindings) : undefined;
}
