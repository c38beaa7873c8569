import { expect, it } from "vitest";
import { onDemand } from "../../src/core/on_demand.ts";
import { ModuleLoadError } from "../../src/index.ts";

it("a module that does not come is a typed error that says what to do", async () => {
  const cause = new TypeError("Failed to fetch dynamically imported module");
  const error: unknown = await onDemand("profiler", () => Promise.reject(cause)).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ModuleLoadError);
  expect(error).toMatchObject({ code: "module-load", cause });
  expect(String(error)).toMatch(/profiler .* reload the page/);
});
