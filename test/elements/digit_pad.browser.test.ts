/** <digit-pad> on a page: it reads, is a form's field, is used by keys alone, and says what fails. */
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import manifest from "../../custom-elements.json" with { type: "json" };
import { cpu } from "../../src/cpu/backend.ts";
import { DigitPad } from "../../src/digit_pad.ts";
import { PAD_STYLE } from "../../src/elements/pad_style.ts";
import type { PadCorrection, PadPrediction } from "../../src/elements/pad_types.ts";
import type { Backend } from "../../src/graph/backend.ts";
import { dense, flatten, saveModel, sequential } from "../../src/index.ts";
import { wasm } from "../../src/wasm/open.ts";
import { GLYPHS, type Glyph, pointerPaths } from "../support/digit_strokes.ts";
import { VARIED } from "../support/varied_digits.ts";

const NETWORK = "/examples/digit-pad/digits.safetensors";
const PATIENT = { timeout: 30_000 };
let backend: Backend;

beforeAll(async () => {
  backend = await wasm({ threads: 1 });
});

afterEach(() => document.body.replaceChildren());

const digit = (wanted: number): Glyph => GLYPHS.find((glyph) => glyph.digit === wanted)!;

function made(html: string): DigitPad {
  const holder = document.createElement("div");
  holder.innerHTML = html;
  const pad = holder.querySelector("digit-pad");
  if (!(pad instanceof DigitPad)) throw new Error("No pad was made.");
  pad.backend = backend;
  document.body.append(holder);
  return pad;
}

const reading = (more = "") => made(`<digit-pad style="width: 280px" src="${NETWORK}" ${more}></digit-pad>`);
const inside = (pad: DigitPad, selector: string) => pad.shadowRoot?.querySelector<HTMLElement>(selector);
const text = (pad: DigitPad, selector: string) => inside(pad, selector)?.textContent ?? "";
const next = <T>(pad: DigitPad, type: string) =>
  new Promise<T>((done) =>
    pad.addEventListener(type, (event) => done((event as CustomEvent<T>).detail), { once: true }),
  );

function draw(pad: DigitPad, drawn: Pick<Glyph, "strokes">, id = 1): void {
  const box = inside(pad, ".surface canvas")?.getBoundingClientRect() ?? new DOMRect();
  for (const path of pointerPaths(drawn, 0.7 * box.width, 0.15 * box.width, 0.15 * box.width, box.width / 24)) {
    path.forEach(({ x, y }, index) => {
      const init = { clientX: box.x + x, clientY: box.y + y, pointerId: id, isPrimary: true, pointerType: "mouse" };
      const send = (type: string) => pad.dispatchEvent(new PointerEvent(type, init));
      send(index === 0 ? "pointerdown" : "pointermove");
      if (index === path.length - 1) send("pointerup");
    });
  }
}

async function read(pad: DigitPad, drawn: Pick<Glyph, "strokes">): Promise<PadPrediction> {
  pad.clear();
  draw(pad, drawn);
  const prediction = await pad.predict();
  if (prediction === undefined) throw new Error("The pad is empty.");
  return prediction;
}

function press(pad: DigitPad, key: string, options: KeyboardEventInit = {}): void {
  inside(pad, ".surface")?.dispatchEvent(
    new KeyboardEvent("keydown", { key, bubbles: true, composed: true, ...options }),
  );
}

describe("reading", () => {
  it("reads ordinary digits and all but two of 34 varied ones with the network of the example", async () => {
    const pad = reading();
    const wrong: string[] = [];
    for (let one = 0; one < 10; one++) expect((await read(pad, digit(one))).index).toBe(one);
    for (const one of VARIED) {
      const { label } = await read(pad, one);
      if (label !== String(one.digit)) wrong.push(`${one.digit} ${one.name} as ${label}`);
    }
    expect(wrong.length, wrong.join(", ")).toBeLessThanOrEqual(2);
  });

  it("tells a prediction of what was drawn last, and shows it", async () => {
    const pad = reading();
    const told = next<PadPrediction>(pad, "prediction");
    draw(pad, digit(2));
    const { label, index, probabilities, sure } = await told;
    expect([label, index, sure]).toEqual(["2", 2, true]);
    expect(probabilities.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 5);
    expect(pad.value).toBe("2");
    expect(text(pad, ".digit")).toBe("2");
    expect(text(pad, ".caption")).toMatch(/9\d% sure/);
    expect(text(pad, ".best .label")).toBe("2");
    expect(inside(pad, ".bars")?.children.length).toBe(10);
    const seen = pad.toImageData();
    expect([seen?.width, seen?.height]).toEqual([28, 28]);
    expect(Array.from(seen?.data ?? []).filter((_, at) => at % 4 === 0)).toEqual(
      Array.from(pad.pixels ?? [], (value) => Math.round(255 * value)),
    );
    await expect.poll(() => text(pad, "[role=status]"), PATIENT).toMatch(/^2, /);
  });

  it("takes names of classes, a classifier of the page, and reads again after refresh", async () => {
    const pad = made(`<digit-pad labels="none, one, two"></digit-pad>`);
    let answer = 1;
    pad.classifier = {
      predict: async () => ({
        index: answer,
        probabilities: Float32Array.from([0, 1, 2], (c) => (c === answer ? 0.5 : 0.25)),
      }),
    };
    const first = next<PadPrediction>(pad, "prediction");
    await pad.show(new Float32Array(784).fill(0.5));
    expect(await first).toMatchObject({ label: "one", sure: false });
    expect(text(pad, ".digit")).toBe("one?");
    answer = 2;
    const second = next<PadPrediction>(pad, "prediction");
    pad.refresh();
    expect(await second).toMatchObject({ label: "two" });
  });

  it("asks one question at a time, and answers for the last drawing", async () => {
    const pad = made("<digit-pad></digit-pad>");
    const asked: Float32Array[] = [];
    let open: (() => void) | undefined;
    pad.classifier = {
      predict: async (image) => {
        asked.push(image);
        await new Promise<void>((done) => {
          open = done;
        });
        return { index: asked.length, probabilities: new Float32Array(10).fill(0.1) };
      },
    };
    draw(pad, digit(4));
    await expect.poll(() => asked.length).toBe(1);
    const last = pad.pixels;
    open?.();
    await expect.poll(() => asked.length).toBe(2);
    expect(asked[1]).toBe(last);
    const told = next<PadPrediction>(pad, "prediction");
    open?.();
    expect((await told).index).toBe(2);
    expect(asked.length).toBe(2);
  });
});

describe("in a form", () => {
  it("sends what was read, wants an answer, and is reset and disabled with the form", async () => {
    const form = document.createElement("form");
    form.innerHTML = `<fieldset><digit-pad name="digit" required style="width: 280px" src="${NETWORK}"></digit-pad></fieldset>`;
    const pad = form.querySelector("digit-pad")!;
    pad.backend = backend;
    document.body.append(form);
    expect(form.checkValidity()).toBe(false);
    expect(pad.validity.valueMissing).toBe(true);
    expect(pad.validationMessage).toBe("Draw a digit.");
    const changed = new Promise((done) => form.addEventListener("change", done, { once: true }));
    draw(pad, digit(7));
    await changed;
    expect(new FormData(form).get("digit")).toBe("7");
    expect(form.checkValidity()).toBe(true);
    expect(pad.form).toBe(form);
    form.querySelector("fieldset")!.disabled = true;
    expect(new FormData(form).has("digit")).toBe(false);
    const before = pad.strokes.length;
    draw(pad, digit(1));
    expect(pad.strokes.length).toBe(before);
    form.querySelector("fieldset")!.disabled = false;
    form.reset();
    expect([pad.empty, pad.value, new FormData(form).has("digit")]).toEqual([true, "", false]);
  });

  it("takes a drawing up that the browser kept", async () => {
    const pad = made("<digit-pad></digit-pad>");
    draw(pad, digit(4));
    const kept = JSON.stringify(pad.strokes);
    const other = made("<digit-pad></digit-pad>");
    other.formStateRestoreCallback(kept);
    expect(JSON.stringify(other.strokes)).toBe(kept);
    expect(other.pixels).toEqual(pad.pixels);
    other.undo();
    expect(other.strokes.length).toBe(pad.strokes.length - 1);
  });

  it("takes properties that were set before the element was there", () => {
    const early = document.createElement("digit-pad");
    // As on an element of a page whose script comes later: they lie on the object and hide the accessors.
    for (const [name, value] of [
      ["labels", ["a", "b"]],
      ["penWidth", 30],
      ["teachable", true],
    ] as const)
      Object.defineProperty(early, name, { value, configurable: true, writable: true, enumerable: true });
    document.body.append(early);
    expect(early.getAttribute("labels")).toBe("a,b");
    expect(early.getAttribute("pen-width")).toBe("30");
    expect(early.teachable).toBe(true);
    draw(early, digit(1));
    expect(early.strokes[0]?.width).toBe(30);
  });
});

describe("by keys", () => {
  it("draws a 1, takes it back and clears", async () => {
    const pad = reading();
    pad.focus();
    expect(pad.shadowRoot?.activeElement?.className).toBe("surface");
    for (let step = 0; step < 8; step++) press(pad, "ArrowUp");
    press(pad, " ");
    expect(pad.penDown).toBe(true);
    for (let step = 0; step < 16; step++) press(pad, "ArrowDown");
    const told = next<PadPrediction>(pad, "prediction");
    press(pad, " ");
    expect((await told).label).toBe("1");
    expect(inside(pad, "canvas")?.ariaLabel).toBe("Drawing pad with 1 stroke");
    press(pad, "z", { ctrlKey: true });
    expect(pad.empty).toBe(true);
    press(pad, " ");
    press(pad, "Escape");
    expect([pad.empty, pad.penDown]).toEqual([true, false]);
  });

  it("answers an empty pad with a digit's key", async () => {
    const pad = reading();
    press(pad, "6");
    expect(pad.value).toBe("6");
    expect(text(pad, ".caption")).toBe("Typed");
    press(pad, "Escape");
    expect(pad.value).toBe("");
    draw(pad, digit(3));
    await next(pad, "prediction");
    press(pad, "6");
    expect(pad.value).toBe("3");
  });

  it("is corrected by a button or a key where it is teachable", async () => {
    const pad = reading("teachable");
    draw(pad, digit(3));
    await next(pad, "prediction");
    const told = next<PadCorrection>(pad, "correction");
    inside(pad, ".choice:nth-of-type(9)")?.click();
    const { label, index, image, prediction } = await told;
    expect([label, index, prediction?.label]).toEqual(["8", 8, "3"]);
    expect(image).toBe(pad.pixels);
    expect([pad.value, text(pad, ".caption")]).toEqual(["8", "As you say"]);
    press(pad, "5");
    expect(pad.value).toBe("5");
    draw(pad, digit(3), 2);
    await next(pad, "prediction");
    expect(text(pad, ".caption")).not.toBe("As you say");
  });
});

describe("languages and looks", () => {
  it("speaks the language of the nearest lang, and changes with its own", () => {
    const holder = document.createElement("div");
    holder.lang = "es-MX";
    holder.innerHTML = "<digit-pad></digit-pad>";
    document.body.append(holder);
    const pad = holder.querySelector("digit-pad")!;
    expect(text(pad, ".clear")).toBe("Borrar");
    pad.lang = "en";
    expect(text(pad, ".clear")).toBe("Clear");
    pad.lang = "fr";
    expect(text(pad, ".clear")).toBe("Clear");
  });

  it("takes the page's colour for ink, or a theme's, and stands alone where it is bare", async () => {
    const pad = made(`<digit-pad style="width: 200px; color: rgb(1, 2, 3)"></digit-pad>`);
    const ink = () => {
      const canvas = pad.shadowRoot?.querySelector("canvas");
      const data = canvas?.getContext("2d")?.getImageData(canvas.width / 2, canvas.height / 2, 1, 1).data ?? [];
      return Array.from(data);
    };
    await pad.show(new Float32Array(784).fill(1));
    await expect.poll(ink).toEqual([1, 2, 3, 255]);
    pad.removeAttribute("style");
    pad.theme = "dark";
    pad.redraw();
    await expect.poll(ink).toEqual([232, 234, 237, 255]);
    expect(pad.shadowRoot?.querySelectorAll("button").length).toBeGreaterThan(1);
    pad.bare = true;
    expect(pad.shadowRoot?.querySelectorAll("button").length).toBe(0);
    expect(pad.shadowRoot?.querySelectorAll("canvas").length).toBe(1);
  });
});

describe("failures", () => {
  const failed = (pad: DigitPad) =>
    new Promise<ErrorEvent>((done) => pad.addEventListener("error", done, { once: true }));

  it("says that a network is not there, draws on, and tries again", async () => {
    const pad = made(`<digit-pad style="width: 280px" src="http://127.0.0.1:9/no-network.safetensors"></digit-pad>`);
    const { error, bubbles } = await failed(pad);
    expect(error).toMatchObject({ code: "network" });
    expect(bubbles).toBe(false);
    expect(text(pad, ".caption")).toBe("The network did not come. Check the address and the connection.");
    draw(pad, digit(2));
    expect(pad.strokes.length).toBe(1);
    await expect(pad.predict()).rejects.toBe(error);
    const again = failed(pad);
    inside(pad, ".retry")?.click();
    expect((await again).error).toMatchObject({ code: "network" });
    const told = next<PadPrediction>(pad, "prediction");
    pad.src = NETWORK;
    expect((await told).label).toBe("2");
    expect(inside(pad, ".retry")?.hidden).toBe(true);
  });

  it("says that a file is no network for it, or that names are too few", async () => {
    const pad = made(`<digit-pad src="/package.json"></digit-pad>`);
    expect((await failed(pad)).error).toMatchObject({ code: "format" });
    expect(text(pad, ".caption")).toBe("This file is no network that the pad can use.");
    expect(inside(pad, ".retry")?.hidden).toBe(true);
    const few = reading(`labels="a,b"`);
    expect((await failed(few)).message).toContain("2 labels for a model with 10 classes");
  });

  it("says that a network of another size is none for it", async () => {
    const file = URL.createObjectURL(
      new Blob([saveModel(sequential({ inputShape: [8, 8, 1] }, [flatten(), dense({ units: 10 })]))]),
    );
    const pad = made(`<digit-pad src="${file}"></digit-pad>`);
    expect((await failed(pad)).message).toMatch(/28.*28/);
    expect(text(pad, ".caption")).toBe("This file is no network that the pad can use.");
  });

  it("rejects predict where there is no network, and gives nothing for an empty pad", async () => {
    const pad = made("<digit-pad></digit-pad>");
    expect(await pad.predict()).toBeUndefined();
    draw(pad, digit(2));
    await expect(pad.predict()).rejects.toThrow("there is no network to read with");
    pad.classifier = { predict: () => Promise.reject(new Error("broken")) };
    expect((await failed(pad)).message).toBe("broken");
    expect(text(pad, ".caption")).toBe("The network could not read this.");
  });

  it("reads on the CPU backend too, and lets its network go when it leaves the page", async () => {
    const pad = document.createElement("digit-pad");
    pad.backend = cpu();
    pad.src = NETWORK;
    const told = next<PadPrediction>(pad, "prediction");
    document.body.append(pad);
    draw(pad, digit(0));
    expect((await told).label).toBe("0");
    pad.remove();
    await Promise.resolve();
    await expect(pad.predict()).rejects.toThrow("there is no network");
    // On the page again it opens it again.
    const again = next<PadPrediction>(pad, "prediction");
    document.body.append(pad);
    expect((await again).label).toBe("0");
  });
});

describe("custom-elements.json", () => {
  const element = manifest.modules[0]!.declarations[0]!;
  const names = (list: readonly { name: string }[]) => list.map(({ name }) => name);

  it("names the attributes that are observed, and the others that change something", () => {
    const { attributes } = element;
    expect(names(attributes)).toEqual(expect.arrayContaining([...DigitPad.observedAttributes]));
    for (const { fieldName } of attributes.filter(({ fieldName }) => fieldName !== undefined))
      expect(fieldName && fieldName in DigitPad.prototype, fieldName).toBe(true);
  });

  it("names every public member", () => {
    const own: string[] = [];
    // From the element's own class up to the browser's.
    for (let proto: object = DigitPad.prototype; proto !== HTMLElement.prototype; proto = Object.getPrototypeOf(proto))
      own.push(...Object.getOwnPropertyNames(proto));
    // What the browser calls, what only subclasses see, and what every element has.
    const inner = [/Callback$/, /^(constructor|addEventListener|openClassifier|redrawn|penMoved|render|isDisabled)$/];
    inner.push(/^(language|words|setValue|checkRequired|nameSurface)$/);
    const fields = element.attributes.map(({ fieldName }) => fieldName);
    const found = own.filter((name) => !inner.some((pattern) => pattern.test(name)) && !fields.includes(name));
    expect([...new Set(found)].sort()).toEqual(names(element.members).sort());
  });

  it("names every part and every variable of the style", () => {
    const pad = made("<digit-pad teachable></digit-pad>");
    const parts = new Set<string>();
    for (const one of pad.shadowRoot?.querySelectorAll("[part]") ?? []) for (const name of one.part) parts.add(name);
    parts.delete("unseen");
    expect([...parts].sort()).toEqual(names(element.cssParts).sort());
    const variables = new Set([...PAD_STYLE.matchAll(/--digit-pad-\w+/g)].map(([name]) => name));
    expect([...variables].sort()).toEqual(names(element.cssProperties).sort());
  });
});
