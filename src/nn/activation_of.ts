import { ArgumentError } from "../core/errors.ts";
import { nearestHint } from "../core/hints.ts";
import { describeValue } from "../core/options.ts";
import { activationNames } from "./activation_names.ts";
import { rareActivations } from "./late_parts.ts";
import { type Activation, usualActivations } from "./usual_activations.ts";

/**
 * An activation by its name; "linear" where it is left out. What a rare one does is fetched from now on. Throws `ArgumentError`
 * that lists the known ones.
 */
export function activationOf(what: string, name: string | undefined): Activation {
  const wanted: string = name ?? "linear";
  const usual = Object.hasOwn(usualActivations, wanted) ? usualActivations[wanted] : undefined;
  if (usual) return usual;
  const known = activationNames.find((one) => one === wanted);
  if (known === undefined) {
    throw new ArgumentError(
      `${what}: unknown activation ${describeValue(wanted)}; known: ${activationNames.join(", ")}.` +
        nearestHint(wanted, activationNames),
    );
  }
  rareActivations.want();
  return { name: known, apply: (graph, x) => rareActivations.part.activate(known, graph, x) };
}
