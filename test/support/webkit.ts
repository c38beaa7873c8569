/** Drives WebKitGTK's MiniBrowser over WebDriver ("classic"). */
import { openWebKit } from "../../scripts/webkit.mjs";
import type { Point } from "./digit_strokes.ts";
import type { WalkDriver } from "./walk.ts";

/** The key under which WebDriver hands over an element. */
const ELEMENT = "element-6066-11e4-a52e-4f735466cecf";

type WebKit = Awaited<ReturnType<typeof openWebKit>>;

/** How the browser is to start. */
export interface WebKitOptions {
  readonly width?: number;
  readonly height?: number;
  /** "es_ES.UTF-8" */
  readonly locale?: string;
}

/** Starts the browser, with an empty page. */
export async function launchWebKit(options: WebKitOptions = {}): Promise<WalkDriver> {
  return new WebKitPage(await openWebKit(options));
}

/** WebDriver tells no errors of pages: the page itself notes those that come once it is loaded. */
const LISTEN = `(() => {
  const errors = [];
  const note = (error) => errors.push(String(error?.stack ? error + " " + error.stack : error));
  addEventListener("error", ({ error, message }) => note(error ?? message));
  addEventListener("unhandledrejection", ({ reason }) => note(reason));
  globalThis.notedErrors = errors;
})()`;

class WebKitPage implements WalkDriver {
  readonly #webkit: WebKit;
  /** Of the pages before the one that is open. */
  readonly #errors: string[] = [];

  constructor(webkit: WebKit) {
    this.#webkit = webkit;
  }

  async open(url: string): Promise<void> {
    this.#errors.push(...(await this.#noted()));
    // From an address to the same with another fragment nothing would be loaded.
    await this.#webkit.send("POST", "/url", { url: "about:blank" });
    await this.#webkit.send("POST", "/url", { url });
    await this.evaluate(LISTEN);
  }

  async #noted(): Promise<string[]> {
    return ((await this.evaluate("globalThis.notedErrors")) ?? []) as string[];
  }

  async click(selector: string): Promise<void> {
    await this.#webkit.send("POST", `/element/${await this.#find(selector)}/click`, {});
  }

  async #find(selector: string): Promise<string> {
    const found = await this.#webkit.send("POST", "/element", { using: "css selector", value: selector });
    return String((found as Record<string, string>)[ELEMENT]);
  }

  async choose(selector: string, paths: readonly string[]): Promise<void> {
    await this.#webkit.send("POST", `/element/${await this.#find(selector)}/value`, { text: paths.join("\n") });
  }

  async draw(paths: readonly (readonly Point[])[]): Promise<void> {
    const actions = paths.flatMap(([first, ...rest]) => {
      if (first === undefined) return [];
      const to = ({ x, y }: Point) => ({ type: "pointerMove", duration: 0, x: Math.round(x), y: Math.round(y) });
      return [to(first), { type: "pointerDown", button: 0 }, ...rest.map(to), { type: "pointerUp", button: 0 }];
    });
    const pointer = { type: "pointer", id: "mouse", parameters: { pointerType: "mouse" }, actions };
    await this.#webkit.send("POST", "/actions", { actions: [pointer] });
  }

  async text(selector: string): Promise<string> {
    return String((await this.evaluate(`document.querySelector(${JSON.stringify(selector)})?.textContent`)) ?? "");
  }

  async evaluate(expression: string): Promise<unknown> {
    const script = `const done = arguments[0];
      (async () => JSON.stringify(await (${expression})) ?? "null")()
        .then((value) => done({ value }), (error) => done({ error: String(error) }));`;
    const { value, error } = (await this.#webkit.send("POST", "/execute/async", { script, args: [] })) as {
      value?: string;
      error?: string;
    };
    if (error !== undefined) throw new Error(`${error} in ${expression}`);
    return JSON.parse(String(value)) as unknown;
  }

  async screenshot(): Promise<Uint8Array> {
    return Buffer.from((await this.#webkit.send("GET", "/screenshot")) as string, "base64");
  }

  async errors(): Promise<readonly string[]> {
    return [...this.#errors, ...(await this.#noted())];
  }

  close(): Promise<void> {
    return this.#webkit.close();
  }
}
