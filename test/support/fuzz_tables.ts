/** Broken files of numbers: NumPy's, its archives, and tables of text, each a whole one with a few bytes changed. */
import { csv, npz, parseNpy } from "../../src/index.ts";
import { Report } from "./fuzz.ts";
import { NUMPY_FILES } from "./numpy_files.ts";
import { RandomData } from "./random.ts";

const FILES = Object.entries(NUMPY_FILES).map(([name, text]) => ({
  name,
  bytes: Uint8Array.from(Buffer.from(text, "base64")),
}));
const TABLES = ["label,a,b\n1,2,3\n4,5,6\n", '"rose";1.5;2\n"tu""lip";-3;4e2\n', "7\t0\t255\r\n3\t1\t2"].map(
  (text) => ({
    name: "csv",
    bytes: new TextEncoder().encode(text),
  }),
);
/** What tends to matter in headers and tables. */
const WORDS = [
  "99999999999",
  "-1",
  "(",
  "'",
  '"',
  ",",
  "\n",
  "\0",
  "True",
  "<f8",
  "'shape': (4294967295, 4294967295)",
  "1e999",
  "é",
];

/** A few bytes changed, put in, taken away, or cut off. */
function broken(bytes: Uint8Array, random: RandomData): Uint8Array {
  let file = [...bytes];
  for (let changes = random.integer(1, 4); changes > 0; changes--) {
    const at = random.integer(0, Math.max(0, file.length - 1));
    const kind = random.integer(0, 4);
    if (kind === 0) file[at] = random.integer(0, 255);
    else if (kind === 1) file = file.slice(0, at);
    else if (kind === 2) file.splice(at, random.integer(1, 8));
    else if (kind === 3) file.splice(at, 0, ...new TextEncoder().encode(random.pick(WORDS)));
    else file.splice(at, 4, ...[255, 255, 255, random.pick([0, 127, 255])]);
  }
  return Uint8Array.from(file);
}

/** Broken arrays, archives and tables. */
export async function fuzzTables(count: number, seed: number): Promise<Report> {
  const report = new Report("broken arrays and tables");
  for (let index = 0; index < count; index++) {
    const random = new RandomData(seed + index);
    const { name, bytes } = random.pick(random.integer(0, 3) === 0 ? TABLES : FILES);
    const file = broken(bytes, random);
    const label = random.pick(["first", "last", "label", "rose"]);
    await report.take(`tables ${seed + index} (${name})`, file.length, () =>
      name === "csv" ? csv(file, { label }) : name.startsWith("npz") ? npz(file) : parseNpy(file),
    );
  }
  return report;
}
