/** What is newer than the oldest supported browsers is found in scripts, style sheets and pages. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { buildTarget, oldestBrowsers } from "../../scripts/browsers/oldest.mjs";
import { makeProgram, scriptFeatures } from "../../scripts/browsers/script_features.mjs";
import { pageFeatures, styleFeatures } from "../../scripts/browsers/style_features.mjs";
import { isNewer, versionOf } from "../../scripts/browsers/support.mjs";
import { judge } from "../../scripts/check-browsers.mjs";

const OLDEST = { chrome: "111", edge: "111", firefox: "121", safari: "16.4", safari_ios: "16.4" };
const PLANTED = resolve("src/planted.ts");

/** The features that are too new, without the versions that have them. */
const tooNew = (features: { paths: string[]; where: string }[]): string[] =>
  judge(features, { exceptions: {}, silent: [], oldest: OLDEST }).map(({ line }) =>
    line.replace(/ is newer than .*/, ""),
  );

function inScript(text: string): string[] {
  const program = makeProgram([], new Map([[PLANTED, `${text}\nexport {};`]]));
  return tooNew(scriptFeatures(program, (file: string) => file === PLANTED));
}

describe("the check of the oldest supported browsers", () => {
  it("finds newer functions, methods, options and syntax in scripts, however they are reached", () => {
    const found = inScript(`
      const signal = AbortSignal.any([]);
      const { timeout, any } = AbortSignal;
      const later = Promise.withResolvers<void>();
      const grouped = Object.groupBy([1, 2], (value) => String(value));
      const both = new Set([1]).union(new Set([2]));
      const first = [1, 2].values().take(1);
      const isAddress = URL["canParse"]("x");
      document.querySelector("dialog")?.requestClose();
      const bytes: Uint8Array = Uint8Array.fromBase64("");
      const pattern = /[\\p{L}--[a-z]]/v;
      const gpu = (adapter: GPUAdapter) => [adapter.info, adapter.limits];
      const canvas = new OffscreenCanvas(1, 1).getContext("webgl");
      document.addEventListener("scrollend", () => undefined);
    `);
    expect(found.sort()).toEqual(
      [
        "api.AbortSignal.any_static",
        "api.Document.scrollend_event",
        "api.GPUAdapter.info",
        "api.HTMLDialogElement.requestClose",
        "api.OffscreenCanvas.getContext.webgl_context",
        "api.URL.canParse_static",
        "javascript.builtins.Iterator.take",
        "javascript.builtins.Object.groupBy",
        "javascript.builtins.Promise.withResolvers",
        "javascript.builtins.RegExp.unicodeSets",
        "javascript.builtins.Set.union",
        "javascript.builtins.Uint8Array.fromBase64",
      ].sort(),
    );
  });

  it("says which browsers lack it, where it is, and nothing of what all of them have", () => {
    const program = makeProgram([], new Map([[PLANTED, `structuredClone([1].at(-1));\nAbortSignal.any([]);`]]));
    const features = scriptFeatures(program, (file: string) => file === PLANTED);
    expect(judge(features, { exceptions: {}, silent: [], oldest: OLDEST })).toEqual([
      {
        line:
          "api.AbortSignal.any_static is newer than the oldest supported browsers: chrome 116, edge 116, firefox 124, " +
          "safari 17.4, safari_ios 17.4",
        places: [`${PLANTED}:2`],
      },
    ]);
  });

  it("complains of an exception that nothing needs", () => {
    const lines = judge([], { exceptions: { "api.AbortSignal.any_static": "why" }, oldest: OLDEST }).map(
      ({ line }) => line,
    );
    expect(lines).toEqual(['the exception "api.AbortSignal.any_static" is not needed']);
  });

  it("finds newer properties, selectors, rules, functions and units in style sheets", () => {
    const css = `
      a { color: light-dark(red, blue); }
      b { field-sizing: content; width: 3dvh; height: calc(1px + 2px); }
      input:user-invalid { color: color-mix(in srgb, red, blue); }
      @starting-style { p { opacity: 0; } }
      @font-face { font-family: x; src: url(x.woff2); size-adjust: 95%; font-weight: 300 900; }
      i { -webkit-box-orient: vertical; }
    `;
    expect(tooNew(styleFeatures("planted.css", css)).sort()).toEqual([
      "css.at-rules.font-face.size-adjust",
      "css.at-rules.starting-style",
      "css.properties.field-sizing",
      "css.selectors.user-invalid",
      "css.types.color.light-dark",
    ]);
  });

  it("finds newer elements and attributes in a page", () => {
    const html = `<main class="x"><button popovertarget="y" type="button">Open</button>
      <div id="y" popover></div><search></search><input type="number" value="3" /></main>`;
    expect(tooNew(pageFeatures("planted.html", html)).filter((line) => !line.includes("input.value"))).toEqual([
      "html.elements.button.popovertarget",
      "html.global_attributes.popover",
      "html.elements.search",
    ]);
  });
});

describe("versions of browsers", () => {
  it("compare by their numbers, not by their letters", () => {
    expect(isNewer("17.4", "16.10")).toBe(true);
    expect(isNewer("16.4", "16.4")).toBe(false);
    expect(isNewer("9", "10")).toBe(false);
  });

  it("count from where a feature is there by its own name and without a flag", () => {
    expect(versionOf([{ version_added: "20" }, { version_added: "10", prefix: "webkit" }])).toBe("20");
    expect(versionOf({ version_added: "12", flags: [] })).toBe(false);
    expect(versionOf({ version_added: false })).toBe(false);
    expect(versionOf([{ version_added: "30" }, { version_added: "25", partial_implementation: true }])).toBe("25");
  });
});

describe("the oldest supported browsers", () => {
  it("are those of package.json, in the build and in the README", () => {
    expect(oldestBrowsers()).toEqual(OLDEST);
    expect(buildTarget()).toEqual(["chrome111", "edge111", "firefox121", "safari16.4", "ios16.4"]);
    const readme = readFileSync("README.md", "utf8");
    expect(readme).toContain("Chrome 111, Edge 111, Firefox 121 and Safari 16.4");
  });
});
