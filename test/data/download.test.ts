import { afterEach, expect, it, vi } from "vitest";
import { download } from "../../src/data/download.ts";

afterEach(() => {
  vi.unstubAllGlobals();
});

const FILE = "data:application/octet-stream;base64,AQID";
const refuse = () => {
  throw new Error("The operation is insecure.");
};

it.each([
  ["throws at once", { open: refuse }],
  ["rejects", { open: async () => refuse() }],
  ["opens, but whose calls throw at once", { open: async () => ({ match: refuse, put: refuse, delete: refuse }) }],
])("a download goes on without a cache that %s", async (_, caches) => {
  vi.stubGlobal("caches", caches);
  const { contents, keep, forget } = await download([FILE], { cache: "test" });
  expect(contents.map((bytes) => [...bytes])).toEqual([[1, 2, 3]]);
  await keep();
  await forget();
});
