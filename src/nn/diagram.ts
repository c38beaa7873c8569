/** Pictures of a model: as SVG, and as the text of a Mermaid diagram. */
import { at } from "../core/at.ts";
import { ArgumentError } from "../core/errors.ts";
import { formatCount } from "../core/format.ts";
import { checkOptions, describeValue } from "../core/options.ts";
import type { Shape } from "../core/shape.ts";
import { Model } from "./model.ts";

/** A box of the picture: an input, or a layer. */
interface Box {
  readonly name: string;
  /** "conv2d", or "input". */
  readonly kind: string;
  /** What it gives, "28×28×32". */
  readonly shapes: readonly string[];
  readonly neurons: number;
  readonly parameters: number;
  readonly frozen: boolean;
  readonly isOutput: boolean;
  /** Numbers of the boxes whose tensors it reads. */
  readonly reads: readonly number[];
}

const shapeText = (shape: Shape) => (shape.length === 0 ? "1" : shape.join("×"));

/** A layer that is called several times is one box a call. */
function boxesOf(what: string, model: Model): Box[] {
  if (!(model instanceof Model)) {
    throw new ArgumentError(
      `${what}: wants a model, as sequential() and model() make it, got ${describeValue(model)}.`,
    );
  }
  const config = model.toJSON();
  const rows = new Map(model.summary().rows.map((row) => [row.name, row]));
  const layers = new Map(model.layers.map((layer) => [layer.name, layer]));
  const calls =
    config.kind === "functional"
      ? config.calls
      : model.layers.map(({ name }, index) => ({ layer: name, inputs: [index] }));
  const boxes: Box[] = model.inputShapes.map((shape, index) => ({
    ...{ name: at(model.inputNames, index), kind: "input", shapes: [shapeText(shape)], parameters: 0 },
    ...{ neurons: shape.reduce((size, extent) => size * extent, 1), frozen: false, isOutput: false, reads: [] },
  }));
  /** The box that makes each tensor. */
  const makers = boxes.map((_, index) => index);
  const uses = new Map<string, number>();
  for (const { layer: name } of calls) uses.set(name, (uses.get(name) ?? 0) + 1);
  const seen = new Map<string, number>();
  const outputs = config.kind === "functional" ? config.outputs : [boxes.length + calls.length - 1];
  for (const { layer: name, inputs } of calls) {
    const { layer, outputShapes } = layers.get(name) ?? {};
    const row = rows.get(name);
    if (!layer || !outputShapes || !row) continue;
    const use = (seen.get(name) ?? 0) + 1;
    seen.set(name, use);
    const count = uses.get(name) ?? 1;
    const first = makers.length;
    boxes.push({
      name: count === 1 ? name : `${name} (use ${use})`,
      kind: layer.config.kind,
      shapes: outputShapes.map(shapeText),
      neurons: Math.round(row.neurons / count),
      parameters: use === 1 ? row.parameters : 0,
      frozen: row.parameters > 0 && !layer.trainable,
      isOutput: outputs.some((tensor) => tensor >= first && tensor < first + outputShapes.length),
      reads: [...new Set(inputs.map((tensor) => at(makers, tensor)))],
    });
    for (const _ of outputShapes) makers.push(boxes.length - 1);
  }
  return boxes;
}

/** The name, and what kind of layer it is where that is not in the name: "stem · conv2d", "conv2d_1". */
function titleText({ name, kind }: Box): string {
  const automatic = kind.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return kind === "input" || name.replace(/( \(use \d+\)|_\d+)+$/, "") === automatic ? name : `${name} · ${kind}`;
}

/** "12,544 neurons · 320 parameters". */
function countsText({ neurons, parameters }: Box): string {
  const texts = [`${formatCount(neurons)} neurons`];
  if (parameters > 0) texts.push(`${formatCount(parameters)} parameters`);
  return texts.join(" · ");
}

/** "14×14×64 · frozen". */
function shapesText({ shapes, frozen, isOutput }: Box): string {
  return [shapes.join(", "), ...(frozen ? ["frozen"] : []), ...(isOutput ? ["output"] : [])].join(" · ");
}

/** Text as Mermaid shows it between quotes: nothing of it is markup, whatever a layer is called. */
function mermaidText(text: string): string {
  return Array.from(text.replace(/\s+/g, " "), (char) =>
    /[\p{L}\p{N} .,·×()_-]/u.test(char) ? char : `#${char.codePointAt(0)};`,
  ).join("");
}

/**
 * A model as a Mermaid flowchart: a text that documents on GitHub, GitLab and in many editors show as a diagram, with each layer's
 * kind, shape, neurons and parameters. Throws `ArgumentError` for what is no model.
 */
export function toMermaid(model: Model): string {
  const boxes = boxesOf("toMermaid", model);
  const lines = boxes.map((box, index) => {
    const text = [titleText(box), shapesText(box), countsText(box)].map(mermaidText).join("<br>");
    const [open, close] = box.kind === "input" || box.isOutput ? ["([", "])"] : ["[", "]"];
    return `  n${index}${open}"${text}"${close}`;
  });
  const arrows = boxes.flatMap(({ reads }, index) => reads.map((from) => `  n${from} --> n${index}`));
  return `flowchart TD\n${[...lines, ...arrows].join("\n")}\n`;
}

/** How a picture looks. */
export interface SvgOptions {
  /** "light", "dark", or by what the page's visitor prefers (default). */
  theme?: "auto" | "light" | "dark";
}

const WIDTH = 300;
const HEIGHT = 62;
const GAP = { x: 28, y: 34 };
const MARGIN = 16;
/** What fits into a box, in widths of a usual character of bold text. */
const MOST_WIDE = 38;

/** Kinds by what they do, each with a colour of its own on light and dark. */
const FAMILIES: readonly (readonly [name: string, kinds: RegExp, light: string, dark: string])[] = [
  ["input", /^input$/, "#5f6b7a", "#9aa7b8"],
  ["convolution", /conv/i, "#1f6fb2", "#6db3ee"],
  ["pooling", /pooling/i, "#a3570f", "#f0a35a"],
  ["dense", /^dense$/, "#7a3fa6", "#c79bea"],
  ["normalization", /normalization|dropout|noise/i, "#2d7d46", "#79c893"],
  ["other", /./, "#5f6b7a", "#9aa7b8"],
];

const familyOf = (kind: string) => FAMILIES.findIndex(([, kinds]) => kinds.test(kind));

/** Rules for the boxes of pictures of one theme: where a picture stands in a page, the page's own classes are left alone. */
function colors(scope: string, dark: boolean): string {
  const [ground, box, text, quiet, line] = dark
    ? ["#14181d", "#1e242b", "#eef2f6", "#a9b4c0", "#7d8894"]
    : ["#ffffff", "#f6f8fa", "#1b2129", "#55606c", "#7d8894"];
  const rules = [
    `g{fill:${ground}}`,
    `b{fill:${box};stroke:${line}}`,
    `t{fill:${text}}`,
    `q{fill:${quiet}}`,
    `l{fill:none;stroke:${line};stroke-width:1.5}`,
    `a{fill:${line}}`,
    ...FAMILIES.map(([, , light, night], index) => `f${index}{fill:${dark ? night : light}}`),
  ];
  return rules.map((rule) => `.${scope} .${rule}`).join("");
}

function styleOf(theme: NonNullable<SvgOptions["theme"]>): string {
  const scope = `corteza-${theme}`;
  const texts = `.${scope} text{font:12px system-ui,sans-serif}.${scope} .n{font-weight:600}`;
  if (theme !== "auto") return colors(scope, theme === "dark") + texts;
  return `${colors(scope, false)}@media (prefers-color-scheme:dark){${colors(scope, true)}}${texts}`;
}

/** Text as XML holds it; what XML forbids becomes a space. */
function xml(text: string): string {
  return (
    text
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what XML forbids.
      .replace(/[\u0000-\u001f\ufffe\uffff]|\p{Surrogate}/gu, " ")
      .replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)
  );
}

/** How wide a character is: pictures and letters of East Asia are twice as wide as most, capitals somewhat wider. */
const widthOf = (char: string) => ((char.codePointAt(0) ?? 0) > 0x2e7f ? 2 : /[\p{Lu}mw@%]/u.test(char) ? 1.3 : 1);

function shortened(text: string): string {
  const chars = [...text];
  let wide = 0;
  const fitting = chars.findIndex((char) => {
    wide += widthOf(char);
    return wide > MOST_WIDE;
  });
  return fitting < 0 ? text : `${chars.slice(0, fitting - 1).join("")}…`;
}

/** Where each box lies: its row is below all that it reads, its column beside the others of that row. */
function placesOf(boxes: readonly Box[]): { x: number; y: number; row: number; column: number }[] {
  const rows: number[] = [];
  for (const { reads } of boxes)
    rows.push(reads.length === 0 ? 0 : 1 + Math.max(...reads.map((from) => at(rows, from))));
  // What reads nothing stands just above its first reader.
  boxes.forEach(({ reads, kind }, index) => {
    if (reads.length > 0 || kind === "input") return;
    const readers = boxes.flatMap((box, other) => (box.reads.includes(index) ? [at(rows, other)] : []));
    rows[index] = Math.max(0, Math.min(...readers, rows.length) - 1);
  });
  const columns: number[] = [];
  /** Columns of each row that are taken: by boxes, and by lines that pass. */
  const taken = new Map<number, Set<number>>();
  const isFree = (row: number, column: number) => !taken.get(row)?.has(column);
  const take = (row: number, column: number) => taken.set(row, (taken.get(row) ?? new Set()).add(column));
  boxes.forEach(({ reads }, index) => {
    const row = at(rows, index);
    let column = reads.length === 0 ? 0 : Math.min(...reads.map((from) => at(columns, from)));
    while (!isFree(row, column)) column++;
    columns.push(column);
    take(row, column);
  });
  return boxes.map((_, index) => {
    const [row, column] = [at(rows, index), at(columns, index)];
    return { row, column, x: MARGIN + column * (WIDTH + GAP.x), y: MARGIN + row * (HEIGHT + GAP.y) };
  });
}

/** A line from one box to another; past boxes that lie between, in the gap beside their column. */
function lineBetween(
  from: { x: number; y: number; row: number; column: number },
  to: { x: number; y: number; row: number; column: number },
): string {
  const [x0, y0] = [from.x + WIDTH / 2, from.y + HEIGHT];
  const [x1, y1] = [to.x + WIDTH / 2, to.y - 6];
  if (to.row - from.row === 1) {
    const middle = (y0 + y1) / 2;
    return x0 === x1 ? `M${x0} ${y0}V${y1}` : `M${x0} ${y0}C${x0} ${middle} ${x1} ${middle} ${x1} ${y1}`;
  }
  const side = Math.max(from.x, to.x) + WIDTH + GAP.x / 2;
  const low = to.y - GAP.y / 2;
  const high = from.y + HEIGHT + GAP.y / 2;
  return `M${x0} ${y0}C${x0} ${high} ${side} ${y0} ${side} ${high + GAP.y}V${low - GAP.y}C${side} ${to.y} ${x1} ${low} ${x1} ${y1}`;
}

/**
 * A model as an SVG picture: a box a layer with its shape, neurons and parameters, and lines for what reads what. Each call of a
 * layer that is called several times is a box. It has a title, and a description as text for those who do not see it. No fonts, no
 * scripts, nothing from elsewhere: it may stand in a page, or in a file of its own. Throws `ArgumentError` for what is no model.
 *
 *     element.innerHTML = toSvg(model);
 */
export function toSvg(model: Model, options: SvgOptions = {}): string {
  checkOptions("toSvg", options, { theme: "string" });
  const { theme = "auto" } = options;
  if (!["auto", "light", "dark"].includes(theme)) {
    throw new ArgumentError(`toSvg: theme must be "auto", "light" or "dark", got ${describeValue(theme)}.`);
  }
  const boxes = boxesOf("toSvg", model);
  const places = placesOf(boxes);
  const lines = boxes.flatMap(({ reads }, index) =>
    reads.map((from) => {
      const to = at(places, index);
      const tip = `${to.x + WIDTH / 2} ${to.y}`;
      return `<path class="l" d="${lineBetween(at(places, from), to)}"/><path class="a" d="M${tip}l-4 -7h8z"/>`;
    }),
  );
  const drawn = boxes.map((box, index) => {
    const { x, y } = at(places, index);
    const text = (row: number, name: string, value: string) =>
      `<text class="${name}" x="${x + 16}" y="${y + row}">${xml(shortened(value))}</text>`;
    const title = titleText(box);
    return (
      `<g><rect class="b" x="${x}" y="${y}" width="${WIDTH}" height="${HEIGHT}" rx="7"/>` +
      `<rect class="f${familyOf(box.kind)}" x="${x}" y="${y + 7}" width="5" height="${HEIGHT - 14}"/>` +
      `${text(20, "t n", title)}${text(38, "t", shapesText(box))}` +
      `${text(54, "q", countsText(box))}<title>${xml(`${title}: ${shapesText(box)}, ${countsText(box)}`)}</title></g>`
    );
  });
  const passes = boxes.some(({ reads }, index) =>
    reads.some((from) => at(places, index).row - at(places, from).row > 1),
  );
  const width = Math.max(...places.map(({ x }) => x)) + WIDTH + MARGIN + (passes ? GAP.x : 0);
  const height = Math.max(...places.map(({ y }) => y)) + HEIGHT + MARGIN;
  const { parameters } = model.summary();
  const about = boxes.map((box) => `${box.name} ${box.shapes.join(", ")}`).join("; ");
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" class="corteza-${theme}" ` +
    `aria-label="${xml(`A network of ${boxes.length - model.inputShapes.length} layers, ${formatCount(parameters)} parameters`)}">` +
    `<desc>${xml(about)}</desc><style>${styleOf(theme)}</style>` +
    `<rect class="g" width="${width}" height="${height}"/>${lines.join("")}${drawn.join("")}</svg>`
  );
}
