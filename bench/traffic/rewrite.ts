/**
 * Rewrites the WGSL of a kernel so that it notes what it loads and stores. Every `name[index]` of a storage or workgroup variable
 * becomes `name[traffic_index(site, index, size)]`, a function that writes the address down and gives the index back; loops note
 * where they begin, turn and end. Nothing else changes, so that the kernel computes what it did.
 *
 * A log has a part for each invocation of the workgroups that were drawn: how many notes there were, then two words a note, as
 * many as there is room for. `log.ts` reads them.
 */
import { threadsOf } from "../isa/model.ts";

/** A place in a kernel's text that loads or stores an element of a variable. */
export interface Site {
  readonly variable: string;
  readonly space: "storage" | "workgroup";
  /** "update": atomics and compound assignments, which do both. */
  readonly access: "load" | "store" | "update";
  /** Of the element, or of the one component of a vector that is taken. */
  readonly bytes: number;
  /** As it stands in the kernel. */
  readonly text: string;
}

export interface Instrumented {
  readonly wgsl: string;
  /** By the numbers that notes have for them. */
  readonly sites: readonly Site[];
  /** Loops in the text; notes number them from 0. */
  readonly loops: number;
  /** Invocations of a workgroup. */
  readonly threads: number;
}

export interface Drawn {
  /** Of the dispatch. */
  readonly workgroups: readonly [number, number, number];
  /** Numbers of the workgroups that note, x running fastest. */
  readonly noting: readonly number[];
  /** Notes of an invocation that find room. */
  readonly capacity: number;
  /** Whether the other workgroups compute too; else they end at once. */
  readonly whole: boolean;
}

/** The first words of notes about loops; lower ones are sites. The number of the loop is added. */
export const LOOP = { enter: 0x80000000, turn: 0x80010000, leave: 0x80020000 } as const;

/** The bind group of the log, in which it is binding 0. */
export const LOG_GROUP = 1;

/** Words of the log of one invocation. */
export const wordsOf = (capacity: number): number => 1 + 2 * capacity;

const SCALARS: Readonly<Record<string, number>> = { f32: 4, u32: 4, i32: 4, f16: 2, f: 4, u: 4, i: 4, h: 2 };

interface Variable {
  readonly space: "storage" | "workgroup";
  /** Bytes from one element to the next. */
  readonly stride: number;
  /** Bytes of an element, and of a component of it. */
  readonly size: number;
  readonly component: number;
}

/** Throws an error that says what of the kernel is not understood. */
export function instrument(source: string, { workgroups, noting, capacity, whole }: Drawn): Instrumented {
  const text = source.replaceAll(/\/\/[^\n]*/g, "").replaceAll(/\/\*[\s\S]*?\*\//g, "");
  const variables = variablesOf(text);
  const threads = threadsOf(text);
  const loops = { count: 0 };
  const sites: Site[] = [];
  const noted = noteFunctions(noteLoops(text, loops, []), variables, sites);
  const [x, y] = workgroups;
  const begin = ({ group, thread }: { group: string; thread: string }): string =>
    [
      "",
      `  let traffic_group = ${group}.x + ${x}u * (${group}.y + ${y}u * ${group}.z);`,
      "  var traffic_slot = traffic_none;",
      ...noting.map((number, slot) => `  if (traffic_group == ${number}u) { traffic_slot = ${slot}u; }`),
      ...(whole ? [] : ["  if (traffic_slot == traffic_none) { return; }"]),
      `  if (traffic_slot != traffic_none) { traffic_base = (traffic_slot * ${threads}u + ${thread}) * ${wordsOf(capacity)}u; }`,
    ].join("\n");
  return { wgsl: `${withEntry(noted, begin)}\n${runtime(capacity)}`, sites, loops: loops.count, threads };
}

function runtime(capacity: number): string {
  return `@group(${LOG_GROUP}) @binding(0) var<storage, read_write> traffic_log: array<u32>;
const traffic_none = 0xffffffffu;
var<private> traffic_base: u32 = traffic_none;
var<private> traffic_count: u32 = 0u;
fn traffic_note(first: u32, second: u32) {
  if (traffic_base != traffic_none) {
    if (traffic_count < ${capacity}u) {
      traffic_log[traffic_base + 1u + 2u * traffic_count] = first;
      traffic_log[traffic_base + 2u + 2u * traffic_count] = second;
    }
    traffic_count++;
    traffic_log[traffic_base] = traffic_count;
  }
}
fn traffic_index(site: u32, index: u32, stride: u32) -> u32 {
  traffic_note(site, index * stride);
  return index;
}
fn traffic_component(site: u32, index: u32, stride: u32, offset: u32) -> u32 {
  traffic_note(site, index * stride + offset);
  return index;
}
`;
}

/** Arrays of the module by their names. Other workgroup variables are single words, which nothing is counted of. */
function variablesOf(text: string): Map<string, Variable> {
  const aliases = new Map([...text.matchAll(/\balias\s+(\w+)\s*=\s*([^;]+);/g)].map(([, name, type]) => [name, type]));
  const resolve = (type: string): string => {
    const known = aliases.get(type.trim());
    return known === undefined ? type.trim() : resolve(known);
  };
  const found = new Map<string, Variable>();
  for (const [, space, name, type] of text.matchAll(/\bvar<(storage|workgroup)[^>]*>\s*(\w+)\s*:\s*([^;]+);/g)) {
    const element = /^array\s*<(.*)>$/s.exec(resolve(type as string))?.[1];
    if (element === undefined) {
      if (space === "storage") throw new Error(`traffic: ${name} is ${type}, not an array`);
      continue;
    }
    const plain = resolve(element.replace(/,[^,<>]*$/, "")).replace(/^atomic\s*<(.*)>$/s, "$1");
    const [, count, letter, inner] = /^vec([234])(?:([fuih])|\s*<(.*)>)$/s.exec(plain) ?? [];
    const component = SCALARS[letter ?? (inner === undefined ? plain : resolve(inner))];
    if (component === undefined)
      throw new Error(`traffic: the elements of ${name} are ${plain}, which has no known size`);
    const parts = Number(count ?? 1);
    const stride = (parts === 3 ? 4 : parts) * component;
    found.set(name as string, { space: space as Variable["space"], stride, size: parts * component, component });
  }
  return found;
}

const CLOSING: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}" };

/** The place behind the bracket that closes the one at `start`. */
function behind(text: string, start: number): number {
  const open = text[start] as string;
  const close = CLOSING[open];
  let depth = 0;
  for (let place = start; place < text.length; place++) {
    if (text[place] === open) depth++;
    else if (text[place] === close && --depth === 0) return place + 1;
  }
  throw new Error(`traffic: a "${open}" is never closed: ${text.slice(start, start + 60)}`);
}

/** The text with notes of its loops, those of `around` being open. */
function noteLoops(text: string, loops: { count: number }, around: readonly number[]): string {
  const note = (what: number, loop: number) => `traffic_note(${what + loop}u, 0u);`;
  // Who returns leaves all of them.
  const leaving = around.toReversed().map((loop) => note(LOOP.leave, loop));
  const straight = (part: string) =>
    around.length ? part.replaceAll(/\breturn\b/g, `${leaving.join(" ")} return`) : part;
  let result = "";
  let place = 0;
  for (;;) {
    const rest = text.slice(place);
    const found = /\b(for|while|loop)\b/.exec(rest);
    if (found === null) return result + straight(rest);
    const start = place + found.index;
    const header = found[1] === "for" ? behind(text, text.indexOf("(", start)) : start;
    const open = text.indexOf("{", header);
    const end = behind(text, open);
    const loop = loops.count++;
    const body = noteLoops(text.slice(open + 1, end - 1), loops, [...around, loop]);
    result +=
      straight(text.slice(place, start)) +
      `${note(LOOP.enter, loop)} ${text.slice(start, open)}{ ${note(LOOP.turn, loop)} ${body}} ${note(LOOP.leave, loop)}`;
    place = end;
  }
}

/** The text with notes of what its functions access. */
function noteFunctions(text: string, variables: ReadonlyMap<string, Variable>, sites: Site[]): string {
  const pattern = /\bfn\s+\w+\s*\(/g;
  let result = "";
  let place = 0;
  for (let found = pattern.exec(text); found !== null; found = pattern.exec(text)) {
    const start = found.index + found[0].length - 1;
    const open = text.indexOf("{", behind(text, start));
    const end = behind(text, open);
    const [parameters, body] = [text.slice(start, open), text.slice(open, end)];
    // A parameter may have the name of a variable of the module, which is then out of sight.
    const seen = new Map([...variables].filter(([name]) => !new RegExp(`\\b${name}\\s*:`).test(parameters)));
    for (const name of seen.keys()) {
      if (new RegExp(`\\b(let|var|const)\\s+${name}\\b`).test(body) && new RegExp(`\\b${name}\\s*\\[`).test(body))
        throw new Error(
          `traffic: ${name} is a variable of the module, and something else in a function that has its name`,
        );
    }
    result += text.slice(place, open) + noteAccesses(body, seen, sites);
    place = pattern.lastIndex = end;
  }
  return result + text.slice(place);
}

/** The text with a note in every index of the variables. */
function noteAccesses(text: string, variables: ReadonlyMap<string, Variable>, sites: Site[]): string {
  if (variables.size === 0) return text;
  const pattern = new RegExp(`(?<![.\\w])(${[...variables.keys()].join("|")})\\s*\\[`, "g");
  let result = "";
  let place = 0;
  for (;;) {
    pattern.lastIndex = place;
    const found = pattern.exec(text);
    if (found === null) return result + text.slice(place);
    const name = found[1] as string;
    const { space, stride, size, component } = variables.get(name) as Variable;
    const open = found.index + found[0].length - 1;
    const end = behind(text, open);
    const index = text.slice(open + 1, end - 1);
    const [suffix, offset] = componentAt(text, end, component);
    const next = end + suffix.length;
    const site = sites.length;
    sites.push({
      ...{ variable: name, space, access: accessAt(text, found.index, next) },
      bytes: offset === undefined ? size : component,
      text: text.slice(found.index, next).replaceAll(/\s+/g, " "),
    });
    const inner = `u32(${noteAccesses(index, variables, sites)})`;
    const call =
      offset === undefined
        ? `traffic_index(${site}u, ${inner}, ${stride}u)`
        : `traffic_component(${site}u, ${inner}, ${stride}u, ${offset})`;
    pattern.lastIndex = 0;
    if (pattern.test(suffix))
      throw new Error(`traffic: ${name}${suffix} takes a component by what another variable holds`);
    result += `${text.slice(place, found.index)}${name}[${call}]${suffix}`;
    place = next;
  }
}

/** What takes one component of the vector that ends at `place`, and its offset in bytes as WGSL; of several, nothing. */
function componentAt(text: string, place: number, bytes: number): [string, string | undefined] {
  const rest = text.slice(place);
  if (rest.startsWith("[")) {
    const suffix = text.slice(place, behind(text, place));
    return [suffix, `${bytes}u * u32(${suffix.slice(1, -1)})`];
  }
  const [suffix, letter] = /^\.([xyzwrgba])(?!\w)/.exec(rest) ?? [];
  if (suffix === undefined) return ["", undefined];
  return [suffix, `${bytes * ("xyzw".indexOf(letter as string) + 1 || "rgba".indexOf(letter as string) + 1) - bytes}u`];
}

/** What an expression from `start` to `end` is there for. */
function accessAt(text: string, start: number, end: number): Site["access"] {
  const rest = text.slice(end);
  if (/^\s*=(?!=)/.test(rest)) return "store";
  if (/^\s*([-+*/%&|^]|<<|>>)=(?!=)|^\s*(\+\+|--)/.test(rest)) return "update";
  const [, atomic] = /(atomic\w+)\s*\(\s*&\s*$/.exec(text.slice(0, start)) ?? [];
  if (atomic !== undefined) return atomic === "atomicLoad" ? "load" : atomic === "atomicStore" ? "store" : "update";
  if (/[(,=]\s*&\s*$/.test(text.slice(0, start))) throw new Error(`traffic: a pointer, ${text.slice(start - 2, end)}`);
  return "load";
}

/** The text with what its entry point begins with. */
function withEntry(text: string, begin: (names: { group: string; thread: string }) => string): string {
  const entry = /@compute\b[\s\S]*?\bfn\s+\w+\s*\(/.exec(text);
  if (entry === null) throw new Error("traffic: a kernel without an entry point");
  const open = entry.index + entry[0].length - 1;
  const end = behind(text, open);
  let parameters = text.slice(open + 1, end - 1).replace(/,?\s*$/, "");
  const named = (builtin: string, type: string): string => {
    const known = new RegExp(`@builtin\\(\\s*${builtin}\\s*\\)\\s*(\\w+)`).exec(parameters)?.[1];
    if (known !== undefined) return known;
    const own = `traffic_${builtin}`;
    parameters += `${parameters.trim() === "" ? "" : ", "}@builtin(${builtin}) ${own}: ${type}`;
    return own;
  };
  const names = { group: named("workgroup_id", "vec3u"), thread: named("local_invocation_index", "u32") };
  const body = text.indexOf("{", end);
  return `${text.slice(0, open + 1)}${parameters}${text.slice(end - 1, body + 1)}${begin(names)}\n${text.slice(body + 1)}`;
}
