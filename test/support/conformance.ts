/**
 * Conformance data that nobody in this project wrote (DESIGN section 6); it lies in ../shared/conformance beside the
 * repository, and a checkout without it runs every other test.
 */
const inNode = typeof process !== "undefined" && process.versions?.node !== undefined;

/** A file's bytes, in Node and in the browser; undefined where there is no such file. */
export async function conformanceBytes(path: string): Promise<Uint8Array | undefined> {
  if (inNode) {
    const { readConformance } = await import("../../scripts/conformance-plugin.mjs");
    return readConformance(path);
  }
  const response = await fetch(`/conformance?path=${encodeURIComponent(path)}`);
  if (response.status === 404) return undefined;
  if (!response.ok) throw new Error(`conformance file ${path}: ${response.status} ${response.statusText}`);
  return new Uint8Array(await response.arrayBuffer());
}

/** What a JSON file holds; undefined where there is no such file. */
export async function conformance(path: string): Promise<unknown | undefined> {
  const bytes = await conformanceBytes(path);
  return bytes === undefined ? undefined : JSON.parse(new TextDecoder().decode(bytes));
}
