/** Broken ONNX files by the thousand. */
import { FormatError } from "../../src/core/errors.ts";
import { loadOnnx } from "../../src/onnx.ts";
import { Report } from "./fuzz.ts";
import { onnxFile } from "./onnx_file.ts";
import { NETWORKS } from "./onnx_networks.ts";
import { OPS } from "./onnx_ops.ts";
import { RandomData } from "./random.ts";

const FILES = { ...NETWORKS, ...OPS };

/** A file with some bytes changed, taken away, put in or repeated. */
function mutated(file: Uint8Array, random: RandomData): Uint8Array {
  const bytes = [...file];
  const changes = random.integer(1, 3);
  for (let change = 0; change < changes; change++) {
    const place = random.integer(0, bytes.length - 1);
    const kind = random.integer(0, 5);
    if (kind === 0) bytes[place] = random.integer(0, 255);
    else if (kind === 1) bytes[place] = (bytes[place] ?? 0) ^ (1 << random.integer(0, 7));
    else if (kind === 2) bytes.splice(place, random.integer(1, 8));
    else if (kind === 3)
      bytes.splice(place, 0, ...Array.from({ length: random.integer(1, 9) }, () => random.integer(128, 255)), 1);
    else if (kind === 4) bytes.splice(place, 0, ...bytes.slice(place, place + random.integer(1, 64)));
    else if (bytes.length > 64 && random.uniform() < 0.2) bytes.length = place + 1;
  }
  return Uint8Array.from(bytes);
}

/** Extents, lists and names, whatever they are in the file, as others. */
const REPLACED = [0, -1, 1, 2, 3, 7, 1e6, 2 ** 31, 2 ** 40, 2 ** 53, -(2 ** 31), 1_000_003];

/** The same of what the file says: its messages are whole, its numbers are not. */
function restated(index: number, random: RandomData): Uint8Array {
  const network = structuredClone(Object.values(FILES)[index % Object.keys(FILES).length]);
  if (network === undefined) throw new Error("no network");
  const lists: { list: number[]; isTensor: boolean }[] = [];
  for (const tensor of Object.values(network.initializers ?? {})) {
    lists.push({ list: tensor.shape as number[], isTensor: false });
    if (tensor.type === 7) lists.push({ list: tensor.data as number[], isTensor: true });
  }
  for (const shape of Object.values(network.inputs)) lists.push({ list: shape as number[], isTensor: false });
  for (const { attributes = {}, inputs } of network.nodes) {
    for (const [name, value] of Object.entries(attributes)) {
      if (Array.isArray(value)) lists.push({ list: value, isTensor: false });
      else if (typeof value === "number" && random.uniform() < 0.1) {
        (attributes as Record<string, number>)[name] = REPLACED[random.integer(0, REPLACED.length - 1)] as number;
      }
    }
    if (random.uniform() < 0.03) (inputs as string[]).pop();
    if (random.uniform() < 0.02)
      (inputs as string[])[0] = ["x", "__proto__", "y", "constructor"][random.integer(0, 3)] as string;
  }
  const some = lists[random.integer(0, lists.length - 1)];
  if (some && some.list.length > 0) {
    some.list[random.integer(0, some.list.length - 1)] = REPLACED[random.integer(0, REPLACED.length - 1)] as number;
    if (random.uniform() < 0.2) some.list.pop();
  }
  return onnxFile(network);
}

/** `count` broken files, half of bytes, half of numbers. Whatever is no `FormatError` is a fault, and so are slow and greedy ones. */
export async function fuzzOnnx(count: number, seed: number): Promise<Report> {
  const report = new Report("ONNX files");
  const files = Object.values(FILES).map(onnxFile);
  const before = Object.getOwnPropertyNames(Object.prototype).join();
  for (let index = 0; index < count; index++) {
    const random = new RandomData(seed + index);
    const file = files[index % files.length] ?? new Uint8Array();
    const bytes = random.uniform() < 0.5 ? mutated(file, random) : restated(index, random);
    const name = `seed ${seed + index}, file ${index % files.length}`;
    await report.take(name, bytes.length, () => {
      try {
        loadOnnx(bytes);
      } catch (error) {
        if (error instanceof FormatError) throw error;
        const where = error instanceof Error ? error.stack?.split("\n").find((line) => line.includes("/src/")) : "";
        report.faults.push(`${name}: ${String(error).slice(0, 200)} ${where?.trim()}`);
        throw error;
      }
    });
  }
  if (Object.getOwnPropertyNames(Object.prototype).join() !== before) report.faults.push("a prototype was changed");
  return report;
}
