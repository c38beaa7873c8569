/** The demo in WebKitGTK on a system without a language, which the browser calls "C": no language that `Intl` knows. */
import { rm } from "node:fs/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { buildDemo, type StaticServer, serve } from "../support/browser.ts";
import { until, type WalkDriver } from "../support/walk.ts";
import { launchWebKit } from "../support/webkit.ts";

let site: string;
let server: StaticServer;
let driver: WalkDriver;

beforeAll(async () => {
  site = await buildDemo();
  server = await serve(site);
  driver = await launchWebKit({ locale: "C.UTF-8" });
});

afterAll(async () => {
  await driver?.close();
  await server?.close();
  await rm(site, { recursive: true, force: true });
});

it("opens, is ready to train, and writes its numbers in English", async () => {
  await driver.open(server.url);
  expect(await driver.evaluate("navigator.languages")).toEqual(["C"]);
  await until(driver, "the page to be ready", `document.documentElement.dataset.phase === "ready"`);
  expect(await driver.text("#layer-totals")).toMatch(/\d,\d{3}/);
  expect(await driver.errors()).toEqual([]);
});
