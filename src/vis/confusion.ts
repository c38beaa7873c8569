import { ArgumentError, ShapeError } from "../core/errors.ts";
import { describeValue } from "../core/options.ts";
import type { Evaluation } from "../train/types.ts";
import { type Pen, type Picture, type Shown, type Speech, show } from "./figure.ts";

/** Counts [true class][predicted class], or what `evaluate` gives. */
export type ConfusionLike = readonly (readonly number[])[] | Pick<Evaluation, "confusion">;

/** How a confusion matrix is shown. */
export interface ConfusionOptions {
  /** Names of the classes; default "0", "1" … */
  classNames?: readonly string[];
}

/** Room for names left and above. */
const NAMES = 64;
const AXIS = 18;
/** A cell has no number where it is smaller. */
const LEAST_CELL = 22;
const LARGEST_CELL = 48;

/**
 * Draws a confusion matrix: a row for each true class, a column for each predicted one, a cell as dark as its share of the row; and
 * the same counts as a table with the share of each class that is right.
 *
 * Throws `ArgumentError` for what is no matrix, `ShapeError` for one that is not square and for names that are not as many.
 */
export function showConfusion(
  element: HTMLElement,
  confusion: ConfusionLike,
  { classNames }: ConfusionOptions = {},
): Shown<ConfusionLike> {
  return show("showConfusion", element, confusion, (given, speech) =>
    pictureOf(matrixOf(given, classNames), classNames, speech),
  );
}

function matrixOf(given: ConfusionLike, classNames: readonly string[] | undefined): readonly (readonly number[])[] {
  const matrix = Array.isArray(given) ? given : (given as Partial<Evaluation>)?.confusion;
  if (!Array.isArray(matrix) || !matrix.every((row: unknown) => Array.isArray(row))) {
    throw new ArgumentError(
      `showConfusion: wants counts [true class][predicted class], or what evaluate gives, got ${describeValue(given)}.`,
    );
  }
  const crooked = matrix.findIndex((row) => row.length !== matrix.length);
  if (crooked >= 0) {
    throw new ShapeError(
      `showConfusion: row ${crooked} has ${matrix[crooked]?.length} counts for ${matrix.length} classes; there must be as many.`,
    );
  }
  if (classNames && classNames.length !== matrix.length) {
    throw new ShapeError(`showConfusion: ${classNames.length} names for ${matrix.length} classes.`);
  }
  return matrix;
}

function pictureOf(
  matrix: readonly (readonly number[])[],
  classNames: readonly string[] | undefined,
  { words, percent }: Speech,
): Picture {
  const names = classNames ?? matrix.map((_, index) => String(index));
  const sums = matrix.map((row) => row.reduce((sum, count) => sum + count, 0));
  const all = sums.reduce((sum, count) => sum + count, 0);
  const right = matrix.reduce((sum, row, index) => sum + (row[index] ?? 0), 0);
  const share = (part: number, whole: number) => (whole === 0 ? "–" : percent(part / whole));
  const cellOf = (width: number) => Math.min(LARGEST_CELL, (width - NAMES - AXIS) / Math.max(1, names.length));
  return {
    label: words.confusionLabel(share(right, all), all),
    table: {
      caption: words.confusion,
      head: [`${words.trueClass} \\ ${words.predicted}`, ...names, words.right],
      rows: matrix.map((row, index) => [
        ...[names[index] ?? "", ...row.map(String)],
        share(row[index] ?? 0, sums[index] ?? 0),
      ]),
    },
    height: (width) => AXIS + NAMES / 2 + cellOf(width) * names.length + 4,
    draw(pen) {
      const cell = cellOf(pen.width);
      axes(pen, { names, cell, across: words.predicted, down: words.trueClass });
      matrix.forEach((row, y) => {
        row.forEach((count, x) => {
          drawCell(pen, NAMES + AXIS + x * cell, AXIS + NAMES / 2 + y * cell, cell, count, sums[y] ?? 0);
        });
      });
    },
  };
}

function axes(
  { context, text }: Pen,
  { names, cell, across, down }: { names: readonly string[]; cell: number; across: string; down: string },
): void {
  const [left, top] = [NAMES + AXIS, AXIS + NAMES / 2];
  context.fillStyle = text;
  context.textAlign = "left";
  context.fillText(`${across} →`, left, AXIS / 2);
  context.save();
  context.translate(AXIS / 2, top + cell * names.length);
  context.rotate(-Math.PI / 2);
  context.fillText(`← ${down}`, 0, 0);
  context.restore();
  names.forEach((name, index) => {
    const middle = (index + 0.5) * cell;
    context.textAlign = "right";
    context.fillText(name, left - 8, top + middle, NAMES - 12);
    context.textAlign = "center";
    context.fillText(name, left + middle, top - 12, Math.max(8, cell - 2));
  });
}

function drawCell(pen: Pen, x: number, y: number, size: number, count: number, sum: number): void {
  const { context, accent, dark, grid, text } = pen;
  const share = sum === 0 ? 0 : count / sum;
  const [red, green, blue] = accent;
  // Rare mistakes are seen too.
  context.fillStyle = `rgb(${red} ${green} ${blue} / ${count > 0 ? Math.max(0.08, share) : 0})`;
  context.fillRect(x, y, size - 1, size - 1);
  context.strokeStyle = grid;
  context.lineWidth = 1;
  context.strokeRect(x + 0.5, y + 0.5, size - 2, size - 2);
  if (size < LEAST_CELL || count === 0) return;
  context.fillStyle = share > 0.5 ? (dark ? "#10131a" : "#ffffff") : text;
  context.textAlign = "center";
  context.fillText(String(count), x + size / 2, y + size / 2, size - 4);
}
