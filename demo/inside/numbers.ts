import { make, write } from "../dom.ts";
import { css, isLight, type Rgb } from "./paint.ts";

/** A table of numbers on their colours, with a caption. */
export class Numbers {
  readonly caption = make("p", { className: "caption" });
  readonly table = make("table", { className: "numbers" });

  /** `cell` gives what stands in a place of the table. */
  show(
    caption: string,
    rows: number,
    columns: number,
    cell: (row: number, column: number) => { color: Rgb; text: string; outlined?: boolean },
  ): void {
    write(this.caption, caption);
    this.table.ariaLabel = caption;
    if (this.table.rows.length !== rows || this.table.rows[0]?.cells.length !== columns) {
      const cells = () => Array.from({ length: columns }, () => make("td"));
      this.table.replaceChildren(make("tbody", {}, ...Array.from({ length: rows }, () => make("tr", {}, ...cells()))));
    }
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const place = this.table.rows[row]?.cells[column];
        if (place === undefined) continue;
        const { color, text, outlined = false } = cell(row, column);
        write(place, text);
        place.style.background = css(color);
        place.style.color = isLight(color) ? "#000000" : "#ffffff";
        place.classList.toggle("winner", outlined);
      }
    }
  }
}
