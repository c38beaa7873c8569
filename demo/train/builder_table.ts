/** What the table of the network is made of: lines of figures, buttons, choices. */
import { make } from "../dom.ts";
import { count, language, say, trainSay } from "../language.ts";
import { kindName, problemWords } from "./builder_words.ts";
import type { Analysis, Row } from "./design.ts";

/** A shape, a count, or words. */
export type Cell = readonly number[] | number | string;

export function cellText(value: Cell): string {
  if (typeof value === "string") return value;
  if (typeof value === "number") return value === 0 ? "–" : count(value);
  return value.map(count).join("×");
}

export function line(options: {
  name: string;
  detail: string;
  cells: readonly Cell[];
  action?: Node;
}): HTMLTableRowElement {
  const head = make("th", { text: options.name });
  head.scope = "row";
  if (options.detail !== "") head.append(" ", make("span", { className: "layer-detail", text: options.detail }));
  return make(
    "tr",
    {},
    head,
    ...options.cells.map((value) => make("td", { className: "number", text: cellText(value) })),
    make("td", { className: "layer-action" }, ...(options.action ? [options.action] : [])),
  );
}

export function button(text: string, run: () => void): HTMLButtonElement {
  const made = make("button", { text });
  made.type = "button";
  made.addEventListener("click", run);
  return made;
}

export function fillOptions(select: HTMLSelectElement, options: readonly (readonly [string, string])[]): void {
  const { value } = select;
  select.replaceChildren(...options.map(([key, text]) => new Option(text, key)));
  if (value !== "") select.value = value;
}

/** The sums under the table; where the network cannot work, why there are none. */
export function totalsLine(rows: readonly Row[], { counts, problem }: Analysis): HTMLTableRowElement {
  const total = (read: (one: (typeof counts)[number]) => number) => counts.reduce((sum, one) => sum + read(one), 0);
  return line({
    name: say().layerTotal,
    detail: whyNoTotals(rows, problem),
    cells: problem
      ? ["", "–", "–", "–"]
      : ["", 784 + total((c) => c.neurons), total((c) => c.parameters), total((c) => c.multiplyAdds)],
  });
}

function whyNoTotals(rows: readonly Row[], problem: Analysis["problem"]): string {
  const row = problem && rows[problem.row];
  if (problem === undefined || row === undefined) return "";
  return trainSay().totalsUnknown(kindName(row.kind), count(problem.row + 1));
}

/** What is wrong with a row; the library says the same once more, in English. */
export function problemParts(problem: NonNullable<Analysis["problem"]>, row: Row): HTMLElement[] {
  const words = make("span", { text: problemWords(problem, row) });
  if (problem.message === undefined || language() !== "en") return [words];
  const message = make("span", { className: "layer-message", text: problem.message });
  message.lang = "en";
  return [words, message];
}
