/** The confusion matrix as a table whose cells are buttons: one Tab stop, the arrow keys go from cell to cell. */
import { className, hasLongNames } from "../classes.ts";
import { find, make, write } from "../dom.ts";
import { count, percent, say } from "../language.ts";
import { type Cell, shades } from "./mistakes.ts";

/** Rows and columns of an arrow key's step. */
const STEPS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};

export interface ConfusionView {
  /** Counts [label][answer]. */
  readonly confusion: readonly (readonly number[])[];
  /** Shares of each row in place of counts. */
  readonly byShare: boolean;
  readonly selected: Cell | undefined;
}

export class ConfusionTable {
  readonly #table = find("confusion", HTMLTableElement);
  readonly #onCell: (cell: Cell) => void;
  #cells: HTMLButtonElement[][] = [];
  /** The cell that Tab leads to. */
  #place: readonly [number, number] = [0, 0];

  constructor(onCell: (cell: Cell) => void) {
    this.#onCell = onCell;
    this.#table.addEventListener("keydown", (event) => {
      const step = STEPS[event.key];
      if (step === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      const [row, column] = this.#place;
      this.#moveTo(row + step[0], column + step[1]);
    });
  }

  /** Puts the focus on a cell. */
  focus({ label, answer }: Cell): void {
    this.#moveTo(label, answer);
  }

  #moveTo(row: number, column: number): void {
    const to = this.#cells[row]?.[column];
    if (to === undefined) return;
    this.#stop(row, column);
    to.focus();
  }

  /** Makes a cell the one that Tab leads to. */
  #stop(row: number, column: number): void {
    const [before, beforeColumn] = this.#place;
    const old = this.#cells[before]?.[beforeColumn];
    if (old) old.tabIndex = -1;
    this.#place = [row, column];
    const cell = this.#cells[row]?.[column];
    if (cell) cell.tabIndex = 0;
  }

  /** Writes everything, in the page's language. */
  render({ confusion, byShare, selected }: ConfusionView): void {
    const text = say();
    if (this.#cells.length !== confusion.length) this.#build(confusion.length);
    this.#table.classList.toggle("named", hasLongNames());
    write(find("confusion-caption", HTMLElement), text.confusionCaption);
    for (const head of this.#table.querySelectorAll<HTMLElement>("[data-class]")) {
      write(head, className(Number(head.dataset["class"])));
      head.title = head.textContent ?? "";
    }
    const shade = shades(confusion, byShare);
    confusion.forEach((row, label) => {
      const total = row.reduce((sum, value) => sum + value, 0);
      row.forEach((value, answer) => {
        const cell = this.#cells[label]?.[answer];
        if (cell === undefined) return;
        const shown = byShare && total > 0 ? percent(value / total) : count(value);
        write(cell, value === 0 ? "·" : byShare ? withoutSign(shown) : shown);
        cell.ariaLabel = text.confusionCell(value === 0 ? "0" : shown, className(label), className(answer));
        cell.style.setProperty("--share", (shade[label]?.[answer] ?? 0).toFixed(3));
        cell.classList.toggle("none", value === 0);
        cell.ariaPressed = String(selected?.label === label && selected.answer === answer);
      });
    });
  }

  #build(classes: number): void {
    const all = Array.from({ length: classes }, (_, index) => index);
    const head = (index: number, scope: "col" | "row") => {
      const cell = make("th", {}, make("span"));
      cell.scope = scope;
      const words = cell.firstElementChild;
      if (words instanceof HTMLElement) words.dataset["class"] = String(index);
      return cell;
    };
    this.#cells = all.map((label) => all.map((answer) => this.#cell(label, answer)));
    const rows = this.#cells.map((cells, label) =>
      make(
        "tr",
        {},
        head(label, "row"),
        ...cells.map((cell, answer) => make("td", { className: label === answer ? "right" : "" }, cell)),
      ),
    );
    this.#table.tHead?.remove();
    for (const body of [...this.#table.tBodies]) body.remove();
    this.#table.append(
      make("thead", {}, make("tr", {}, make("td"), ...all.map((answer) => head(answer, "col")))),
      make("tbody", {}, ...rows),
    );
    this.#stop(0, 0);
  }

  #cell(label: number, answer: number): HTMLButtonElement {
    const cell = make("button");
    cell.type = "button";
    cell.tabIndex = -1;
    cell.addEventListener("focus", () => this.#stop(label, answer));
    cell.addEventListener("click", () => this.#onCell({ label, answer }));
    return cell;
  }
}

/** "12 %" → "12": a cell is narrow, and the box above the table says what it is. */
function withoutSign(share: string): string {
  return share.replace(/[\s\u00a0\u202f]*%/, "");
}
