/**
 * The only thing between a file in `shaders/` and the device. It knows four things:
 *
 *     #if TILE_K > 1 && HAS_BIAS      … #elif … #else … #endif     keep or drop lines
 *     #unroll row 0 TILE_ROWS         … #end                       repeat lines with row = 0, 1, …, TILE_ROWS - 1
 *     sum_$(row)_$(row * 4 + 1)                                    an integer expression, evaluated here
 *     #include random                                              another file of `shaders/`, once
 *     #include load pixel_$(x) tensor=input                        the same with words: each time, with these words in it
 *
 * and puts the constants before the text: `{ TILE_K: 8 }` becomes `const TILE_K: u32 = 8u;`. Lines `enable …;`, also those of
 * included files, go before everything, where WGSL wants them. In an included file `{tensor}`, `{Tensor}` and `{TENSOR}` stand
 * for the word behind `tensor=`, as it is, capitalised and in capitals; `{name}` for a word by itself.
 * Expressions know the constants, the `#unroll` variables in scope, `+ - * / % < <= > >= == != && || !` and
 * parentheses; division is integer division; true is 1, false is 0.
 */
export type ConstantValue = number | boolean | { readonly f32: number } | readonly number[];

/** Constants of one specialised shader. Whole numbers become u32 (i32 when negative), `{ f32 }` an f32, lists arrays of u32. */
export type ShaderConstants = Readonly<Record<string, ConstantValue>>;

/** The WGSL that the device compiles. `includes` maps the names that `#include` may use to their texts. */
export function preprocess(
  source: string,
  constants: ShaderConstants,
  includes: Readonly<Record<string, string>> = {},
): string {
  const scope = new Map<string, number>();
  for (const [name, value] of Object.entries(constants)) {
    if (typeof value === "number") scope.set(name, value);
    else if (typeof value === "boolean") scope.set(name, value ? 1 : 0);
  }
  const output: string[] = [];
  expand(splitLines(source, includes, new Set()), scope, output);
  const isEnable = (line: string) => /^\s*enable\s/.test(line);
  const declarations = Object.entries(constants).map(([name, value]) => declare(name, value));
  const body = output.filter((line) => !isEnable(line));
  return `${[...new Set(output.filter(isEnable)), ...declarations, ...body].join("\n")}\n`;
}

function declare(name: string, value: ConstantValue): string {
  if (typeof value === "boolean") return `const ${name}: bool = ${value};`;
  if (typeof value === "number") {
    if (!Number.isInteger(value)) throw new Error(`shader constant ${name} = ${value}: write { f32: ${value} }`);
    return value < 0 ? `const ${name}: i32 = ${value}i;` : `const ${name}: u32 = ${value}u;`;
  }
  if ("f32" in value) return `const ${name}: f32 = ${formatFloat(value.f32)};`;
  return `const ${name}: array<u32, ${value.length}> = array<u32, ${value.length}>(${value.map((v) => `${v}u`).join(", ")});`;
}

/** The f32 nearest to `value`, as a WGSL literal. */
export function formatFloat(value: number): string {
  const text = String(Math.fround(value));
  return `${/[.e]/.test(text) ? text : `${text}.0`}f`;
}

interface Line {
  text: string;
  directive: string;
  argument: string;
}

function splitLines(source: string, includes: Readonly<Record<string, string>>, seen: Set<string>): Line[] {
  return source.split("\n").flatMap((text) => {
    const match = /^\s*#(\w+)\s*(.*?)\s*(\/\/.*)?$/.exec(text);
    const [directive, argument] = [match?.[1] ?? "", match?.[2] ?? ""];
    if (directive !== "include") return [{ text, directive, argument }];
    const [file = "", ...words] = argument.split(/\s+/);
    if (words.length === 0) {
      if (seen.has(file)) return [];
      seen.add(file);
    }
    const included = includes[file];
    if (included === undefined) throw new Error(`shader includes "${file}", which is unknown`);
    return splitLines(words.reduce(withWord, included), includes, seen);
  });
}

/** The text with a word, `tensor=input` or one by itself, in the places that are for it. */
function withWord(text: string, given: string): string {
  const [, key = "name", word = given] = /^(\w+)=(.*)$/.exec(given) ?? [];
  const capitalise = (name: string) => `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  return text
    .replaceAll(`{${key}}`, word)
    .replaceAll(`{${capitalise(key)}}`, capitalise(word))
    .replaceAll(`{${key.toUpperCase()}}`, word.toUpperCase());
}

/** Index of the line that closes the block opened at `start`; stops early at `#elif` / `#else` of the same block. */
function blockEnd(lines: readonly Line[], start: number): number {
  let depth = 0;
  for (let i = start + 1; i < lines.length; i++) {
    const { directive } = lines[i] as Line;
    if (directive === "if" || directive === "unroll") depth++;
    else if (depth === 0 && ["elif", "else", "endif", "end"].includes(directive)) return i;
    else if (directive === "endif" || directive === "end") depth--;
  }
  throw new Error(`shader: "${lines[start]?.text.trim()}" is never closed`);
}

function expand(lines: readonly Line[], scope: ReadonlyMap<string, number>, output: string[]): void {
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] as Line;
    if (line.directive === "if") {
      let start = i;
      let done = false;
      for (;;) {
        const { directive, argument } = lines[start] as Line;
        const end = blockEnd(lines, start);
        if (!done && (directive === "else" || evaluate(argument, scope) !== 0)) {
          done = true;
          expand(lines.slice(start + 1, end), scope, output);
        }
        start = end;
        if (lines[end]?.directive === "endif") break;
      }
      i = start;
    } else if (line.directive === "unroll") {
      const [name, from, ...to] = line.argument.split(/\s+/);
      const end = blockEnd(lines, i);
      const body = lines.slice(i + 1, end);
      const last = evaluate(to.join(" "), scope);
      for (let value = evaluate(from ?? "", scope); value < last; value++) {
        expand(body, new Map(scope).set(name ?? "", value), output);
      }
      i = end;
    } else if (line.directive !== "") {
      throw new Error(`shader: unexpected "${line.text.trim()}"`);
    } else {
      output.push(replaceExpressions(line.text, scope));
    }
  }
}

/** Puts the value of each `$( … )` in its place; parentheses within may nest. */
function replaceExpressions(text: string, scope: ReadonlyMap<string, number>): string {
  let result = "";
  let position = 0;
  for (;;) {
    const start = text.indexOf("$(", position);
    if (start < 0) return result + text.slice(position);
    let end = start + 2;
    for (let depth = 1; depth > 0; end++) {
      if (end >= text.length) throw new Error(`shader: "$(" is never closed in "${text.trim()}"`);
      if (text[end] === "(") depth++;
      else if (text[end] === ")") depth--;
    }
    result += text.slice(position, start) + evaluate(text.slice(start + 2, end - 1), scope);
    position = end;
  }
}

/** Operators from loosest to tightest binding. */
const PRECEDENCE: readonly Readonly<Record<string, (a: number, b: number) => number>>[] = [
  { "||": (a, b) => (a || b ? 1 : 0) },
  { "&&": (a, b) => (a && b ? 1 : 0) },
  { "==": (a, b) => (a === b ? 1 : 0), "!=": (a, b) => (a !== b ? 1 : 0) },
  {
    "<": (a, b) => (a < b ? 1 : 0),
    "<=": (a, b) => (a <= b ? 1 : 0),
    ">": (a, b) => (a > b ? 1 : 0),
    ">=": (a, b) => (a >= b ? 1 : 0),
  },
  { "+": (a, b) => a + b, "-": (a, b) => a - b },
  { "*": (a, b) => a * b, "/": (a, b) => Math.trunc(a / b), "%": (a, b) => a % b },
];

function evaluate(expression: string, scope: ReadonlyMap<string, number>): number {
  const tokens = expression.match(/\d+|\w+|\|\||&&|[=!<>]=|[-+*/%()<>!]/g) ?? [];
  let position = 0;

  function unary(): number {
    const token = tokens[position++];
    if (token === "!") return unary() === 0 ? 1 : 0;
    if (token === "-") return -unary();
    if (token === "(") {
      const value = binary(0);
      if (tokens[position++] !== ")") throw new Error(`shader: unbalanced parentheses in "${expression}"`);
      return value;
    }
    if (token !== undefined && /^\d+$/.test(token)) return Number(token);
    const value = scope.get(token ?? "");
    if (value === undefined) throw new Error(`shader: "${token}" in "${expression}" is no constant`);
    return value;
  }

  function binary(level: number): number {
    const operators = PRECEDENCE[level];
    if (operators === undefined) return unary();
    let value = binary(level + 1);
    for (;;) {
      const operator = operators[tokens[position] ?? ""];
      if (operator === undefined) return value;
      position++;
      value = operator(value, binary(level + 1));
    }
  }

  const value = binary(0);
  if (position !== tokens.length) throw new Error(`shader: cannot read "${expression}"`);
  return value;
}
