/** Files of `saveModel`, broken in their bytes, their header or their model's JSON, and opened by `loadModel`. */
import { FormatError } from "../../src/core/errors.ts";
import { parseHeader } from "../../src/formats/safetensors.ts";
import { loadModel, modelFromConfig, saveModel, toSafetensors } from "../../src/index.ts";
import { constant } from "../../src/nn/layers/constant.ts";
import { operation } from "../../src/nn/layers/operation.ts";
import { honestConfigs, Report, smallNetwork } from "./fuzz.ts";
import { mutatedConfig } from "./mutants.ts";
import type { RandomData } from "./random.ts";
import { RandomData as Random } from "./random.ts";

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const whole = new Uint8Array(a.length + b.length);
  whole.set(a);
  whole.set(b, a.length);
  return whole;
}

/** Some bytes changed, taken out, doubled, or the end cut off; mostly in the header, where the file says what it is. */
function mutatedBytes(file: Uint8Array, random: RandomData): Uint8Array {
  const header = parseHeader(file).dataStart;
  const place = () => random.integer(0, (random.integer(0, 9) < 8 ? header : file.length) - 1);
  const kind = random.integer(0, 5);
  if (kind === 0) return file.slice(0, random.integer(0, file.length - 1));
  if (kind === 1) {
    const [from, length] = [place(), random.integer(1, 40)];
    return joined(file.subarray(0, from), file.subarray(from + length));
  }
  if (kind === 2) {
    const [from, length] = [place(), random.integer(1, 40)];
    return joined(file.subarray(0, from + length), file.subarray(from));
  }
  const bytes = file.slice();
  for (let count = random.integer(1, 4); count > 0; count--) {
    const at = place();
    // A digit for a digit reaches further than what is no JSON.
    const isDigit = (bytes[at] ?? 0) >= 48 && (bytes[at] ?? 0) <= 57;
    bytes[at] = isDigit ? 48 + random.integer(0, 9) : random.integer(0, 255);
  }
  return bytes;
}

/** What must be untouched behind all of it. */
const PROTOTYPES = [Object.prototype, Array.prototype, Map.prototype, Function.prototype, String.prototype];
const own = () => PROTOTYPES.map((prototype) => Reflect.ownKeys(prototype).length);

/** Each is opened, or refused by a `FormatError` and nothing else. */
export async function fuzzModelFiles(count: number, seed: number): Promise<Report> {
  const report = new Report("files of saveModel");
  const configs = honestConfigs();
  const files = [smallNetwork(), ...configs.flatMap(wholeModel)].map(saveModel);
  const weights = smallNetwork().parameters;
  const before = own();
  for (let index = 0; index < count; index++) {
    const random = new Random(seed + index);
    const inBytes = random.integer(0, 1) === 0;
    const config = () => JSON.stringify(mutatedConfig(random.pick(configs), random)) ?? "null";
    const bytes = inBytes ? mutatedBytes(random.pick(files), random) : toSafetensors(weights, { config: config() });
    await report.take(`file ${seed + index}`, bytes.length, () => {
      try {
        return loadModel(bytes);
      } catch (error) {
        if (!(error instanceof FormatError)) report.faults.push(`file ${seed + index}: ${String(error).slice(0, 200)}`);
        throw error;
      }
    });
  }
  if (String(own()) !== String(before)) report.faults.push("a prototype of the language has changed");
  return report;
}

/** The model of a configuration that has all of its values. */
function wholeModel(config: ReturnType<typeof honestConfigs>[number]) {
  const isWhole = config.layers.every(({ kind, options }) => kind !== "constant" || "data" in options);
  return isWhole ? [modelFromConfig(config, { layers: { constant, operation } })] : [];
}
