/** Tables of numbers as text: a row an image, a column a pixel, and a column of labels. */
import { ArgumentError, FormatError } from "../core/errors.ts";
import { foreignFile } from "../core/foreign_file.ts";
import { nearestName } from "../core/hints.ts";
import { checkOptions, describeValue, type OptionKinds } from "../core/options.ts";
import { checkShape, formatShape, type Shape, sizeOf } from "../core/shape.ts";
import { CsvReader, type Field } from "./csv_reader.ts";
import { type Dataset, dataset } from "./dataset.ts";
import { type Bytes, toUint8Array } from "./gunzip.ts";
import { inNaturalOrder } from "./pictures/natural_order.ts";

/** Options of `csv`. */
export interface CsvOptions {
  /** The column of labels: "first" (default), "last", or its name in the header. */
  label?: string;
  /** One image. Default: [28, 28, 1] for 784 columns, and the like for other squares; else [columns]. */
  shape?: Shape;
  /** Whether the first row names the columns. Default: it does where its pixels are not numbers. */
  header?: boolean;
  /** What stands between two fields. Default: comma, semicolon or tab, whichever the first row has most of. */
  separator?: string;
  /**
   * "u8": pixels 0–255, which become 0…1; "f32": numbers taken as they are. Default: bytes where all are whole numbers from 0 to 255 and
   * some are above 1.
   */
  dtype?: "u8" | "f32";
  /** The classes and their order, where labels are names. Default: the names that are found, sorted, numbers by their value. */
  classNames?: readonly string[];
}

const OPTIONS: OptionKinds<CsvOptions> = {
  ...{ label: "string", shape: "any", header: "boolean", separator: "string", dtype: "string", classNames: "any" },
};

/** The pixels of all rows: bytes as long as they are some. */
class Pixels {
  #values: Uint8Array | Float32Array = new Uint8Array(1 << 16);
  length = 0;
  #most = 0;

  add(value: number): void {
    if (this.#values instanceof Uint8Array && !(Number.isInteger(value) && value >= 0 && value <= 255)) {
      this.#values = Float32Array.from(this.#values);
    }
    if (this.length === this.#values.length) {
      const Values = this.#values.constructor as { new (length: number): Uint8Array | Float32Array };
      const grown = new Values(2 * this.length);
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values[this.length++] = value;
    if (value > this.#most) this.#most = value;
  }

  /** As bytes or as floats; undefined where they are wanted as bytes and are none. */
  take(dtype: CsvOptions["dtype"]): Uint8Array | Float32Array | undefined {
    const values = this.#values.subarray(0, this.length);
    if (dtype === "f32" || (dtype === undefined && this.#most <= 1)) return Float32Array.from(values);
    return dtype === "u8" && values instanceof Float32Array ? undefined : values;
  }
}

/**
 * A data set from a table as text (CSV), as MNIST's digits come in many places: a row an image, with its label first.
 *
 *     const digits = csv(await file.arrayBuffer());                        // label, 784 pixels
 *     const flowers = csv(text, { label: "species", shape: [4] });
 *
 * Fields may stand in double quotes. Labels are whole numbers from 0 on, or names, which become `classNames`. Empty rows are left out.
 * Throws `FormatError`, which names the row, for a row with more or fewer fields than the first one and for pixels that are no numbers;
 * `ArgumentError` for options that do not fit the table.
 */
export function csv(source: string | Bytes, options: CsvOptions = {}): Dataset {
  checkOptions("csv", options, OPTIONS);
  const { label = "first", shape, dtype, separator } = options;
  if (shape !== undefined) checkShape("csv: shape", shape);
  if (dtype !== undefined && dtype !== "u8" && dtype !== "f32") {
    throw new ArgumentError(`csv: dtype must be "u8" or "f32", got ${describeValue(dtype)}.`);
  }
  if (separator !== undefined && !/^[^\d"\r\n.+\-eE]$/.test(separator)) {
    throw new ArgumentError(`csv: separator must be one character, such as ";", got ${describeValue(separator)}.`);
  }
  const bytes = typeof source === "string" ? new TextEncoder().encode(source) : toUint8Array(source);
  const told = bytes.includes(0) ? foreignFile(bytes) : undefined;
  if (told !== undefined) throw new FormatError(`csv: this is no text; ${told}.`);
  const reader = new CsvReader(bytes, separator);
  const first = reader.next();
  if (first === undefined) throw new FormatError("csv: the table has no rows.");
  if (first.length < 2) {
    throw new FormatError(
      `csv: the first row has one field, ${describeValue(first[0]?.text)}; rows are a label and pixels, with "," between them.`,
    );
  }
  const { column, header } = columnOf(first, label, options.header);
  const { labels, pixels } = readRows(reader, first, column, header);
  const images = pixels.take(dtype);
  if (images === undefined)
    throw new ArgumentError('csv: with dtype: "u8" all pixels must be whole numbers from 0 to 255; leave dtype out.');
  const wanted = shape ?? shapeOf(first.length - 1);
  if (sizeOf(wanted) !== first.length - 1) {
    throw new ArgumentError(
      `csv: an image of ${formatShape(wanted)} has ${sizeOf(wanted)} values, a row has ${first.length - 1} beside its label.`,
    );
  }
  return labelled(images, wanted, labels, options.classNames);
}

/** Which column has the labels, and whether the first row is a header. */
function columnOf(first: readonly Field[], label: string, given: boolean | undefined) {
  const last = first.length - 1;
  const place = label === "first" ? 0 : label === "last" ? last : undefined;
  const header = given ?? (place === undefined || first.some(({ value }, at) => at !== place && Number.isNaN(value)));
  if (place !== undefined) return { column: place, header };
  const names = first.map(({ text }) => text.trim());
  const column = header ? names.indexOf(label) : -1;
  if (column >= 0) return { column, header };
  const nearest = header ? nearestName(label, names) : undefined;
  const instead =
    nearest === undefined
      ? 'say "first", "last" or a name of the first row'
      : `did you mean ${describeValue(nearest)}?`;
  throw new ArgumentError(`csv: there is no column ${describeValue(label)}; ${instead}`);
}

function readRows(reader: CsvReader, first: readonly Field[], column: number, header: boolean) {
  const labels: string[] = [];
  const pixels = new Pixels();
  for (let row = header ? reader.next() : first; row !== undefined; row = reader.next()) {
    if (row.length !== first.length) {
      throw new FormatError(`csv: line ${reader.line} has ${row.length} fields, the first row has ${first.length}.`);
    }
    for (let at = 0; at < row.length; at++) {
      const field = row[at];
      if (field === undefined) continue;
      if (at === column) labels.push(field.text.trim());
      else if (Number.isFinite(field.value)) pixels.add(field.value);
      else {
        throw new FormatError(
          `csv: line ${reader.line}, field ${at + 1} is ${describeValue(field.text)}, which is no number; if the column holds the labels, name it: { label }.`,
        );
      }
    }
  }
  if (labels.length === 0) throw new FormatError("csv: the table has a header and no rows.");
  return { labels, pixels };
}

/** A square of pixels, or a row of numbers. */
function shapeOf(columns: number): number[] {
  const side = Math.sqrt(columns);
  // A table of four columns holds measurements rather than a picture of 2×2.
  return Number.isInteger(side) && side >= 8 ? [side, side, 1] : [columns];
}

function labelled(
  images: Uint8Array | Float32Array,
  shape: Shape,
  texts: readonly string[],
  given: readonly string[] | undefined,
): Dataset {
  const areIndices = given === undefined && texts.every((text) => /^\d{1,9}(\.0*)?$/.test(text));
  if (areIndices) return dataset({ images, shape, labels: texts.map(Number) });
  const classNames = given ?? inNaturalOrder(new Set(texts), (name) => name);
  const indices = new Map(classNames.map((name, index) => [name, index]));
  const labels = texts.map((text, row) => {
    const index = indices.get(text);
    if (index !== undefined) return index;
    throw new ArgumentError(
      `csv: the label ${describeValue(text)} of image ${row} is none of the ${classNames.length} classNames.`,
    );
  });
  return dataset({ images, shape, labels, classNames });
}
