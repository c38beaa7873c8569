/** The errors of a page are heard: else "made no errors" would say nothing. */
import { afterAll, beforeAll, expect, it } from "vitest";
import type { WalkDriver } from "../support/walk.ts";
import { launchWebKit } from "../support/webkit.ts";

let driver: WalkDriver;

beforeAll(async () => {
  driver = await launchWebKit();
});

afterAll(() => driver?.close());

it("hears what a page throws and what it leaves unhandled, on this page and on those before", async () => {
  await driver.open(`data:text/html,<script>setTimeout(() => { throw new Error("thrown"); }, 500)</script>`);
  await driver.evaluate(`new Promise((resolve) => setTimeout(resolve, 700))`);
  await driver.open("data:text/html,<title>second</title>");
  await driver.evaluate(`void Promise.reject(new Error("left"))`);
  await driver.evaluate(`new Promise((resolve) => setTimeout(resolve, 50))`);
  expect((await driver.errors()).map((error) => /Error: \w+/.exec(error)?.[0])).toEqual([
    "Error: thrown",
    "Error: left",
  ]);
});
