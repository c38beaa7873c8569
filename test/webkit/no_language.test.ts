/** The demo in WebKitGTK on a system without a language, which the browser calls "C": no language that `Intl` knows. */
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { until, type WalkDriver } from "../support/walk.ts";
import { launchWebKit } from "../support/webkit.ts";

const site = inject("demo");
let driver: WalkDriver;

beforeAll(async () => {
  driver = await launchWebKit({ locale: "C.UTF-8" });
});

afterAll(async () => {
  await driver?.close();
});

it("opens, is ready to train, and writes its numbers in English", async () => {
  await driver.open(site.url);
  expect(await driver.evaluate("navigator.languages")).toEqual(["C"]);
  await until(driver, "the page to be ready", `document.documentElement.dataset.phase === "ready"`);
  expect(await driver.text("#layer-totals")).toMatch(/\d,\d{3}/);
  expect(await driver.errors()).toEqual([]);
});
