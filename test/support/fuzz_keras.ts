/** Broken models of TF.js and Keras by the thousand. */
import { FormatError } from "../../src/core/errors.ts";
import { loadKeras } from "../../src/keras.ts";
import { loadLayersModel } from "../../src/tfjs.ts";
import { Report } from "./fuzz.ts";
import { RandomData } from "./random.ts";
import { type SavedModel, saved } from "./tfjs.ts";
import { TFJS_MODELS } from "./tfjs_models.ts";

/** What stands in place of a value of the file, whatever that was. */
const REPLACED: readonly unknown[] = [
  ...[0, -1, 1, 2, 3, 7, 1e6, 2 ** 31, 2 ** 40, 2 ** 53, -(2 ** 31), 0.5, 1e308, null, true, false, "", "same", "relu"],
  ...[
    "constructor",
    "__proto__",
    "Conv2D",
    "Dense",
    "Sequential",
    [],
    [1],
    [
      [1, 2],
      [3, 4],
    ],
    {},
    { class_name: "L1L2" },
  ],
  ...[[null, 4, 4, 2], [null, null, null, 3], [1e9, 1e9, 1e9], "uint8", "softmax"],
];

/** A place in a JSON value: what holds it, and under which key. */
interface Slot {
  readonly holder: Record<string, unknown>;
  readonly key: string;
}

function slotsOf(value: unknown, found: Slot[] = []): Slot[] {
  if (typeof value !== "object" || value === null) return found;
  for (const [key, inner] of Object.entries(value)) {
    found.push({ holder: value as Record<string, unknown>, key });
    slotsOf(inner, found);
  }
  return found;
}

/** A JSON value in which one to three things are others, gone, twice there or under another name. */
export function changedJson<T>(json: T, random: RandomData): T {
  const copy = structuredClone(json);
  for (let change = random.integer(1, 3); change > 0; change--) {
    const slots = slotsOf(copy);
    const { holder, key } = random.pick(slots);
    const kind = random.integer(0, 5);
    if (kind <= 2) holder[key] = structuredClone(random.pick(REPLACED));
    else if (kind === 3 && Array.isArray(holder)) holder.splice(Number(key), 1);
    else if (kind === 3) delete holder[key];
    else if (kind === 4) {
      const other = random.pick(slots);
      holder[key] = structuredClone(other.holder[other.key]);
    } else if (Array.isArray(holder)) holder.push(structuredClone(holder[Number(key)]));
    else holder[random.pick(["__proto__", "constructor", "config", "name", "units"])] = holder[key];
  }
  return copy;
}

/** A text or a file with some bytes changed, taken away, put in or repeated. */
export function changedBytes(file: Uint8Array, random: RandomData): Uint8Array {
  const bytes = [...file];
  for (let change = random.integer(1, 3); change > 0; change--) {
    const place = random.integer(0, bytes.length - 1);
    const kind = random.integer(0, 5);
    if (kind === 0) bytes[place] = random.integer(0, 255);
    else if (kind === 1) bytes[place] = (bytes[place] ?? 0) ^ (1 << random.integer(0, 7));
    else if (kind === 2) bytes.splice(place, random.integer(1, 8));
    else if (kind === 3)
      bytes.splice(place, 0, ...Array.from({ length: random.integer(1, 9) }, () => random.integer(0, 255)));
    else if (kind === 4) bytes.splice(place, 0, ...bytes.slice(place, place + random.integer(1, 64)));
    else if (bytes.length > 64 && random.uniform() < 0.2) bytes.length = place + 1;
  }
  return Uint8Array.from(bytes);
}

/** Opens one broken file: whatever is no `FormatError` is a fault. */
export async function takeBroken(report: Report, name: string, bytes: number, open: () => unknown): Promise<void> {
  await report.take(name, bytes, () => {
    try {
      open();
    } catch (error) {
      if (error instanceof FormatError) throw error;
      const where = error instanceof Error ? error.stack?.split("\n").find((line) => line.includes("/src/")) : "";
      report.faults.push(`${name}: ${String(error).slice(0, 200)} ${where?.trim()}`);
      throw error;
    }
  });
}

/** `count` broken model.json with their weights: their values, their texts, their bytes. */
export async function fuzzLayersModels(count: number, seed: number): Promise<Report> {
  const report = new Report("TF.js layers models");
  const models: SavedModel[] = [];
  for (const make of Object.values(TFJS_MODELS)) models.push(await saved(make()));
  const texts = models.map(({ json }) => new TextEncoder().encode(JSON.stringify(json)));
  const before = Object.getOwnPropertyNames(Object.prototype).join();
  for (let index = 0; index < count; index++) {
    const random = new RandomData(seed + index);
    const place = index % models.length;
    const { json, weights } = models[place] as SavedModel;
    const name = `seed ${seed + index}, model ${place}`;
    const kind = random.uniform();
    const given =
      kind < 0.7 ? changedJson(json, random) : kind < 0.95 ? changedBytes(texts[place] as Uint8Array, random) : json;
    const bytes = kind < 0.95 ? weights : changedBytes(weights.length > 0 ? weights : new Uint8Array(8), random);
    await takeBroken(report, name, bytes.length + (texts[place]?.length ?? 0), () =>
      loadLayersModel(given instanceof Uint8Array ? new TextDecoder().decode(given) : JSON.stringify(given), bytes),
    );
  }
  if (Object.getOwnPropertyNames(Object.prototype).join() !== before) report.faults.push("a prototype was changed");
  return report;
}

/** `count` broken files of Keras: HDF5 and zip, their bytes changed where they say how the file is laid out. */
export async function fuzzKeras(files: readonly Uint8Array[], count: number, seed: number): Promise<Report> {
  const report = new Report("Keras files");
  const before = Object.getOwnPropertyNames(Object.prototype).join();
  for (let index = 0; index < count; index++) {
    const random = new RandomData(seed + index);
    const file = files[index % files.length] as Uint8Array;
    const bytes = file.slice(0, random.uniform() < 0.05 ? random.integer(0, file.length) : file.length);
    const view = new DataView(bytes.buffer);
    for (let change = random.integer(1, 8); change > 0 && bytes.length > 8; change--) {
      const place = random.integer(0, bytes.length - 8);
      const kind = random.integer(0, 3);
      if (kind === 0) bytes[place] = random.integer(0, 255);
      else if (kind === 1) bytes[place] = (bytes[place] ?? 0) ^ (1 << random.integer(0, 7));
      // An address or a length at a place where there may be one.
      else if (kind === 2)
        view.setUint32(place & ~7, random.pick([0, 8, 96, 2 ** 31, 0xffffffff, bytes.length, place]), true);
      else bytes.copyWithin(place, random.integer(0, bytes.length - 8), random.integer(0, bytes.length));
    }
    await takeBroken(report, `seed ${seed + index}, file ${index % files.length}`, bytes.length, () =>
      loadKeras(bytes),
    );
  }
  if (Object.getOwnPropertyNames(Object.prototype).join() !== before) report.faults.push("a prototype was changed");
  return report;
}
