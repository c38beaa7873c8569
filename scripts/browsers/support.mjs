/** Which browsers have a feature, by the data of MDN (@mdn/browser-compat-data). */
import { createRequire } from "node:module";

/** As a file of JSON, which Node reads faster than any bundler does. */
const data = createRequire(import.meta.url)("@mdn/browser-compat-data");

function entryOf(path) {
  let entry = data;
  for (const name of path.split(".")) {
    if (typeof entry !== "object" || entry === null || !Object.hasOwn(entry, name)) return undefined;
    entry = entry[name];
  }
  return entry;
}

/** What the data say of a feature, by its path in them, "api.AbortSignal.any_static"; undefined where they are silent. */
export function supportOf(path) {
  return entryOf(path)?.__compat?.support;
}

/** Whether the data have anything at this path or below. */
export function isInData(path) {
  return entryOf(path) !== undefined;
}

/** `{ safari: "17.4" }`: those of the browsers that lack a feature, with the version that brings it, `false` for none. */
export function lacking(support, browsers) {
  const missing = {};
  for (const [browser, version] of Object.entries(browsers)) {
    const since = versionOf(support[browser]);
    if (since === false || isNewer(since, version)) missing[browser] = since;
  }
  return missing;
}

/** The version from which on a browser has it by its own name and without a flag. */
export function versionOf(statements) {
  const whole = [statements ?? []]
    .flat()
    .filter(
      ({ flags, prefix, alternative_name, version_removed }) =>
        !flags && !prefix && !alternative_name && !version_removed,
    )
    .map(({ version_added }) => version_added);
  // What was partial in older versions and is whole since then counts from where it was partial.
  const partial = [statements ?? []]
    .flat()
    .filter(
      ({ flags, prefix, alternative_name, partial_implementation }) =>
        partial_implementation && !flags && !prefix && !alternative_name,
    )
    .map(({ version_added }) => version_added);
  const versions = (whole.length > 0 ? [...whole, ...partial] : []).filter(
    (version) => version && version !== "preview",
  );
  if (versions.length === 0) return false;
  return versions.reduce((oldest, version) => (isNewer(oldest, version) ? version : oldest)).replace("≤", "");
}

/** Whether version `a` came after `b`. */
export function isNewer(a, b) {
  const [left, right] = [a, b].map((version) => version.replace("≤", "").split(".").map(Number));
  for (let place = 0; place < Math.max(left.length, right.length); place++) {
    const difference = (left[place] ?? 0) - (right[place] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return false;
}
