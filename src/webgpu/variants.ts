import { InternalError } from "../core/errors.ts";
import type { KernelSpec, Variant, Variants } from "./kernel.ts";
import type { Tuning } from "./other_tiles.ts";

/** A kernel in one of its forms, and which others it has from there. */
export interface KernelForm<Tile> extends Omit<KernelSpec, "variants"> {
  readonly tuning?: Tuning;
  readonly quick?: Tile | undefined;
  /**
   * The bindings that may be stored as 16-bit floats, by the constant that says so in the shader (`HALF_INPUT` …); false
   * where this form cannot.
   */
  readonly halves?: Readonly<Record<string, string | false>>;
  readonly inPlace?: readonly string[];
  readonly role?: Variants["role"];
}

/**
 * A kernel of several forms: `form` describes each, and `variant` is the one to make. `remake` makes the others, where some
 * of them are no forms of this kernel.
 */
export function kernel<Tile = never>(
  form: (variant: Variant<Tile>) => KernelForm<Tile>,
  variant: Variant<Tile> = {},
  remake: (variant: Variant<Tile>) => KernelSpec = (changed) => kernel(form, changed),
): KernelSpec {
  const { tuning, quick, halves: flags = {}, inPlace = [], role, ...spec } = form(variant);
  const halves = Object.values(flags).filter((binding) => binding !== false);
  // An operand in whose place the output lies has no binding any more.
  const wanted = (variant.halves ?? []).filter((binding) => binding !== variant.inPlace);
  const foreign = wanted.find((binding) => !halves.includes(binding));
  if (foreign !== undefined) {
    throw new InternalError(
      `kernel "${spec.name}" cannot store "${foreign}" as 16-bit floats; it can ${halves.join(", ") || "none"}.`,
    );
  }
  const stored = Object.entries(flags).map(([flag, name]) => [flag, name !== false && wanted.includes(name)]);
  return {
    ...spec,
    // Half of the shaders can read 16-bit floats, and few pages want that.
    includes: { half: "", ...spec.includes, ...variant.includes },
    constants: { ...spec.constants, ...Object.fromEntries(stored) },
    ...(wanted.length > 0 && { variant: [...(spec.variant ? [spec.variant] : []), "16-bit storage"].join(", ") }),
    variants: {
      tuning,
      quick,
      halves,
      inPlace,
      role,
      make: (change) => remake({ ...variant, ...(change as Variant<Tile>) }),
    },
  };
}

/** The kernel in tiles that compile quickly, where it has some. */
export function quickVariant({ variants }: KernelSpec): KernelSpec | undefined {
  return variants?.quick === undefined ? undefined : variants.make({ tile: variants.quick });
}

/** These flags where a condition holds, else none of them. */
export function halvesIf(possible: boolean, flags: Readonly<Record<string, string | false>>) {
  return possible ? flags : Object.fromEntries(Object.keys(flags).map((flag) => [flag, false as const]));
}
