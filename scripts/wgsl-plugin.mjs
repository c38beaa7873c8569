/** Makes `.wgsl?raw` imports small in builds: what of their texts goes and what gets short is in small-shaders.mjs. */
import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { shaderShrinker } from "./small-shaders.mjs";

const folder = resolve(import.meta.dirname, "../shaders");

export function smallShaders() {
  let shrink;
  return {
    name: "corteza-small-shaders",
    apply: "build",
    enforce: "post",
    buildStart() {
      const names = readdirSync(folder).filter((name) => name.endsWith(".wgsl"));
      shrink = shaderShrinker(
        Object.fromEntries(names.map((name) => [name, readFileSync(resolve(folder, name), "utf8")])),
      );
    },
    transform(code, id) {
      if (!id.endsWith(".wgsl?raw")) return undefined;
      const text = JSON.parse(code.replace(/^export default\s*/, "").replace(/;?\s*$/, ""));
      return { code: `export default ${JSON.stringify(shrink(text))}`, map: null };
    },
  };
}
