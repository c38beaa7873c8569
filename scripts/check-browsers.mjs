/**
 * The oldest supported browsers (package.json, "browserslist") have everything that the library, the demo's programs, its
 * style sheets and its page use, by MDN's data. What uses WebGPU is held to the oldest browsers with WebGPU. Part of
 * `npm run check`; test/scripts/browsers.test.ts plants newer features and sees that they are found.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { EXCEPTIONS, SILENT } from "./browsers/exceptions.mjs";
import { OLDEST_WITH_WEBGPU, oldestBrowsers } from "./browsers/oldest.mjs";
import { makeProgram, scriptFeatures } from "./browsers/script_features.mjs";
import { pageFeatures, styleFeatures } from "./browsers/style_features.mjs";
import { lacking, supportOf } from "./browsers/support.mjs";

const root = resolve(import.meta.dirname, "..");

function filesIn(folder, extension) {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(extension))
    .map((entry) => join(entry.parentPath, entry.name));
}

/** `[{ paths, where }]` of all that visitors' browsers are given; not src/node.ts, what it has of its own, and src/cli, for Node alone. */
function usedFeatures() {
  const scripts = [...filesIn("src", ".ts"), ...filesIn("demo", ".ts"), ...filesIn("demo", ".tsx")].filter(
    (file) => !/src[\\/](node(_pictures)?\.ts|cli[\\/]\w+\.ts)$/.test(file),
  );
  const wanted = new Set(scripts);
  const styles = filesIn("demo", ".css").flatMap((file) => styleFeatures(file, readFileSync(file, "utf8")));
  const page = pageFeatures(join(root, "index.html"), readFileSync(join(root, "index.html"), "utf8"));
  return [...scriptFeatures(makeProgram(scripts), (file) => wanted.has(file)), ...styles, ...page];
}

/**
 * What is wrong with the features that are used: `{ newer: […], unknown: […], unneeded: […] }`, lines to read.
 * `exceptions` and `silent`: see browsers/exceptions.mjs.
 */
export function judge(features, { exceptions = EXCEPTIONS, silent = SILENT, oldest = oldestBrowsers() } = {}) {
  const problems = new Map();
  const needed = new Set();
  const note = (line, where) => problems.set(line, [...(problems.get(line) ?? []), where]);
  for (const { paths, where } of features) {
    const path = paths.find((one) => supportOf(one) !== undefined);
    if (path === undefined) {
      if (!silent.some((pattern) => pattern.test(paths[0])))
        note(`the data know nothing of ${paths.join(" or ")}`, where);
      continue;
    }
    const browsers = /^api\.(GPU|Navigator\.gpu)/.test(path) ? OLDEST_WITH_WEBGPU : oldest;
    const missing = Object.entries(lacking(supportOf(path), browsers));
    if (missing.length === 0) continue;
    needed.add(path);
    if (path in exceptions) continue;
    const since = missing.map(([browser, version]) => `${browser} ${version === false ? "never" : version}`).join(", ");
    note(`${path} is newer than the oldest supported browsers: ${since}`, where);
  }
  for (const path of Object.keys(exceptions)) if (!needed.has(path)) note(`the exception "${path}" is not needed`, "");
  return [...problems].map(([line, places]) => ({ line, places }));
}

if (process.argv[1] === import.meta.filename) {
  const features = usedFeatures();
  const problems = judge(features);
  for (const { line, places } of problems) {
    console.error(line);
    for (const place of places.slice(0, 5)) if (place) console.error(`  ${relative(root, place)}`);
  }
  if (problems.length > 0) process.exit(1);
  const kinds = new Set(features.map(({ paths }) => paths[0])).size;
  console.log(`browsers: the oldest supported ones have all of the ${kinds} features that are used`);
}
