/**
 * Makes shaders small in builds: takes comments and indentation out of `.wgsl?raw` imports. Lines stay lines, because
 * the preprocessor's `#` directives need their own.
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
    .join("\n");
}
