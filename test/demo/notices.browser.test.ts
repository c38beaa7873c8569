/** What the page says where no graphics card computes: for each reason, in the browser that the test runs in and in the others. */
import { beforeAll, describe, expect, it } from "vitest";
import { type BrowserFamily, browserFamily } from "../../demo/browser_family.ts";
import { wordsFetched } from "../../demo/language.ts";
import { noGpuNotice, notKeptNotice } from "../../demo/notices.ts";
import { WasmUnavailableError, WebGpuUnavailableError } from "../../src/index.ts";

beforeAll(() => wordsFetched);

const told = (reason: WebGpuUnavailableError["reason"], family: BrowserFamily) =>
  noGpuNotice([new WebGpuUnavailableError(reason, "")], "wasm", family).sentences.join(" ");

describe("the notice that no graphics card computes", () => {
  it("tells how to turn it on only where it is off", () => {
    expect(told("no-api", "firefox")).toContain("dom.webgpu.enabled");
    const noAdapter = told("no-adapter", "firefox");
    expect(noAdapter).not.toContain("dom.webgpu.enabled");
    expect(noAdapter).toContain("about:support");
  });

  it("has advice of its own for every reason, in every family of browsers", () => {
    for (const family of ["chromium", "chromium-linux", "firefox", "webkit", "other"] as const) {
      const all = (["no-api", "insecure-context", "no-adapter", "no-device", "software"] as const).map((one) =>
        told(one, family),
      );
      expect(new Set(all).size, family).toBe(5);
      for (const words of all) expect(words).not.toContain("undefined");
    }
  });

  it("says what computes, and each reason why nothing faster does", () => {
    const software = new WebGpuUnavailableError("software", "");
    const all = (["no-api", "no-simd", "blocked"] as const).map((reason) => {
      const { title, sentences } = noGpuNotice([software, new WasmUnavailableError(reason, "")], "webgpu", "chromium");
      expect(title).toContain("through WebGPU");
      expect(sentences.join(" ")).toContain("WebGPU, too, runs on the CPU");
      return sentences.join(" ");
    });
    expect(new Set(all).size).toBe(3);
    const titles = (["wasm", "cpu"] as const).map((backend) => noGpuNotice([software], backend, "chromium").title);
    expect(titles[0]).toContain("WebAssembly");
    expect(titles[1]).toContain("smaller network");
  });

  it("knows this browser by what it can do", () => {
    const agent = navigator.userAgent;
    const isLinux = agent.includes("Linux");
    const wanted = agent.includes("Firefox/") ? "firefox" : isLinux ? "chromium-linux" : "chromium";
    expect(browserFamily()).toBe(wanted);
  });
});

it("the notice that nothing is kept says what is lost", () => {
  const said = (database: boolean, texts: boolean) => notKeptNotice({ database, texts }).sentences[0] ?? "";
  expect(said(false, false)).toMatch(/trainings.*changes of the data.*gone/);
  expect(said(false, true)).toMatch(/trainings.*gone/);
  expect(said(false, true)).not.toContain("changes of the data");
  expect(said(true, false)).toMatch(/changes of the data.*trainings stay/);
});
