/**
 * Texts of errors become numbers in dist/production: `new ShapeError(`${where}: wants two matrices, got ${got}.`)` becomes
 * `new ShapeError(errorNumbered(481220, where, got))`, and the text goes into core/error_texts.js, which only "corteza/errors"
 * imports. The number is a hash of the text, so that it stays while the text does.
 */
import { posix } from "node:path";
import { parseAst } from "rollup/parseAst";
import { edited, visit } from "./syntax.mjs";

/** Where the message is not the first argument. */
const MESSAGE_PLACE = { CortezaError: 1, WebGpuUnavailableError: 1 };
/** Letters beside the values from which on a number is shorter. */
const SHORTEST = 12;
/** A message that another part of the program made. */
const VALUES = ["Identifier", "MemberExpression", "CallExpression", "ChainExpression", "LogicalExpression"];

export const TEXTS = "core/error_texts.js";
const NUMBERED = "core/numbered.js";

/**
 * Functions of values, by name with their modules: where a message calls one, the error has what it is called with (of what is not
 * plain its facts, core/facts.ts), and the text calls it.
 */
const HINTS = {
  describeValue: "core/describe.js",
  formatBytes: "core/format.js",
  formatCount: "core/format.js",
  formatShape: "core/describe.js",
  shortened: "core/describe.js",
  insteadOf: "data/instead.js",
  insteadOfEntry: "data/instead.js",
  insteadOfLabel: "data/instead.js",
  insteadOfLabels: "data/instead.js",
  optionHint: "core/hints.js",
  knownHint: "core/hints.js",
  nearestHint: "core/hints.js",
  fileHint: "core/foreign_file.js",
};

/** `modules`: names with code. Gives their code with numbers, of those that have errors, and the module of texts. */
export function numberErrors(modules) {
  const found = [];
  for (const [name, code] of modules) {
    const messages = messagesOf(name, code);
    if (messages.length > 0) found.push({ name, code, messages });
  }
  const numbers = numbersOf(found.flatMap(({ messages }) => messages.map(({ text }) => text)));
  const numbered = new Map();
  for (const { name, code, messages } of found) {
    const edits = messages.map(({ start, end, values, text }) => {
      const call = `errorNumbered(${[numbers.get(text), ...values].join(", ")})`;
      // Lines stay where they are, for source maps.
      return [start, end, call + "\n".repeat(code.slice(start, end).split("\n").length - call.split("\n").length)];
    });
    const from = posix.relative(posix.dirname(name), NUMBERED).replace(/^(?!\.)/, "./");
    const imported = `import { numbered as errorNumbered } from "${from}";\n`;
    numbered.set(name, edited(code, edits).replace(/\n?(\/\/# sourceMappingURL=.*)?\s*$/, `\n${imported}$1\n`));
  }
  return { numbered, texts: textsModule(numbers) };
}

function textsModule(numbers) {
  const rows = [...numbers].sort(([, a], [, b]) => a - b).map(([text, number]) => `\t${number}: (v) => ${text},\n`);
  const code = rows.join("");
  const imports = Object.entries(HINTS)
    .filter(([name]) => code.includes(`${name}(`))
    .map(([name, module]) => `import { ${name} } from "./${posix.relative(posix.dirname(TEXTS), module)}";\n`);
  return `${imports.join("")}const texts = {\n${code}};\nexport { texts };\n`;
}

/** A number of up to four digits for each text; where two have the same, both take longer ones. */
function numbersOf(texts) {
  const numbers = new Map();
  for (let limit = 1e4, left = [...new Set(texts)].sort(); left.length > 0; limit *= 10) {
    const takers = new Map();
    for (const text of left) takers.set(hash(text) % limit, [...(takers.get(hash(text) % limit) ?? []), text]);
    const used = new Set(numbers.values());
    left = [];
    for (const [number, sharing] of takers) {
      if (sharing.length > 1 || used.has(number)) left.push(...sharing);
      else numbers.set(sharing[0], number);
    }
    if (limit > 2 ** 32 && left.length > 0) throw new Error(`two texts of errors have one number: ${left[0]}`);
  }
  return numbers;
}

/** FNV-1a, 32 bits. */
function hash(text) {
  let value = 0x811c9dc5;
  for (const letter of text) value = Math.imul(value ^ letter.codePointAt(0), 0x01000193);
  return value >>> 0;
}

/** The messages of a module's errors: where they are, the values in them, and an expression over v that makes the text of these. */
function messagesOf(name, code) {
  const messages = [];
  const program = parseAst(code);
  const module = { code, constants: constantsOf(program) };
  visit(program, (node) => {
    if (node.type !== "NewExpression" || !/Error$/.test(node.callee.name ?? "")) return;
    const message = node.arguments[MESSAGE_PLACE[node.callee.name] ?? 0];
    if (message === undefined || VALUES.includes(message.type)) return;
    const values = [];
    const text = textOf(message, values, module, "v");
    if (text === undefined) {
      const line = code.slice(0, node.start).split("\n").length;
      throw new Error(`dist/${name}:${line}: ${node.callee.name}'s message is no text with values in it.`);
    }
    if (letters(message) < SHORTEST && !callsHint(message)) return;
    messages.push({ start: message.start, end: message.end, values, text: `\`${text}\`` });
    return false;
  });
  return messages;
}

/** Texts and numbers that a module has under a name in capitals: in a text they stand themselves. */
function constantsOf({ body }) {
  const constants = new Map();
  for (const { type, declarations } of body) {
    if (type !== "VariableDeclaration") continue;
    for (const { id, init } of declarations) {
      const isPlain = init?.type === "Literal" && ["string", "number"].includes(typeof init.value);
      if (isPlain && /^[A-Z][A-Z0-9_]*$/.test(id.name ?? "")) constants.set(id.name, init.value);
    }
  }
  return constants;
}

/** Whether the text needs a function that a page should not have for it. */
function callsHint(message) {
  let calls = false;
  visit(message, ({ type, callee }) => {
    if (type === "CallExpression" && Object.hasOwn(HINTS, callee.name ?? "")) calls = true;
  });
  return calls;
}

function letters(message) {
  let count = 0;
  visit(message, ({ type, value }) => {
    if (type === "Literal" && typeof value === "string") count += value.length;
    if (type === "TemplateElement") count += value.raw.length;
  });
  return count;
}

/** What stands in a template literal for an expression; its values are added to `values`, which the text knows as `list`. */
function textOf(node, values, module, list) {
  const source = ({ start, end }) => module.code.slice(start, end);
  const value = (text) => `${list}[${values.push(text) - 1}]`;
  switch (node.type) {
    case "Literal":
      return typeof node.value === "string" ? templateText(node.value) : undefined;
    case "TemplateLiteral":
      return node.quasis
        .map(({ value: { cooked } }, index) => {
          const inner = node.expressions[index];
          return (
            templateText(cooked) + (inner ? (textOf(inner, values, module, list) ?? `\${${value(source(inner))}}`) : "")
          );
        })
        .join("");
    case "BinaryExpression": {
      if (node.operator !== "+") return undefined;
      const left = textOf(node.left, values, module, list);
      const right = textOf(node.right, values, module, list);
      // A sum of numbers is a value.
      return left === undefined || right === undefined ? undefined : left + right;
    }
    case "ConditionalExpression": {
      const [ifTrue, ifFalse] = [[], []];
      const inner = `${list}${values.length}`;
      const yes = textOf(node.consequent, ifTrue, module, inner);
      const no = textOf(node.alternate, ifFalse, module, inner);
      if (yes === undefined || no === undefined) return undefined;
      const given = `${source(node.test)} ? [1, ${ifTrue.join(", ")}] : [0, ${ifFalse.join(", ")}]`;
      return `\${((${inner}) => (${inner}.shift() ? \`${yes}\` : \`${no}\`))([...${value(given)}])}`;
    }
    case "CallExpression":
      if (Object.hasOwn(HINTS, node.callee.name ?? "")) {
        const [first, ...rest] = node.arguments.map(source);
        const given = rest.length === 0 ? value(first) : `...${value(`[${first}, ${rest.join(", ")}]`)}`;
        return `\${${node.callee.name}(${given})}`;
      }
      return `\${${value(source(node))}}`;
    case "Identifier":
      if (module.constants.has(node.name)) return templateText(String(module.constants.get(node.name)));
      return `\${${value(source(node))}}`;
    case "MemberExpression":
    case "ChainExpression":
    case "LogicalExpression":
      return `\${${value(source(node))}}`;
    default:
      return undefined;
  }
}

function templateText(text) {
  return JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("`", "\\`").replaceAll("${", "\\${");
}
