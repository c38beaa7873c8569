/** Shaders as a module holds them: without what only readers need. */

/** A declaration of the constants with which kernels specialise shaders. */
const CONSTANT = /^const (\w+)[^\n]*;$/gm;
/** Not those of members and of attributes. */
const NAME = /(?<![\w.@])[A-Za-z_]\w*/g;
/** What a shader declares itself. Members stay as they are, since vectors have members too. */
const DECLARED = /\b(?:const|let|fn|alias|struct|var(?:<[^>]*>)?) ?([A-Za-z_]\w*)|(?<=[(),])([A-Za-z_]\w*)(?=:)/g;

/** The text without comments, without spaces that separate nothing, without constants that it never uses, and with short names. */
export function smallWgsl(source: string): string {
  const lines = source.replace(/\/\*[\s\S]*?\*\//g, "").split("\n");
  const text = lines
    .map((line) => line.replace(/\/\/.*$/, "").replace(/\s+/g, " "))
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .join("\n");
  return withShortNames(
    withoutUnused(text)
      .replace(/\s+/g, " ")
      .replace(/ ?([()[\]{};:,]) ?/g, "$1")
      // Behind "var<…>" and "->" a space stays; "<" and ">" are brackets, too.
      .replace(/ ([-+*/%&|^=!]+|<=|>=|<<) /g, (spaced, operator: string) => (operator === "->" ? spaced : operator)),
  ).trim();
}

function withoutUnused(text: string): string {
  const counts = new Map<string, number>();
  for (const [name] of text.matchAll(/\b[A-Za-z_]\w*/g)) counts.set(name, (counts.get(name) ?? 0) + 1);
  const used = text.replace(CONSTANT, (line, name: string) => (counts.get(name) === 1 ? "" : line));
  return used === text ? text : withoutUnused(used);
}

/** Words that stand beside names, and may be names too. */
const OTHER_WORDS = "main function private workgroup storage uniform read write read_write".split(" ");

/** Names of one letter, then of a letter and digits: none of WGSL's own is among those. */
function* shortNames(): Generator<string> {
  const letters = [..."abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"];
  yield* letters;
  for (let number = 0; ; number++)
    for (const letter of letters) if (!"fiu".includes(letter)) yield `${letter}${number}`;
}

function withShortNames(text: string): string {
  const kept = text.matchAll(/\.([A-Za-z_]\w*)|@builtin\((\w+)\)/g);
  const members = new Set([...OTHER_WORDS, ...[...kept].map(([, member, builtin]) => member ?? builtin)]);
  // Members of a struct are declared as parameters are.
  for (const [, body = ""] of text.matchAll(/\bstruct \w+\{([^}]*)\}/g)) {
    for (const [, name] of body.matchAll(/(\w+):/g)) members.add(name);
  }
  const counts = new Map<string, number>();
  for (const [name] of text.matchAll(NAME)) counts.set(name, (counts.get(name) ?? 0) + 1);
  const declared = new Set([...text.matchAll(DECLARED)].map(([, name, parameter]) => name ?? parameter ?? ""));
  const renamed = [...declared].filter((name) => !members.has(name) && counts.has(name));
  const taken = new Set([...members, ...[...counts.keys()].filter((name) => !renamed.includes(name))]);
  const free = shortNames();
  const next = (): string => {
    const { value } = free.next();
    return taken.has(value) ? next() : value;
  };
  const byUse = renamed.sort((a, b) => (counts.get(b) ?? 0) - (counts.get(a) ?? 0));
  const short = new Map(byUse.map((name) => [name, next()]));
  return text.replace(NAME, (name) => short.get(name) ?? name);
}
