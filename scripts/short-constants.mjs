/**
 * Short names for kernels' constants in dist/production: `KERNEL_WIDTH`, which a kernel's module gives and its shader reads, becomes
 * `A0` in both. As they are stay names that stand in a module as anything but the key of an object or behind `constants.`; that a
 * template makes, or the words of an `#include`; and what lies in the holes of such names.
 */
import { parseAst } from "rollup/parseAst";
import { edited, visit } from "./syntax.mjs";

const SHADER = /^shaders\/.*\.wgsl\w*\.js$/;
const KERNELS = /^webgpu\//;

/** A constant's name in a shader that is no part of a longer one. */
const CONSTANT = /(?<![\w${)}])[A-Z][A-Z\d]*(?:_[A-Z\d]+)*(?![\w${])/g;
/** The same with holes for words. */
const WITH_HOLES = /(?:[A-Z\d_]|\{[A-Z]+\})*\{[A-Z]+\}(?:[A-Z\d_]|\{[A-Z]+\})*/g;
const HOLE = /\{[A-Z]+\}/;

/** `modules`: names with code. Gives the code of those in which names get short. */
export function shortConstants(modules) {
  const trees = new Map([...modules].filter(([name]) => isAsked(name)).map(([name, code]) => [name, parseAst(code)]));
  const shaders = new Map();
  for (const [name, tree] of trees) if (SHADER.test(name)) shaders.set(name, shaderText(name, tree));
  const texts = [...shaders.values()].map(({ value }) => value);
  const kernels = [...trees].filter(([name]) => KERNELS.test(name));
  const { keys, elsewhere } = namesOf(kernels.map(([, tree]) => tree));
  const words = [...new Set(texts.flatMap(includedWords))];
  const made = madeNames(texts, words, literalsOf(kernels));
  for (const text of texts) for (const [, name] of text.matchAll(/\bconst ([A-Z][A-Z\d_]+)\b/g)) keys.add(name);
  const shorter = shortNames(texts, words, (name) => keys.has(name) && !elsewhere.has(name) && !made.has(name));

  const changed = new Map();
  for (const [name, { value, start, end }] of shaders) {
    const text = value.replace(CONSTANT, (constant) => shorter.get(constant) ?? constant);
    const left = text.match(/(?<!\w)[A-Z][A-Z\d_]+(?!\w)/g)?.find((constant) => shorter.has(constant));
    if (left !== undefined) throw new Error(`dist/${name}: ${left} beside a hole is no name of a constant.`);
    // Lines stay where they are, for source maps: a shader's text is one.
    if (text !== value) changed.set(name, edited(modules.get(name), [[start, end, JSON.stringify(text)]]));
  }
  for (const [name, tree] of kernels) {
    const edits = [];
    eachName(tree, (constant, { start, end, shorthand }, isKey) => {
      const short = isKey ? shorter.get(constant) : undefined;
      if (short !== undefined) edits.push([start, end, shorthand ? `${short}: ${constant}` : short]);
    });
    if (edits.length > 0) changed.set(name, edited(modules.get(name), edits));
  }
  return changed;
}

export const isShader = (name) => SHADER.test(name);
const isAsked = (name) => SHADER.test(name) || KERNELS.test(name);

/** The text of a shader's module: the one literal in it. */
function shaderText(name, tree) {
  const found = [];
  visit(tree, (node) => {
    if (node.type === "Literal" && node.value !== null) found.push(node);
    if (node.type === "TemplateLiteral" && node.expressions.length === 0)
      found.push({ value: node.quasis[0].value.cooked, start: node.start, end: node.end });
  });
  if (found.length !== 1) throw new Error(`dist/${name} is no shader's text alone.`);
  return found[0];
}

/** Every name in capitals: with its place, and whether it is a key that may get short. */
function eachName(tree, take) {
  const named = (node) => node?.type === "Identifier" && /^[A-Z][A-Z\d_]+$/.test(node.name);
  const keys = new Set();
  visit(tree, (node) => {
    if (node.type === "ObjectExpression") {
      for (const { type, key, computed, shorthand } of node.properties) {
        if (type !== "Property" || computed || !named(key)) continue;
        keys.add(key);
        take(key.name, { start: key.start, end: key.end, shorthand }, true);
      }
    } else if (node.type === "ObjectPattern") {
      for (const { key } of node.properties) if (named(key)) take(key.name, key, false);
    } else if (node.type === "MemberExpression" && !node.computed && named(node.property)) {
      const owner = node.object.type === "MemberExpression" ? node.object.property : node.object;
      take(node.property.name, node.property, owner.name === "constants");
    }
  });
}

function namesOf(trees) {
  const [keys, elsewhere] = [new Set(), new Set()];
  for (const tree of trees) eachName(tree, (name, _, isKey) => (isKey ? keys : elsewhere).add(name));
  return { keys, elsewhere };
}

/** Texts of a program: whole ones, and templates as lists of what lies between their holes. */
function literalsOf(kernels) {
  const [whole, templates] = [new Set(), []];
  for (const [, tree] of kernels) {
    visit(tree, (node) => {
      if (node.type === "Literal" && typeof node.value === "string") whole.add(node.value);
      if (node.type !== "TemplateLiteral") return;
      for (const { value } of node.quasis) whole.add(value.cooked);
      const parts = node.quasis.map(({ value }) => value.cooked);
      // Holes alone, as in `${name}_${index}`, make no constant.
      if (parts.every((part) => /^[A-Z\d_]*$/.test(part)) && /[A-Z]/.test(parts.join(""))) templates.push(parts);
    });
  }
  return { whole, templates };
}

/** The words that a shader puts into what it includes. */
function includedWords(text) {
  const given = [...text.matchAll(/^#include \w+ (.*)$/gm)].flatMap(([, all]) => all.split(" "));
  return given.map((word) => word.split("=").at(-1)).filter((word) => /^\w+$/.test(word));
}

/** The names of constants that programs, or words in included texts, put together, and names that these are put together of. */
function madeNames(texts, words, { whole, templates }) {
  const word = `(${words.join("|").toUpperCase()})`;
  const holey = texts.flatMap((text) => text.match(WITH_HOLES) ?? []).map((name) => name.split(HOLE).join(word));
  const patterns = [...templates.map((parts) => parts.join("(\\w+)")), ...holey].map(
    (pattern) => new RegExp(`^${pattern}$`),
  );
  const made = new Set([...whole].flatMap((text) => text.match(/[A-Z][A-Z\d_]+/g) ?? []));
  for (const name of new Set(texts.flatMap((text) => text.match(CONSTANT) ?? []))) {
    for (const pattern of patterns) for (const part of pattern.exec(name) ?? []) made.add(part);
  }
  return made;
}

function shortNames(texts, words, mayBeShort) {
  const counts = new Map();
  for (const text of texts) for (const [name] of text.matchAll(CONSTANT)) counts.set(name, (counts.get(name) ?? 0) + 1);
  const capitalised = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  const taken = new Set([...capitalised, ...texts.flatMap((text) => text.match(/\w+/g) ?? [])]);
  const capitals = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"];
  const seconds = [..."0123456789", ...capitals.map((letter) => letter.toLowerCase())];
  const codes = seconds.flatMap((second) => capitals.map((first) => first + second)).filter((code) => !taken.has(code));
  const ordered = [...counts.keys()]
    .filter((name) => name.length > 2 && mayBeShort(name))
    .sort((a, b) => counts.get(b) - counts.get(a) || (a < b ? -1 : 1));
  return new Map(ordered.map((name, index) => [name, codes[index] ?? name]));
}
