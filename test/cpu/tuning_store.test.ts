import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { fileTuningStore } from "../../src/node.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "corteza-tuning-"));
});
afterEach(() => rm(folder, { recursive: true }));

it("keeps what it is given, for the next process too", async () => {
  const path = join(folder, "made", "as", "needed.json");
  const store = fileTuningStore(path);
  expect(await store.get("a")).toBeUndefined();
  await Promise.all([store.set("a", "1"), store.set("b", "2"), store.set("a", "3")]);
  expect(await fileTuningStore(path).get("a")).toBe("3");
  expect(await fileTuningStore(path).get("b")).toBe("2");
  expect(await readdir(join(folder, "made", "as"))).toEqual(["needed.json"]);
});

it.each(["", "{", "[1]", "null", '{"a": 5}'])("takes a file of %j for an empty one", async (text) => {
  const path = join(folder, "tuning.json");
  await writeFile(path, text);
  const store = fileTuningStore(path);
  expect(await store.get("a")).toBeUndefined();
  await store.set("a", "1");
  expect(await store.get("a")).toBe("1");
});
