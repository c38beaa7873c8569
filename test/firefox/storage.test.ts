/** The demo in a Firefox that keeps nothing, or not for long. */
import { expect, inject, it } from "vitest";
import { type FirefoxOptions, launchFirefox } from "../support/firefox.ts";
import { until } from "../support/walk.ts";

const site = inject("demo");

const KINDS: readonly (readonly [string, FirefoxOptions, { keeps: boolean }])[] = [
  ["without cookies and data of sites", { preferences: { "network.cookie.cookieBehavior": 2 } }, { keeps: false }],
  ["in private windows", { preferences: { "browser.privatebrowsing.autostart": true } }, { keeps: true }],
];

it.each(KINDS)(
  "%s, the page says what is kept, trains and opens again without an error",
  async (_, options, { keeps }) => {
    const driver = await launchFirefox(options);
    try {
      const open = async () => {
        await driver.open(`${site.url}#train?network=tiny&epochs=1`);
        await until(driver, "the page to be ready", `document.documentElement.dataset.phase === "ready"`);
        await until(driver, "an accuracy", `/\\d/.test(document.querySelector("#accuracy")?.textContent)`);
      };
      const isToldNotKept = async () =>
        Boolean(
          await driver.evaluate(
            `document.querySelector("#notices").innerText.includes("does not keep what you do here")`,
          ),
        );
      await open();
      expect(await isToldNotKept()).toBe(!keeps);
      await driver.click("#run");
      await until(
        driver,
        "the epoch's end",
        `document.querySelector("#accuracy:not(.pending)") && document.documentElement.dataset.phase === "ready"`,
      );
      expect(await driver.text("#keep-note")).toContain(
        keeps ? "A private window forgets it" : "keeps nothing for this page",
      );
      await open();
      expect(await driver.evaluate(`document.querySelectorAll("#notices .buttons button").length > 0`)).toBe(keeps);
      expect(await driver.errors()).toEqual([]);
    } finally {
      await driver.close();
    }
  },
);
