import { expect, it } from "vitest";
import { indexedDbTuningStore } from "../../src/index.ts";

it("remembers in the browser's database", async () => {
  const name = "corteza-tuning-test";
  const store = indexedDbTuningStore(name);
  expect(await store.get("a")).toBeUndefined();
  await Promise.all([store.set("a", "1"), store.set("b", "2")]);
  await store.set("a", "3");
  const again = indexedDbTuningStore(name);
  expect(await again.get("a")).toBe("3");
  expect(await again.get("b")).toBe("2");
});
