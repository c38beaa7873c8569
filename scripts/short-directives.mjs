/**
 * One letter in the place of the preprocessor's words in dist/production: `#unroll row 0 ROWS` becomes `#r row 0 ROWS`, in the shaders
 * and in the module that reads them. What closes a block is one letter whatever the block.
 */
import { parseAst } from "rollup/parseAst";
import { edited, visit } from "./syntax.mjs";

const PREPROCESSOR = "webgpu/preprocess.js";
const SHORT = { if: "f", elif: "l", else: "s", endif: "e", unroll: "r", end: "e", include: "i" };

/** `shaders`: names of modules of shaders' texts. Gives the code of those in which words get short. */
export function shortDirectives(modules, shaders) {
  const changed = new Map();
  const change = (name, shorter) => {
    const code = modules.get(name);
    const edits = [];
    visit(parseAst(code), (node) => {
      const isText = node.type === "Literal" && typeof node.value === "string";
      const text = isText ? shorter(node.value) : undefined;
      // Lines stay where they are, for source maps: a text is one.
      if (text !== undefined) edits.push([node.start, node.end, JSON.stringify(text)]);
    });
    changed.set(name, edited(code, edits));
  };
  const missing = new Set(Object.keys(SHORT));
  change(PREPROCESSOR, (word) => {
    missing.delete(word);
    return Object.hasOwn(SHORT, word) ? SHORT[word] : undefined;
  });
  if (missing.size > 0) throw new Error(`dist/${PREPROCESSOR} does not read #${[...missing].join(", #")}.`);
  for (const name of shaders) change(name, shortLines);
  return changed;
}

function shortLines(text) {
  return text.replace(/^#(\w+)(.*)$/gm, (line, word, rest) => {
    if (!Object.hasOwn(SHORT, word)) throw new Error(`the preprocessor knows no ${line}`);
    // Elsewhere spaces separate words.
    return `#${SHORT[word]}${word === "if" || word === "elif" ? ` ${rest.replaceAll(" ", "")}` : rest}`;
  });
}
