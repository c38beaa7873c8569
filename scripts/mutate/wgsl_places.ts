import { oneMore, otherAxis, type Place, SWAPS } from "./mutant.ts";

interface Token {
  readonly text: string;
  readonly start: number;
  readonly end: number;
  readonly kind: "name" | "number" | "symbol";
  /** Blanks on both sides: how the shaders write operators with two operands, and never the `<` of a type. */
  readonly spaced: boolean;
  /** Number of the `#` line that the token is on; 0 in plain WGSL. */
  readonly directive: number;
}

const TOKEN = /0x[\da-fA-F]+u?|\d[\d.]*(?:e[-+]?\d+)?[uifh]?|[A-Za-z_]\w*|[-+*/<>=!&|]=|&&|\|\||<<|>>|->|\+\+|--|\S/g;

/** Places of a shader that can be changed: of its WGSL, its `#if` and `#unroll` lines and its `$( … )`, not of comments. */
export function wgslPlaces(source: string): Place[] {
  const tokens = tokenize(source);
  const names = new Set(tokens.filter(({ kind }) => kind === "name").map(({ text }) => text));
  const places: Place[] = [];
  for (const [i, token] of tokens.entries()) {
    const { text, start, end, kind } = token;
    const previous = tokens[i - 1]?.text ?? "";
    const next = tokens[i + 1]?.text ?? "";
    if (kind === "symbol") {
      const swap = token.spaced ? SWAPS[text] : undefined;
      if (swap) {
        places.push({ start, end, replacement: swap[0], change: swap[1] });
        if (text === "+" || text === "-") {
          const termEnd = endOfTerm(tokens, i);
          places.push({ start: start - 1, end: termEnd, replacement: "", change: "dropped term" });
        }
      } else if (text === "-" && !token.spaced && previous !== "->") {
        places.push({ start, end, replacement: "", change: "sign" });
      } else if (text === "[" && /[\w)\]]$/.test(previous) && source[start - 1] !== " ") {
        const close = tokens[closing(tokens, i, "[", "]")];
        // A number by itself is a constant, which changes by one anyway.
        if (close && !(tokens[i + 1]?.kind === "number" && tokens[i + 2] === close)) {
          for (const shift of [" + 1", " - 1"]) {
            places.push({ start: close.start, end: close.start, replacement: shift, change: "index" });
          }
        }
      }
    } else if (kind === "number") {
      const more = isAttribute(tokens, i) ? undefined : oneMore(text);
      if (more !== undefined) places.push({ start, end, replacement: more, change: "constant" });
    } else if ((text === "min" || text === "max") && next === "(") {
      places.push({ start, end, replacement: text === "min" ? "max" : "min", change: "min/max" });
    } else if (text === "if" && token.directive > 0 && previous === "#") {
      places.push(...inverted(source, tokens[i + 1], lastOfLine(tokens, i)));
    } else if (text === "elif" && token.directive > 0 && previous === "#") {
      places.push(...inverted(source, tokens[i + 1], lastOfLine(tokens, i)));
    } else if (text === "if" && next === "(") {
      const close = closing(tokens, i + 1, "(", ")");
      places.push(...inverted(source, tokens[i + 2], tokens[close - 1]));
    } else {
      const other = otherAxis(text);
      const declares = ["let", "var", "const", "fn", "override", "unroll", ">"].includes(previous);
      if (other !== undefined && names.has(other) && !declares && next !== ":" && next !== "(") {
        places.push({ start, end, replacement: other, change: "axis" });
      }
    }
  }
  return places;
}

function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  let offset = 0;
  for (const [number, line] of source.split("\n").entries()) {
    const code = line.replace(/\/\/.*$/, "");
    const [, word] = /^\s*#(\w+)/.exec(code) ?? [];
    // Names of other files, and lines that hold nothing to change.
    if (word !== "include" && !/^\s*(enable|requires)\s/.test(code)) {
      for (const { 0: text, index } of code.matchAll(TOKEN)) {
        tokens.push({
          text,
          start: offset + index,
          end: offset + index + text.length,
          kind: /^\d/.test(text) ? "number" : /^\w/.test(text) ? "name" : "symbol",
          spaced: /\s/.test(code[index - 1] ?? "") && /\s/.test(code[index + text.length] ?? "\n"),
          directive: word === undefined ? 0 : number + 1,
        });
      }
    }
    offset += line.length + 1;
  }
  return tokens;
}

/** Index of the token that closes the bracket at `open`; -1 without one. */
function closing(tokens: readonly Token[], open: number, opener: string, closer: string): number {
  let depth = 0;
  for (let i = open; i < tokens.length; i++) {
    if (tokens[i]?.text === opener) depth++;
    else if (tokens[i]?.text === closer && --depth === 0) return i;
  }
  return -1;
}

/** Where the operand to the right of the `+` or `-` at `operator` ends: products and calls belong to it. */
function endOfTerm(tokens: readonly Token[], operator: number): number {
  let depth = 0;
  let end = tokens[operator]?.end ?? 0;
  for (const token of tokens.slice(operator + 1)) {
    if (depth === 0 && token.directive !== tokens[operator]?.directive) break;
    if ([")", "]", "}"].includes(token.text) && --depth < 0) break;
    if (depth === 0 && (/^[;,{:]$/.test(token.text) || (token.spaced && !/^[*/%]$/.test(token.text)))) break;
    if (["(", "[", "{"].includes(token.text)) depth++;
    end = token.end;
  }
  return end;
}

/** Whether the number is an attribute's, like `@binding(0)`: another one binds nothing, and any test would see that. */
function isAttribute(tokens: readonly Token[], i: number): boolean {
  for (let k = i - 1; k > 0 && /^[\w,(]/.test(tokens[k]?.text ?? ""); k--) {
    if (tokens[k - 1]?.text === "@") return true;
  }
  return false;
}

function lastOfLine(tokens: readonly Token[], i: number): Token | undefined {
  const line = tokens[i]?.directive;
  return tokens.findLast(({ directive }) => directive === line);
}

function inverted(source: string, first: Token | undefined, last: Token | undefined): Place[] {
  if (!first || !last || last.end <= first.start) return [];
  const condition = source.slice(first.start, last.end);
  return [{ start: first.start, end: last.end, replacement: `!(${condition})`, change: "inverted check" }];
}
