/** Drives an installed Firefox over WebDriver BiDi, which it speaks by itself: no driver program in between. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { connectBidi } from "../../scripts/bidi.mjs";
import { openInFirefox } from "../../scripts/firefox.mjs";
import type { Point } from "./digit_strokes.ts";
import type { WalkDriver } from "./walk.ts";

const START_SECONDS = 60;
/** Between two points of a stroke, as from a mouse; without it Firefox merges them. */
const MOVE_MILLISECONDS = 4;

type Connection = Awaited<ReturnType<typeof connectBidi>>;

/** What BiDi commands answer, as far as it is used here. */
interface Evaluated {
  readonly type: "success" | "exception";
  readonly result?: { readonly value?: unknown };
  readonly exceptionDetails?: { readonly text: string };
}

/** The address of the BiDi server, which Firefox writes into its profile. */
async function serverOf(profile: string, gone: Promise<string>): Promise<string> {
  let ended: string | undefined;
  void gone.then((why: string) => {
    ended = why;
  });
  for (const end = Date.now() + START_SECONDS * 1000; Date.now() < end; ) {
    if (ended !== undefined) throw new Error(ended);
    try {
      const file = await readFile(join(profile, "WebDriverBiDiServer.json"), "utf8");
      const { ws_host: host, ws_port: port } = JSON.parse(file) as { ws_host: string; ws_port: number };
      return `ws://${host}:${port}/session`;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  throw new Error(`Firefox told no address of its BiDi server within ${START_SECONDS} s.`);
}

/** How a Firefox is to start. */
export interface FirefoxOptions {
  /** On top of those in scripts/firefox.mjs. */
  readonly preferences?: Readonly<Record<string, boolean | number | string>>;
  /** More of its command line. */
  readonly args?: readonly string[];
}

/** Starts Firefox and connects to it. */
export async function launchFirefox({ preferences = {}, args = [] }: FirefoxOptions = {}): Promise<WalkDriver> {
  const firefox = await openInFirefox("about:blank", { preferences, args: ["--remote-debugging-port", "0", ...args] });
  try {
    return await FirefoxPage.of(firefox);
  } catch (error) {
    await firefox.close();
    throw error;
  }
}

class FirefoxPage implements WalkDriver {
  readonly #firefox: { close(): Promise<void> };
  readonly #connection: Connection;
  readonly #context: string;
  readonly #errors: string[];

  private constructor(firefox: { close(): Promise<void> }, connection: Connection, context: string, errors: string[]) {
    this.#firefox = firefox;
    this.#connection = connection;
    this.#context = context;
    this.#errors = errors;
  }

  static async of(firefox: { profile: string; gone: Promise<string>; close(): Promise<void> }): Promise<FirefoxPage> {
    const errors: string[] = [];
    const connection = await connectBidi(await serverOf(firefox.profile, firefox.gone), (_method, params) => {
      const { level, text } = params as { level: string; text: string };
      if (level === "error") errors.push(text);
    });
    await connection.send("session.new", { capabilities: {} });
    const { contexts } = (await connection.send("browsingContext.getTree", {})) as { contexts: { context: string }[] };
    const [first] = contexts;
    if (first === undefined) throw new Error("Firefox has no window.");
    await connection.send("session.subscribe", { events: ["log.entryAdded"] });
    const viewport = { width: 1280, height: 900 };
    await connection.send("browsingContext.setViewport", { context: first.context, viewport });
    return new FirefoxPage(firefox, connection, first.context, errors);
  }

  async open(url: string): Promise<void> {
    // An address that differs by its fragment, or not at all, would load nothing.
    await this.#send("browsingContext.navigate", { url: "about:blank", wait: "complete" });
    await this.#send("browsingContext.navigate", { url, wait: "complete" });
  }

  async click(selector: string): Promise<void> {
    const place = (await this.evaluate(`(() => {
      const element = document.querySelector(${JSON.stringify(selector)});
      element?.scrollIntoView({ block: "center" });
      const { x, y, width, height } = element?.getBoundingClientRect() ?? {};
      return width > 0 ? { x: x + width / 2, y: y + height / 2 } : null;
    })()`)) as Point | null;
    if (place === null) throw new Error(`click: "${selector}" is not on the page.`);
    await this.draw([[place]]);
  }

  async draw(paths: readonly (readonly Point[])[]): Promise<void> {
    const move = ({ x, y }: Point, duration = MOVE_MILLISECONDS) => ({ type: "pointerMove", x, y, duration });
    const actions = paths.flatMap(([first, ...others]) =>
      first === undefined
        ? []
        : [
            move(first, 0),
            { type: "pointerDown", button: 0 },
            ...others.map((point) => move(point)),
            { type: "pointerUp", button: 0 },
          ],
    );
    const pointer = { type: "pointer", id: "mouse", parameters: { pointerType: "mouse" }, actions };
    await this.#send("input.performActions", { actions: [pointer] });
  }

  async choose(selector: string, paths: readonly string[]): Promise<void> {
    const { nodes } = (await this.#send("browsingContext.locateNodes", {
      locator: { type: "css", value: selector },
      maxNodeCount: 1,
    })) as { nodes: readonly { sharedId: string }[] };
    const [input] = nodes;
    if (input === undefined) throw new Error(`choose: "${selector}" is not on the page.`);
    await this.#send("input.setFiles", { element: { sharedId: input.sharedId }, files: paths });
  }

  async text(selector: string): Promise<string> {
    return String((await this.evaluate(`document.querySelector(${JSON.stringify(selector)})?.textContent`)) ?? "");
  }

  async evaluate(expression: string): Promise<unknown> {
    const { type, result, exceptionDetails } = (await this.#connection.send("script.evaluate", {
      // As JSON, which spares a reader of BiDi's own way to write values.
      expression: `(async () => JSON.stringify(await (${expression})) ?? "null")()`,
      target: { context: this.#context },
      awaitPromise: true,
    })) as Evaluated;
    if (type === "exception") throw new Error(`${exceptionDetails?.text} in ${expression}`);
    return JSON.parse(String(result?.value)) as unknown;
  }

  async screenshot(): Promise<Uint8Array> {
    const { data } = (await this.#send("browsingContext.captureScreenshot", {})) as { data: string };
    return Buffer.from(data, "base64");
  }

  async errors(): Promise<readonly string[]> {
    return [...this.#errors];
  }

  async close(): Promise<void> {
    this.#connection.close();
    await this.#firefox.close();
  }

  #send(method: string, params: object): Promise<unknown> {
    return this.#connection.send(method, { context: this.#context, ...params });
  }
}
