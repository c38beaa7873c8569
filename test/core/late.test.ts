import { expect, it } from "vitest";
import { InternalError, ModuleLoadError } from "../../src/core/errors.ts";
import { fetchWanted, Late } from "../../src/core/late.ts";

it("a part is fetched once, from when it is wanted, and is there when what is wanted was waited for", async () => {
  let loads = 0;
  const late = new Late("parts", async () => ++loads);
  await fetchWanted();
  expect(loads).toBe(0);
  expect(() => late.part).toThrow(InternalError);
  late.want();
  expect(loads).toBe(1);
  late.want();
  await Promise.all([fetchWanted(), fetchWanted()]);
  late.want();
  await fetchWanted();
  expect([late.part, loads]).toEqual([1, 1]);
});

it("a fetch that failed is tried again by who waits for it, and rejects what waits alone", async () => {
  const answers = [new Error("offline"), new Error("still offline"), 7];
  const late = new Late("parts", async () => {
    const answer = answers.shift();
    if (answer instanceof Error) throw answer;
    return answer;
  });
  late.want();
  // The first fetch is under way, or has failed: whoever waits for it is told.
  await expect(late.fetched()).rejects.toThrow(ModuleLoadError);
  await expect(fetchWanted()).rejects.toThrow(/Fetching the parts of Corteza failed \(Error: still offline\)/);
  await fetchWanted();
  expect(late.part).toBe(7);
});

it("what is provided is there at once, and is not fetched", async () => {
  const late = new Late<number>("parts", () => Promise.reject(new Error("is not asked")));
  late.want();
  late.provide(3);
  await fetchWanted();
  expect(late.part).toBe(3);
});
