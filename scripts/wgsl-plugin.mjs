/**
 * Makes shaders small in builds: takes comments and spaces that separate nothing out of `.wgsl?raw` imports. Lines stay lines,
 * because the preprocessor's `#` directives need their own.
 */
export function smallShaders() {
  return {
    name: "corteza-small-shaders",
    apply: "build",
    enforce: "post",
    transform(code, id) {
      if (!id.endsWith(".wgsl?raw")) return undefined;
      const text = JSON.parse(code.replace(/^export default\s*/, "").replace(/;?\s*$/, ""));
      return { code: `export default ${JSON.stringify(shrinkShader(text))}`, map: null };
    },
  };
}

/**
 * Spaces between an operator and operands on both sides, or beside a bracket, separate nothing. Those of `<` and `>` stay:
 * they are brackets too, and what reads declarations wants its space behind `var<storage>`. In an included text `{name}` is no
 * block but a part of a word.
 */
const OPERATOR = /(?<=[\w)\]]) ?([-+*/%&|^=!]+) ?(?=[\w($])/g;
const BRACKET = / ?([()[\];:,]|\{(?!\w+\})|(?<!\{\w+)\}) ?/g;

export function shrinkShader(text) {
  return text
    .split("\n")
    .map((line) =>
      line
        .replace(/\/\/.*$/, "")
        .trim()
        .replace(/\s+/g, " "),
    )
    .filter((line) => line !== "")
    .map((line) => (/^(#|enable )/.test(line) ? line : line.replace(BRACKET, "$1").replace(OPERATOR, "$1")))
    .join("\n");
}
