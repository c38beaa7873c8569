/** The built page where the browser is too old for it, where its program does not come, and where a system has no language. */
import { readFileSync } from "node:fs";
import type { Browser, Page } from "playwright";
import { parseAst } from "vite";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { oldestBrowsers } from "../../scripts/browsers/oldest.mjs";
import { supportOf, versionOf } from "../../scripts/browsers/support.mjs";
import { launchBrowser } from "../support/browser.ts";

const SCRIPT = readFileSync("public/old_browser.js", "utf8");
const NOTICES = "main > .notice.failure";

const site = inject("demo");
let browser: Browser;

beforeAll(async () => {
  browser = await launchBrowser({ webgpu: false });
});

afterAll(() => browser?.close());

/** What the page says before anything else: language and heading of each notice. */
async function told(page: Page): Promise<string[]> {
  await page.waitForSelector(NOTICES);
  return page.$$eval(NOTICES, (notices) =>
    notices.map((notice) => `${(notice as HTMLElement).lang}: ${notice.querySelector("h2")?.textContent}`),
  );
}

/** A page where `script` runs before any of its own; `errors` gets what it throws. */
async function openPage(script: string | undefined, locale = "en-US", errors: string[] = []): Promise<Page> {
  const page = await browser.newPage({ locale });
  page.on("pageerror", (error) => errors.push(String(error)));
  if (script !== undefined) await page.addInitScript(script);
  return page;
}

describe("a browser that is too old", () => {
  for (const [name, script] of [
    ["OffscreenCanvas, which Safari has from 16.4 on", "delete globalThis.OffscreenCanvas"],
    [":has, which Firefox has from 121 on", "CSS.supports = (...test) => !test.join().includes(':has(')"],
    ["color-mix, which Chrome has from 111 on", "CSS.supports = (...test) => !test.join().includes('color-mix')"],
    ["CSS.supports", "delete globalThis.CSS"],
  ] as const) {
    it(`without ${name}, is told so in both languages, with what to use`, async () => {
      const page = await openPage(script);
      await page.goto(site.url);
      expect(await told(page)).toEqual([
        "en: This browser is too old for this page: all of it, or parts, will not work.",
        "es: Este navegador es demasiado antiguo para esta página: toda ella, o partes, no funcionará.",
      ]);
      const { safari, firefox, chrome } = oldestBrowsers() as Record<string, string>;
      for (const version of [safari, firefox, chrome]) expect(await page.textContent(NOTICES)).toContain(version);
      await page.close();
    });
  }

  it("is told in its own language first", async () => {
    const page = await openPage("delete globalThis.OffscreenCanvas", "es-MX");
    await page.goto(site.url);
    expect((await told(page)).map((line) => line.slice(0, 2))).toEqual(["es", "en"]);
    await page.close();
  });

  it("is known by what came last to each of the oldest supported ones", () => {
    const oldest = oldestBrowsers() as Record<string, string>;
    for (const [path, browsers] of [
      ["css.types.color.color-mix", ["chrome", "edge"]],
      ["css.selectors.has", ["firefox"]],
      ["api.OffscreenCanvas", ["safari", "safari_ios"]],
    ] as const) {
      for (const name of browsers) expect(versionOf(supportOf(path)?.[name]), `${path} in ${name}`).toBe(oldest[name]);
    }
  });

  it("can read the script that tells it: no word of it is newer than ECMAScript 5", () => {
    expect(newerThanEs5(SCRIPT)).toEqual([]);
    for (const newer of [
      "let a;",
      "f(() => 1);",
      "f(`x`);",
      "a?.b;",
      "f(1,);",
      "f([...d]);",
      "class E {}",
      "f({ c });",
      "h ?? 1;",
    ])
      expect(newerThanEs5(newer), newer).not.toEqual([]);
  });
});

/** The syntax of a script that ECMAScript 5 does not have. */
function newerThanEs5(code: string): string[] {
  const found = [...code.matchAll(/,\s*\)/g)].map(([text]) => text);
  const visit = (node: unknown) => {
    if (typeof node !== "object" || node === null) return;
    const { type, kind, optional, shorthand, computed, method, operator } = node as Record<string, unknown>;
    if (typeof type === "string") {
      const isProperty = type === "Property";
      const isNew =
        !ES5.has(type) ||
        (type === "VariableDeclaration" && kind !== "var") ||
        (isProperty && (shorthand === true || computed === true || method === true)) ||
        optional === true ||
        ["**", "??", "**=", "??=", "||=", "&&="].includes(String(operator));
      if (isNew) found.push(type);
    }
    for (const part of Object.values(node)) visit(part);
  };
  visit(parseAst(code));
  return found;
}

const ES5 = new Set(
  (
    "Program ExpressionStatement CallExpression NewExpression FunctionExpression FunctionDeclaration BlockStatement " +
    "ReturnStatement VariableDeclaration VariableDeclarator Identifier Literal MemberExpression UnaryExpression " +
    "BinaryExpression LogicalExpression ConditionalExpression AssignmentExpression ObjectExpression Property " +
    "ArrayExpression IfStatement TryStatement CatchClause ParenthesizedExpression EmptyStatement"
  ).split(" "),
);

describe("a page whose program does not come", () => {
  it("says so, with what to do, and not that the browser is too old", async () => {
    const page = await openPage(undefined);
    await page.route(/assets\/index-[\w-]+\.js$/, (route) => route.abort());
    await page.goto(site.url);
    expect(await told(page)).toEqual([
      "en: The program of this page did not start.",
      "es: El programa de esta página no arrancó.",
    ]);
    await page.close();
  });
});

describe("a browser whose language is no language", () => {
  for (const tag of ["C", "en_US.UTF-8"]) {
    it(`as "${tag}", opens the page, which writes its numbers in English`, async () => {
      const errors: string[] = [];
      const page = await openPage(
        `Object.defineProperty(Navigator.prototype, "language", { get: () => "${tag}", configurable: true });
         Object.defineProperty(Navigator.prototype, "languages", { get: () => ["${tag}"], configurable: true });`,
        "en-US",
        errors,
      );
      await page.goto(`${site.url}?force=cpu`);
      await page.waitForSelector('html[data-phase="ready"]');
      expect(await page.textContent("#layer-totals")).toMatch(/\d,\d{3}/);
      expect(await page.$$(NOTICES)).toEqual([]);
      expect(errors).toEqual([]);
      await page.close();
    });
  }
});
