/** Where new layers go, and what makes an impossible network possible: one step at a time, each a press on a button. No page. */
import { type Analysis, analyse, newRow, ROWS, type Row } from "./design.ts";

/** What would help, with the rows that it makes. */
export type Remedy = { readonly rows: readonly Row[] } & (
  | { readonly kind: "moveBefore"; readonly row: Row; readonly before: Row }
  | { readonly kind: "flattenBefore"; readonly row: Row }
  | { readonly kind: "remove"; readonly row: Row }
  | { readonly kind: "set"; readonly row: Row; readonly field: string; readonly value: number }
  /** Ends in a Dense layer of a score for each class, with Flatten before it where maps arrive. */
  | { readonly kind: "end"; readonly flatten: boolean }
);

interface Frame {
  readonly inputShape: readonly number[];
  readonly classes: number;
}

/**
 * Where a new row goes: where the network works with it, else where it goes furthest; of several such places the one next to
 * `preferred`.
 */
export function placeFor(rows: readonly Row[], row: Row, preferred: number, { inputShape, classes }: Frame): number {
  let best = { place: preferred, reach: Number.NEGATIVE_INFINITY };
  for (let place = 0; place <= rows.length; place++) {
    const { problem } = analyse(inserted(rows, place, row), inputShape, classes);
    const at = problem?.row ?? Number.POSITIVE_INFINITY;
    // Where the new row itself does not fit, it is of no use; what does not fit behind it would not without it either.
    const reach = problem === undefined ? at : at === place ? -1 : at > place ? at - 1 : at;
    const nearer = Math.abs(place - preferred) < Math.abs(best.place - preferred);
    if (reach > best.reach || (reach === best.reach && nearer)) best = { place, reach };
  }
  return best.place;
}

/** What helps against the first thing that is wrong; undefined where nothing is. */
export function remedyFor(rows: readonly Row[], analysis: Analysis, frame: Frame): Remedy | undefined {
  const { problem, counts } = analysis;
  if (problem === undefined) return undefined;
  const { row: index, shape } = problem;
  const row = rows[index];
  const end = (): Remedy => {
    const flatten = shape.length !== 1;
    const added = [...(flatten ? [newRow("flatten")] : []), newRow("dense", { units: frame.classes })];
    return { kind: "end", flatten, rows: [...rows, ...added] };
  };
  if (row === undefined) return end();
  const remove: Remedy = { kind: "remove", row, rows: without(rows, index) };
  switch (problem.why) {
    case "wantsMaps": {
      const place = counts.findIndex((one) => one.shape.length === 1);
      const before = rows[place];
      // Maps are averaged to one row once.
      if (before === undefined || (row.kind === "globalAverage" && before.kind === row.kind)) return remove;
      return { kind: "moveBefore", row, before, rows: inserted(without(rows, index), place, row) };
    }
    case "wantsRow":
      return { kind: "flattenBefore", row, rows: inserted(rows, index, newRow("flatten")) };
    case "window": {
      const [field] = ROWS[row.kind].fields.filter(({ name }) => name === "size" || name === "kernel");
      const largest = Math.min(shape[0] ?? 0, shape[1] ?? 0);
      // A window of one pixel is no window.
      if (field === undefined || largest < 2 || largest >= Number(row.options[field.name])) return remove;
      return set(rows, index, field.name, largest);
    }
    case "value": {
      if (problem.field === undefined) return remove;
      const { name, least, most } = problem.field;
      const value = Number(row.options[name]);
      return set(rows, index, name, value > most ? most : least);
    }
    case "tooLarge": {
      const [field] = ROWS[row.kind].fields.filter(({ name }) => name === "filters" || name === "units");
      if (field === undefined) return remove;
      const fits = (value: number) => {
        const found = analyse(changed(rows, index, field.name, value), frame.inputShape, frame.classes).problem;
        return found?.why !== "tooLarge" || found.row > index;
      };
      const value = largestThat(fits, Number(row.options[field.name]));
      return value === 0 ? remove : set(rows, index, field.name, value);
    }
    case "classes": {
      // Scores of another number; one that is bent by an activation is a hidden layer.
      const isScores = row.kind === "dense" && row.options["activation"] === "linear";
      return isScores ? set(rows, index, "units", frame.classes) : end();
    }
    case "empty":
    case "nothingToLearn":
      return end();
  }
}

/** The largest whole number below `most` that `fits`, where smaller ones fit too; 0 where none does. */
function largestThat(fits: (value: number) => boolean, most: number): number {
  let [least, above] = [0, most];
  while (above - least > 1) {
    const middle = Math.floor((least + above) / 2);
    if (fits(middle)) least = middle;
    else above = middle;
  }
  return least;
}

function set(rows: readonly Row[], index: number, field: string, value: number): Remedy {
  const now = changed(rows, index, field, value);
  return { kind: "set", row: now[index] ?? newRow("dense"), field, value, rows: now };
}

function changed(rows: readonly Row[], index: number, field: string, value: number): readonly Row[] {
  return rows.map((row, at) => (at === index ? { ...row, options: { ...row.options, [field]: value } } : row));
}

function inserted(rows: readonly Row[], place: number, row: Row): readonly Row[] {
  return [...rows.slice(0, place), row, ...rows.slice(place)];
}

function without(rows: readonly Row[], index: number): readonly Row[] {
  return rows.filter((_, at) => at !== index);
}
