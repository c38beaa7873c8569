import { alignTo } from "../core/align_to.ts";
import { ArgumentError } from "../core/errors.ts";
import { formatShape } from "../core/shape.ts";
import { checkLength, type Tensor, type TypedArray } from "../core/tensor.ts";
import { MOST_AXES, ORDER, shown } from "./safetensors.ts";

/** The format's name for an array's element type. */
export function typeName(data: TypedArray): string {
  if (data instanceof Float32Array) return "F32";
  if (data instanceof Float64Array) return "F64";
  if (data instanceof Int32Array) return "I32";
  if (data instanceof Uint32Array) return "U32";
  if (data instanceof Int16Array) return "I16";
  if (data instanceof Uint16Array) return "U16";
  return data instanceof Int8Array ? "I8" : "U8";
}

function checkTensor(name: string, { shape, data }: Tensor): void {
  if (name === "__metadata__") {
    throw new ArgumentError(
      'toSafetensors: a tensor cannot be called "__metadata__"; the format uses that name itself.',
    );
  }
  if (/\p{Surrogate}/u.test(name)) {
    throw new ArgumentError(`toSafetensors: the name ${shown(name)} has half a surrogate pair; UTF-8 cannot hold it.`);
  }
  if (shape.length > MOST_AXES) {
    throw new ArgumentError(`toSafetensors: "${name}" ${formatShape(shape)} has more than ${MOST_AXES} axes.`);
  }
  checkLength(`toSafetensors: "${name}"`, shape, data);
}

/**
 * A safetensors file of these tensors, readable by any implementation; `metadata` are texts kept beside them. The
 * file depends on nothing but its arguments. Throws `ShapeError` when a shape does not fit its array, `ArgumentError`
 * for more than 8 axes or a tensor called "__metadata__".
 */
export function toSafetensors(
  tensors: ReadonlyMap<string, Tensor>,
  metadata: ReadonlyMap<string, string> | Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  for (const [name, tensor] of tensors) checkTensor(name, tensor);
  // Wider types first, as in the reference writer, keeps every tensor aligned. Sorting is stable: tensors of one type
  // stay in the order of the map, and only a mixed map needs its order written down.
  const sorted = [...tensors].sort(([, a], [, b]) => b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT);
  const names = [...tensors.keys()];
  const texts = new Map(metadata instanceof Map ? metadata : Object.entries(metadata));
  // Empty tensors share an offset, and a reader's JSON object puts names of digits first.
  const isAmbiguous = sorted.some(([, { data }]) => data.length === 0) && names.some((name) => /^\d+$/.test(name));
  if (isAmbiguous || sorted.some(([name], index) => name !== names[index])) texts.set(ORDER, JSON.stringify(names));

  const fields: string[] = [];
  if (texts.size > 0) {
    const pairs = [...texts].map(([key, text]) => `${JSON.stringify(key)}:${JSON.stringify(text)}`);
    fields.push(`"__metadata__":{${pairs.join(",")}}`);
  }
  let end = 0;
  for (const [name, { shape, data }] of sorted) {
    const entry = { dtype: typeName(data), shape, data_offsets: [end, end + data.byteLength] };
    fields.push(`${JSON.stringify(name)}:${JSON.stringify(entry)}`);
    end += data.byteLength;
  }
  const header = new TextEncoder().encode(`{${fields.join(",")}}`);
  // Spaces fill the header up to a multiple of 8, so that the data is aligned.
  const headerBytes = alignTo(header.length, 8);
  const file = new Uint8Array(8 + headerBytes + end).fill(0x20, 8, 8 + headerBytes);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerBytes), true);
  file.set(header, 8);
  let offset = 8 + headerBytes;
  for (const [, { data }] of sorted) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset);
    offset += data.byteLength;
  }
  return file;
}
