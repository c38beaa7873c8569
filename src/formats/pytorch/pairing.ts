/** Which module of PyTorch is which layer. */
import { at } from "../../core/at.ts";
import { ArgumentError, ShapeError } from "../../core/errors.ts";
import { describeValue } from "../../core/options.ts";
import { formatShape } from "../../core/shape.ts";
import type { Module, StateDictReport, Wanted } from "./state_dict.ts";

/** Each wanted module with the one that it is. */
export interface Pairing extends Pick<StateDictReport, "by" | "alike"> {
  readonly pairs: readonly (readonly [Module, Wanted])[];
}

const ROLES = ["weight", "bias", "running_mean", "running_var"];

/** Slopes of a prelu are a list in PyTorch, and have an image's shape here. */
const shapeOf = (shape: readonly number[], isSlopes: boolean) =>
  isSlopes ? [shape.reduce((product, extent) => product * extent, 1)] : shape;

const partsOf = (found: ReadonlyMap<string, readonly number[]>) =>
  ROLES.flatMap((role) => {
    const shape = found.get(role);
    return shape === undefined ? [] : [`${role} ${formatShape(shape)}`];
  }).join(", ");

const ofModule = ({ tensors }: Module) => partsOf(new Map([...tensors].map(([role, { shape }]) => [role, shape])));

const ofWanted = ({ weights }: Wanted) =>
  partsOf(new Map(weights.map(({ role, shape, name }) => [role, shapeOf(shape, name.endsWith("/alpha"))])));

const named = (module: Module) => JSON.stringify(module.name);

/** A part of a name: its letters, and the number at its end. */
function counted(part: string): { stem: string; number: number } | undefined {
  const digits = /\d{1,9}$/.exec(part)?.[0];
  return digits === undefined ? undefined : { stem: part.slice(0, -digits.length), number: Number(digits) };
}

/** How the names themselves tell which module comes first: where they part, both count ("3" and "12", "conv1" and "conv2"). */
function byCount(a: string, b: string): number | undefined {
  const [left, right] = [a.split("."), b.split(".")];
  const place = left.findIndex((part, index) => part !== right[index]);
  const [x, y] = [counted(left[place] ?? ""), counted(right[place] ?? "")];
  return x && y && x.stem === y.stem && x.number !== y.number ? x.number - y.number : undefined;
}

/** Modules in an order of one's own. */
function inOrder(modules: readonly Module[], order: readonly string[]): Module[] {
  const byName = new Map(modules.map((module) => [module.name, module]));
  const unknown = order.find((name) => !byName.has(name));
  if (unknown !== undefined || new Set(order).size !== order.length || order.length !== modules.length) {
    const known = modules.map(named).join(", ");
    const said = unknown === undefined ? `has ${order.length} names` : `names ${describeValue(unknown)}`;
    throw new ArgumentError(`loadStateDict: order ${said}; each module is named once, which are ${known}.`);
  }
  return order.flatMap((name) => byName.get(name) ?? []);
}

function checkCounts(modules: readonly Module[], wanted: readonly Wanted[]): void {
  const left = new Map<string, Module[]>();
  for (const module of modules) left.set(ofModule(module), [...(left.get(ofModule(module)) ?? []), module]);
  const missing = wanted.filter((own) => left.get(ofWanted(own))?.shift() === undefined);
  const over = [...left.values()].flat();
  if (missing.length === 0 && over.length === 0) return;
  const says = [
    ...missing.map((own) => `layer ${JSON.stringify(own.layer)} wants ${ofWanted(own)}, which no tensors are left for`),
    ...over.map((module) => `the tensors of ${named(module)} (${ofModule(module)}) fit no layer that is left`),
  ];
  throw new ShapeError(
    `loadStateDict: model and state_dict are not of the same network: ${says.slice(0, 12).join("; ")}. Compare model.summary() with ` +
      "print(network).",
  );
}

/** Pairs in the order of both. Throws `ShapeError` where they do not fit. */
function oneByOne(modules: readonly Module[], wanted: readonly Wanted[]): (readonly [Module, Wanted])[] {
  return wanted.map((own, place) => {
    const module = at(modules, place);
    if (ofModule(module) === ofWanted(own)) return [module, own] as const;
    throw new ShapeError(
      `loadStateDict: in this order layer ${JSON.stringify(own.layer)} (${ofWanted(own)}) would get the tensors of ${named(module)} ` +
        `(${ofModule(module)}). Give another order.`,
    );
  });
}

/** `isSorted`: whether the tensors lie sorted by name. Throws `ShapeError` where shapes or numbers of tensors differ, `ArgumentError` where the order is not to be known. */
export function pairModules(
  modules: readonly Module[],
  wanted: readonly Wanted[],
  order: readonly string[] | "given" | undefined,
  isSorted: boolean,
): Pairing {
  if (
    order !== undefined &&
    order !== "given" &&
    !(Array.isArray(order) && order.every((name) => typeof name === "string"))
  ) {
    throw new ArgumentError(
      `loadStateDict: order must be "given" or a list of modules' names, got ${describeValue(order)}.`,
    );
  }
  checkCounts(modules, wanted);
  const kinds = new Map<string, Module[]>();
  for (const module of modules) kinds.set(ofModule(module), [...(kinds.get(ofModule(module)) ?? []), module]);
  const several = [...kinds.values()].filter((own) => own.length > 1);
  const alike = several.map((own) => own.map(({ name }) => name));
  if (order !== undefined) {
    const ordered = order === "given" ? modules : inOrder(modules, order);
    return { pairs: oneByOne(ordered, wanted), by: "option", alike };
  }
  // Sorted by name, as the safetensors library writes them, they do not tell the network's order any more.
  for (const own of isSorted ? several : []) {
    const unclear = own.some((a) => own.some((b) => a !== b && byCount(a.name, b.name) === undefined));
    if (unclear) {
      throw new ArgumentError(
        `loadStateDict: the modules ${own.map(named).join(", ")} all have ${ofModule(at(own, 0))}, and the tensors are sorted by name, so that ` +
          "nothing tells which layer each is. Give their order: loadStateDict(model, tensors, { order: […] }), all modules in that of the " +
          'model\'s layers, or { order: "given" } where the order of the tensors is that.',
      );
    }
    kinds.set(
      ofModule(at(own, 0)),
      [...own].sort((a, b) => byCount(a.name, b.name) ?? 0),
    );
  }
  const left = new Map([...kinds].map(([kind, own]) => [kind, [...own]]));
  const pairs = wanted.flatMap((own) => {
    const module = left.get(ofWanted(own))?.shift();
    return module === undefined ? [] : [[module, own] as const];
  });
  return { pairs, by: several.length === 0 ? "shapes" : "order", alike };
}
