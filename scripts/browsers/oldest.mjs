/** The oldest browsers that the library and the demo work in. package.json states them, in its field "browserslist". */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";

const root = resolve(import.meta.dirname, "../..");

/** Names of a browser: in "browserslist", in @mdn/browser-compat-data, in build targets of Vite. */
const NAMES = [
  { list: "chrome", data: "chrome", target: "chrome" },
  { list: "edge", data: "edge", target: "edge" },
  { list: "firefox", data: "firefox", target: "firefox" },
  { list: "safari", data: "safari", target: "safari" },
  { list: "ios_saf", data: "safari_ios", target: "ios" },
];

/** `{ chrome: "110", …, safari_ios: "16.4" }`, by the names of the compatibility data. */
export function oldestBrowsers() {
  const { browserslist } = JSON.parse(readFileSync(resolve(root, "package.json"), "utf8"));
  const oldest = {};
  for (const line of browserslist) {
    const [, name, version] = /^(\w+) >= ([\d.]+)$/.exec(line) ?? [];
    const known = NAMES.find(({ list }) => list === name);
    if (known === undefined) throw new Error(`package.json, browserslist: "${line}" is not "NAME >= VERSION".`);
    oldest[known.data] = version;
  }
  return oldest;
}

/** The same for `build.target`: `["chrome110", …, "ios16.4"]`. */
export function buildTarget() {
  const oldest = oldestBrowsers();
  return NAMES.filter(({ data }) => data in oldest).map(({ data, target }) => target + oldest[data]);
}

/**
 * The browsers with WebGPU that the library is written for: what its GPU code uses must be in them. Firefox has WebGPU
 * from 141 on, Safari from 26.
 */
export const OLDEST_WITH_WEBGPU = { chrome: "113", edge: "113", firefox: "141", safari: "26", safari_ios: "26" };
