import { className } from "../classes.ts";
import { make, write } from "../dom.ts";
import { count, percent } from "../language.ts";
import { denseSum, evidenceOf, inputOf } from "./maps.ts";
import { tell } from "./messages.ts";
import { magnitude, paint, signed } from "./paint.ts";
import { bracketed, type Look, number, type Step, section } from "./step.ts";

interface Row {
  readonly row: HTMLTableRowElement;
  readonly cells: readonly HTMLElement[];
  readonly fill: HTMLElement;
  readonly evidence: HTMLCanvasElement;
}

/** The last layer: scores, softmax, and where the scores come from. */
export class AnswerStep implements Step {
  readonly element: HTMLElement;
  readonly #index: number;
  readonly #parts = section("step-answer");
  readonly #heads = Array.from({ length: 5 }, () => make("th"));
  readonly #body = make("tbody");
  readonly #formula = make("p", { className: "step-formula" });
  readonly #note = make("p", { className: "note" });
  #rows: readonly Row[] = [];

  /** `index` is the layer whose outputs are the scores. */
  constructor(index: number) {
    this.#index = index;
    this.element = this.#parts.element;
    for (const head of this.#heads) head.scope = "col";
    const table = make(
      "table",
      { className: "answer-table" },
      make("thead", {}, make("tr", {}, ...this.#heads)),
      this.#body,
    );
    this.element.append(make("div", { className: "scroller" }, table), this.#formula, this.#note);
  }

  show(look: Look): void {
    const text = tell();
    const { model, inspection } = look;
    const { logits, probabilities } = inspection;
    const classes = logits.data.length;
    const placed = model.layers[this.#index];
    const kernel = placed && inspection.parameters.get(`${placed.name}/kernel`);
    write(this.#parts.title, text.inDecisionTitle);
    write(
      this.#parts.text,
      `${kernel ? `${text.inDecisionText(count(kernel.shape[0] ?? 0))} ` : ""}${text.inSoftmaxText(count(classes))}`,
    );
    [text.inClass, text.inScore, text.inPower, text.inProbability, text.inEvidence].forEach((word, index) => {
      const head = this.#heads[index];
      if (head) write(head, word);
    });
    if (this.#rows.length !== classes) {
      this.#rows = Array.from({ length: classes }, (_, index) => makeRow(index));
      this.#body.replaceChildren(...this.#rows.map(({ row }) => row));
    }
    const most = logits.data.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
    const found = this.#rows.map((_, index) => evidenceOf(model, inspection, this.#index, index));
    const maps = found.every((map) => map !== undefined) ? found : undefined;
    const range = Math.max(...(maps ?? []).map(({ values }) => magnitude(values)), 0);
    this.#rows.forEach(({ row, cells, fill, evidence: canvas }, index) => {
      const [score = 0, share = 0] = [logits.data[index], probabilities.data[index]];
      row.classList.toggle("winner", score === most);
      if (row.cells[0]) write(row.cells[0], className(index));
      [number(score), number(Math.exp(score - most)), percent(share, 1)].forEach((word, cell) => {
        const place = cells[cell];
        if (place) write(place, word);
      });
      fill.style.setProperty("--share", String(share));
      const map = maps?.[index];
      canvas.parentElement?.toggleAttribute("hidden", map === undefined);
      canvas.ariaLabel = text.inEvidenceOf(className(index));
      if (map) paint(canvas, map.rows, map.columns, (place) => signed(map.values[place] ?? 0, range));
    });
    const lastHead = this.#heads[4];
    if (lastHead) lastHead.hidden = maps === undefined;
    write(this.#note, maps === undefined ? "" : text.inEvidenceNote);
    this.#showFormula(look, most);
  }

  /** How the winner's share comes about. */
  #showFormula({ model, inspection }: Look, most: number): void {
    const text = tell();
    const { logits, probabilities } = inspection;
    const winner = logits.data.indexOf(most);
    const name = model.layers[this.#index]?.name;
    const kernel = inspection.parameters.get(`${name}/kernel`);
    const input = inputOf(model, inspection, this.#index);
    const powers = logits.data.reduce((sum, score) => sum + Math.exp(score - most), 0);
    const share = `${number(1)} / ${number(powers)} = ${percent(probabilities.data[winner] ?? 0, 1)}`;
    const products = kernel && denseSum(input, kernel, winner);
    const bias = inspection.parameters.get(`${name}/bias`)?.data[winner] ?? 0;
    const score =
      products === undefined
        ? `${text.inScoreOf(className(winner))}: ${number(most)}`
        : `${text.inScoreOf(className(winner))}: ${text.inSumOf(count(input.data.length), number(products))} + ${text.inBias} ${bracketed(bias)} = ${number(products + bias)}`;
    write(this.#formula, `${score}\n${text.inShareOf}: ${share}`);
  }
}

function makeRow(digit: number): Row {
  const fill = make("span", { className: "bar-fill" });
  const share = make("span");
  const cells = [make("td"), make("td"), share];
  const canvas = make("canvas", { className: "evidence" });
  canvas.setAttribute("role", "img");
  const head = make("th", { text: String(digit) });
  head.scope = "row";
  const row = make(
    "tr",
    {},
    head,
    ...cells.slice(0, 2),
    make("td", { className: "share" }, make("div", {}, make("span", { className: "bar-track" }, fill), share)),
    make("td", {}, canvas),
  );
  return { row, cells, fill, evidence: canvas };
}
