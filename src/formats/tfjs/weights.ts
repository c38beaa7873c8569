/** Weights of a TF.js model: what model.json says of them, and the bytes of its shards. */
import { ArgumentError, FormatError } from "../../core/errors.ts";
import { describeValue } from "../../core/options.ts";
import { quoted } from "../keras_layers/findings.ts";
import { described, type FileRecord, isRecord } from "../keras_layers/records.ts";
import { NamedWeights, type StoredTensor, type WeightSource } from "../keras_layers/weights.ts";

/** Bytes of a model's weights: all of them, or its shards in the order in which model.json names them. */
export type ShardBytes = ArrayBuffer | Uint8Array | readonly (ArrayBuffer | Uint8Array)[];

const WHAT = "TF.js model";

/** Bytes of one value of the types that weights are stored in. */
const BYTES: Readonly<Record<string, number>> = { float32: 4, int32: 4, bool: 1, uint8: 1, uint16: 2, float16: 2 };

function asBytes(one: unknown): Uint8Array {
  if (one instanceof Uint8Array) return one;
  if (one instanceof ArrayBuffer) return new Uint8Array(one);
  throw new ArgumentError(
    `loadLayersModel: the weights are an ArrayBuffer, a Uint8Array or a list of them, one a shard; got ${describeValue(one)}.`,
  );
}

/** The shards one behind the other. */
function joined(weights: ShardBytes): Uint8Array {
  if (!Array.isArray(weights)) return asBytes(weights);
  const shards = weights.map(asBytes);
  if (shards.length === 1 && shards[0]) return shards[0];
  const all = new Uint8Array(shards.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const shard of shards) {
    all.set(shard, offset);
    offset += shard.length;
  }
  return all;
}

/** What a weight is stored as: f32, or whole numbers that are multiples of `scale` above `min`, or f16. */
interface Storage {
  readonly type: string;
  readonly scale: number;
  readonly min: number;
}

function storageOf(entry: FileRecord, name: string): Storage {
  const { dtype, quantization } = entry;
  const refuse = (problem: string): never => {
    throw new FormatError(`${WHAT}: weight ${quoted(name)} ${problem}.`);
  };
  if (typeof dtype !== "string" || !Object.hasOwn(BYTES, dtype)) {
    return refuse(`is of type ${quoted(described(dtype))}, which is not read`);
  }
  if (quantization === undefined || quantization === null) return { type: dtype, scale: 1, min: 0 };
  if (!isRecord(quantization)) return refuse("has a quantization that is no object");
  const { dtype: type, scale = 1, min = 0 } = quantization;
  if (type !== "uint8" && type !== "uint16" && type !== "float16") {
    return refuse(`is quantized as ${quoted(described(type))}; uint8, uint16 and float16 are read`);
  }
  if (typeof scale !== "number" || typeof min !== "number")
    return refuse("has a quantization whose scale is no number");
  return { type, scale, min };
}

/** An f16's value. */
function half(bits: number): number {
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
  const size =
    exponent === 0
      ? fraction * 2 ** -24
      : exponent === 31
        ? fraction
          ? Number.NaN
          : Number.POSITIVE_INFINITY
        : (1 + fraction / 1024) * 2 ** (exponent - 15);
  return bits & 0x8000 ? -size : size;
}

/** Values as f32; files are little-endian. */
function values(bytes: Uint8Array, offset: number, count: number, { type, scale, min }: Storage): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, count * (BYTES[type] ?? 1));
  const read: Readonly<Record<string, (place: number) => number>> = {
    float32: (place) => view.getFloat32(4 * place, true),
    int32: (place) => view.getInt32(4 * place, true),
    bool: (place) => view.getUint8(place),
    uint8: (place) => view.getUint8(place) * scale + min,
    uint16: (place) => view.getUint16(2 * place, true) * scale + min,
    float16: (place) => half(view.getUint16(2 * place, true)),
  };
  const valueAt = read[type] ?? read["float32"];
  const result = new Float32Array(count);
  if (valueAt) for (let place = 0; place < count; place++) result[place] = valueAt(place);
  return result;
}

/** The entries of model.json's manifest, in the order of their bytes. */
function entriesOf(manifest: unknown): FileRecord[] {
  if (!Array.isArray(manifest))
    throw new FormatError(`${WHAT}: model.json has no weightsManifest; it describes no weights.`);
  return manifest.flatMap((group: unknown) => {
    const list: unknown = isRecord(group) ? group["weights"] : undefined;
    if (!Array.isArray(list) || !list.every(isRecord))
      throw new FormatError(`${WHAT}: its weightsManifest is damaged.`);
    return list;
  });
}

/** The weights that a manifest describes. Their sizes are held against the bytes before a value is read. */
export function layersWeights(manifest: unknown, weights: ShardBytes): WeightSource {
  const bytes = joined(weights);
  let offset = 0;
  const tensors = entriesOf(manifest).map((entry): StoredTensor => {
    const { name, shape } = entry;
    const isShape = (one: unknown): one is number[] =>
      Array.isArray(one) && one.every((extent) => Number.isSafeInteger(extent) && extent >= 0);
    if (typeof name !== "string" || !isShape(shape)) throw new FormatError(`${WHAT}: its weightsManifest is damaged.`);
    const storage = storageOf(entry, name);
    const count = shape.reduce((product, extent) => product * extent, 1);
    const begin = offset;
    offset += count * (BYTES[storage.type] ?? 1);
    if (!(offset <= bytes.length)) {
      throw new FormatError(
        `${WHAT}: model.json describes more weights than there are, ${offset} bytes up to ${quoted(name)} of ${bytes.length}; give every ` +
          "shard, in the order in which model.json names them.",
      );
    }
    return { name, shape: [...shape], read: () => values(bytes, begin, count, storage) };
  });
  if (offset !== bytes.length) {
    throw new FormatError(`${WHAT}: there are ${bytes.length} bytes of weights, and model.json describes ${offset}.`);
  }
  return new NamedWeights(tensors);
}
