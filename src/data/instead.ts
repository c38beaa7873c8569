/** Tells what to give in the place of something that holds no numbers: for messages, by the facts of a value (core/facts.ts). */
import { factsToldOf } from "../core/told.ts";
import { PICTURES } from "./is_picture.ts";

/** What to give in the place of something that holds no numbers as it is, a sentence without its end; `known` where that is known. */
export function insteadOf(value: unknown, known: string | null = null): string {
  if (known !== null) return known;
  if (Array.isArray(value)) return "put all numbers behind one another: Float32Array.from(lists.flat(Infinity))";
  const [, tag, , , has] = factsToldOf(value);
  if (/^Big(Int|Uint)64Array$/.test(tag)) return "convert it: Float32Array.from(values, Number)";
  if (/^(Shared)?ArrayBuffer$|^DataView$/.test(tag)) {
    return "say what it holds: new Float32Array(buffer) for floats, new Uint8Array(buffer) for bytes";
  }
  if (
    /^(Blob|File|Response|URL)$/.test(tag) ||
    (typeof value === "string" && /^(blob:|data:|https?:|\.{0,2}\/|[\w./-]+\.\w{2,5}$)/.test(value))
  ) {
    const blob = tag === "Blob" || tag === "File" ? "file" : "await (await fetch(url)).blob()";
    return `decode the picture: await createImageBitmap(${blob}), which createClassifier().predict takes`;
  }
  if (PICTURES.test(tag) || (has.includes("data") && has.includes("width"))) {
    return "createClassifier().predict takes pictures; here give their values";
  }
  if (tag.endsWith("RenderingContext") || tag.endsWith("RenderingContext2D")) return "give its canvas";
  if (tag === "Promise") return "await it";
  if (has.includes("data")) return "give its data";
  if (has.includes("dataSync")) return "give await tensor.data()";
  if (has.includes("iterator")) return "make an array of it: Float32Array.from(values)";
  return "give a Float32Array of values as they are, or a Uint8Array of bytes 0 to 255";
}

/** What to give in the place of a list that has such an entry. */
export function insteadOfEntry(entry: unknown): string {
  const isNested = Array.isArray(entry) || factsToldOf(entry)[4].includes("length");
  return isNested ? insteadOf([]) : "give a list of numbers";
}

/** What to give in the place of something that is no list of labels. */
export function insteadOfLabels(labels: unknown): string {
  const [, tag] = factsToldOf(labels);
  if (/^Big(Int|Uint)64Array$/.test(tag)) return "convert them: Int32Array.from(labels, Number)";
  if (/ArrayBuffer$|^DataView$|^(Blob|File|Promise)$/.test(tag)) return insteadOf(labels);
  return "give a list of class indices, a Uint8Array or an Int32Array";
}

/** What to write in the place of a label that is no number. */
export function insteadOfLabel(label: unknown): string {
  if (typeof label === "string") {
    return label.trim() !== "" && Number.isInteger(Number(label))
      ? "write labels.map(Number)"
      : "give each class a number: labels.map((name) => classNames.indexOf(name))";
  }
  const [type, , , , has] = factsToldOf(label);
  if (type === "bigint" || type === "boolean") return "write labels.map(Number)";
  if (Array.isArray(label) || has.includes("length"))
    return "one-hot rows go into targets: Float32Array.from(rows.flat())";
  return "labels are whole numbers from 0 on";
}
