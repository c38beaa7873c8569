/** Pictures of models: `toSvg` and `toMermaid`. */
import { describe, expect, it } from "vitest";
import { toMermaid, toSvg } from "../../src/diagram.ts";
import {
  ArgumentError,
  add,
  constant,
  conv2d,
  dense,
  flatten,
  freeze,
  input,
  maxPooling2d,
  model,
  operation,
  sequential,
  splitTensor,
} from "../../src/index.ts";

const chain = () =>
  sequential({ inputShape: [28, 28, 1] }, [
    conv2d({ filters: 32, kernelSize: 3, padding: "same", activation: "relu" }),
    maxPooling2d({ poolSize: 2 }),
    flatten(),
    dense({ units: 10 }),
  ]);

function branches(name = "stem") {
  const x = input([8, 8, 2], { name: "picture" });
  const stem = conv2d({ filters: 4, kernelSize: 3, padding: "same", name })(x);
  const shared = conv2d({ filters: 4, kernelSize: 1, name: "shared" });
  const sum = add()([shared(shared(stem)), stem]);
  const [top, bottom] = splitTensor({ parts: 2, name: "parts" })(sum);
  const scaled = operation({ op: "mul", name: "scaled" })(
    top ?? x,
    constant({ shape: [2], data: [2, 3], name: "two" }),
  );
  return model({ inputs: x, outputs: [dense({ units: 3 })(flatten()(scaled)), bottom ?? x] });
}

/** Reads XML of elements, attributes and texts, strictly; gives each element's name and what its own text is. */
function elementsOf(xml: string): { name: string; attributes: Record<string, string>; text: string }[] {
  const found: { name: string; attributes: Record<string, string>; text: string }[] = [];
  const open: number[] = [];
  const token = /<(\/?)([a-z]+)((?: [\w:-]+="[^"<]*")*)(\/?)>|([^<]+)/gy;
  let read = 0;
  for (let match = token.exec(xml); match; match = token.exec(xml)) {
    read = token.lastIndex;
    const [, closing, name = "", attributes = "", alone, text] = match;
    if (text !== undefined) {
      expect(text.replace(/&#\d+;/g, "")).not.toContain("&");
      const holder = found[open.at(-1) ?? -1];
      if (holder) holder.text += text.replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)));
    } else if (closing) expect(found[open.pop() ?? -1]?.name).toBe(name);
    else {
      const pairs = [...attributes.matchAll(/ ([\w:-]+)="([^"]*)"/g)].map(([, key, value]) => [key, value]);
      found.push({ name, attributes: Object.fromEntries(pairs), text: "" });
      if (!alone) open.push(found.length - 1);
    }
  }
  expect([read, open]).toEqual([xml.length, []]);
  return found;
}

const boxes = (svg: string) =>
  elementsOf(svg)
    .filter(({ name, attributes }) => name === "rect" && attributes["class"] === "b")
    .map(
      ({ attributes }) =>
        ["x", "y", "width", "height"].map((key) => Number(attributes[key])) as [number, number, number, number],
    );

const texts = (svg: string) => elementsOf(svg).flatMap(({ name, text }) => (name === "text" ? [text] : []));

describe("toSvg", () => {
  it("shows each layer with shape, neurons and parameters, as the summary has them", () => {
    const svg = toSvg(chain());
    expect(texts(svg)).toEqual([
      ...["input", "28×28×1", "784 neurons"],
      ...["conv2d", "28×28×32", "25,088 neurons · 320 parameters"],
      ...["max_pooling2d", "14×14×32", "6,272 neurons"],
      ...["flatten", "6272", "6,272 neurons"],
      ...["dense", "10 · output", "10 neurons · 62,730 parameters"],
    ]);
    expect(svg).toContain('aria-label="A network of 4 layers, 63,050 parameters"');
    expect(texts(toSvg(freeze(chain())))).toContain("28×28×32 · frozen");
    const wide = sequential({ inputShape: [4] }, [dense({ units: 1, name: "層".repeat(60) })]);
    expect(texts(toSvg(wide))[3]).toBe(`${"層".repeat(18)}…`);
  });

  it("draws branches beside each other: no box covers another, all lie inside, and a line leads to each from all it reads", () => {
    const svg = toSvg(branches());
    const all = boxes(svg);
    expect(all).toHaveLength(10);
    expect(texts(svg)).toContain("shared (use 2) · conv2d");
    all.forEach(([x, y, width, height], index) => {
      for (const [otherX, otherY] of all.slice(index + 1)) {
        expect(Math.abs(x - otherX) >= width || Math.abs(y - otherY) >= height).toBe(true);
      }
    });
    const size = elementsOf(svg)[0]?.attributes ?? {};
    for (const [x, y, width, height] of all) {
      expect(x + width).toBeLessThan(Number(size["width"]));
      expect(y + height).toBeLessThan(Number(size["height"]));
    }
    // Inputs of: stem, shared twice, add (2), parts, scaled (2), flatten, dense.
    expect(elementsOf(svg).filter(({ attributes }) => attributes["class"] === "l")).toHaveLength(10);
  });

  it("is one of light and dark, or both by what the visitor prefers, and leaves a page's own classes alone", () => {
    expect(toSvg(chain())).toContain("prefers-color-scheme:dark");
    for (const theme of ["light", "dark"] as const) expect(toSvg(chain(), { theme })).not.toContain("@media");
    const [style = { text: "" }] = elementsOf(toSvg(chain(), { theme: "dark" })).filter(({ name }) => name === "style");
    for (const rule of style.text.split("}").filter((text) => text.includes("{")))
      expect(rule).toMatch(/^\.corteza-dark /);
    expect(() => toSvg(chain(), { theme: "grey" as never })).toThrow(/toSvg: theme must be/);
    expect(() => toSvg({} as never)).toThrow(ArgumentError);
  });

  it.each(['"><script>alert(1)</script>', "a&b <i>", "]]>'\"", "\u0000\u0007", "ñ🙂", "\ud800"])(
    "takes a layer's name as text, whatever it is: %j",
    (name) => {
      const svg = toSvg(branches(name));
      expect(new Set(elementsOf(svg).map((element) => element.name))).toEqual(
        new Set(["svg", "desc", "style", "rect", "path", "g", "text", "title"]),
      );
    },
  );
});

describe("toMermaid", () => {
  it("is a flowchart of every layer and every line", () => {
    expect(toMermaid(chain())).toBe(
      [
        "flowchart TD",
        '  n0(["input<br>28×28×1<br>784 neurons"])',
        '  n1["conv2d<br>28×28×32<br>25,088 neurons · 320 parameters"]',
        '  n2["max_pooling2d<br>14×14×32<br>6,272 neurons"]',
        '  n3["flatten<br>6272<br>6,272 neurons"]',
        '  n4(["dense<br>10 · output<br>10 neurons · 62,730 parameters"])',
        ...["  n0 --> n1", "  n1 --> n2", "  n2 --> n3", "  n3 --> n4", ""],
      ].join("\n"),
    );
    expect(toMermaid(branches()).match(/-->/g)).toHaveLength(10);
  });

  it("takes a layer's name as text: no quote, no markup, no line of its own", () => {
    const text = toMermaid(branches('a"]; click n0 "javascript:x"\n  n9 --> n0 <b>'));
    expect(text.split("\n")).toHaveLength(toMermaid(branches()).split("\n").length);
    expect(text).toContain("a#34;#93;#59; click n0 #34;javascript#58;x#34; n9 --#62; n0 #60;b#62;");
    expect(() => toMermaid(undefined as never)).toThrow(/toMermaid: wants a model/);
  });
});
