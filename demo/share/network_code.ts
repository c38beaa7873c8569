/**
 * A trained network as a text for an address: its layers and weights, packed. Weights of 8 bits, with a scale for each output
 * channel, as post-training quantisation has them (Jacob et al. 2018); biases and statistics stay 32-bit floats. Everything is
 * deflated and written in base64url.
 */
import { CortezaError } from "../../src/core/errors.ts";
import type { Tensor } from "../../src/core/tensor.ts";
import type { Model } from "../../src/nn/model.ts";
import type { ModelConfig } from "../../src/nn/model_config.ts";
import { anyModel, forDigits } from "../any_model.ts";
import { FileProblemError } from "../file_problem.ts";

/** Browsers and messengers take addresses of this many characters; what is longer goes by file. */
export const MOST_CHARACTERS = 64_000;
const VERSION = 1;
/** Steps on either side of 0: as many as 8 bits have, or fewer where the address would be too long. */
const LEVELS = [127, 90, 63] as const;
/** Of a code that is read: more inflated bytes than any code of `MOST_CHARACTERS` of this page has. */
const MOST_BYTES = 1 << 22;

type Parameters = ReadonlyMap<string, Tensor<Float32Array>>;

/** A network with its parameters by name; undefined where it is too large for an address. */
export async function encodeNetwork(model: Model, parameters: Parameters): Promise<string | undefined> {
  for (const levels of LEVELS) {
    const code = await encodeWith(levels, model, parameters);
    if (code.length <= MOST_CHARACTERS) return code;
  }
  return undefined;
}

async function encodeWith(levels: number, model: Model, parameters: Parameters): Promise<string> {
  const config = new TextEncoder().encode(JSON.stringify(model.toJSON()));
  const head = new DataView(new ArrayBuffer(5));
  head.setUint8(0, VERSION);
  head.setUint32(1, config.length, true);
  const parts: Uint8Array<ArrayBuffer>[] = [new Uint8Array(head.buffer), config];
  for (const { name } of model.variables) {
    const { shape, data } = parameters.get(name) ?? { shape: [], data: new Float32Array() };
    parts.push(...(isRounded(shape) ? rounded(data, shape.at(-1) ?? 1, levels) : [bytesOf(data)]));
  }
  const packed = new Blob(parts).stream().pipeThrough(new CompressionStream("deflate-raw"));
  return toBase64Url(new Uint8Array(await new Response(packed).arrayBuffer()));
}

/**
 * The network that `encodeNetwork` wrote, with its rounded weights. Throws `FileProblemError` for a code that is damaged, or is
 * no network for digits.
 */
export async function decodeNetwork(code: string): Promise<Model> {
  const bytes = await inflated(fromBase64Url(code));
  const view = new DataView(bytes.buffer);
  if (bytes.length < 5 || view.getUint8(0) !== VERSION) throw damaged("The address has no network of this version.");
  const start = 5 + view.getUint32(1, true);
  if (start > bytes.length) throw damaged("The network in the address is cut off.");
  const model = modelOf(new TextDecoder().decode(bytes.subarray(5, start)));
  const lengths = model.variables.map(({ shape }) => lengthOf(shape));
  if (start + lengths.reduce((sum, length) => sum + length, 0) !== bytes.length) {
    throw damaged("The network in the address has more or fewer weights than its layers.");
  }
  const parameters = new Map<string, { shape: readonly number[]; data: Float32Array }>();
  let offset = start;
  model.variables.forEach(({ name, shape }, index) => {
    const end = offset + (lengths[index] ?? 0);
    const data = isRounded(shape)
      ? restored(bytes.subarray(offset, end), shape.at(-1) ?? 1)
      : floatsOf(bytes, offset, end);
    if (!data.every(Number.isFinite)) {
      throw new FileProblemError(
        { kind: "notFinite", tensor: name },
        `Tensor "${name}" holds values that are not numbers.`,
      );
    }
    parameters.set(name, { shape, data });
    offset = end;
  });
  model.setParameters(parameters);
  return model;
}

function modelOf(json: string): Model {
  let model: Model;
  try {
    model = anyModel(JSON.parse(json) as ModelConfig);
  } catch (cause) {
    if (!(cause instanceof CortezaError || cause instanceof SyntaxError)) throw cause;
    throw new FileProblemError({ kind: "network" }, `The network in the address cannot be built: ${cause.message}`, {
      cause,
    });
  }
  return forDigits(model);
}

/** Kernels are rounded; they are nearly all of a network. */
const isRounded = (shape: readonly number[]) => shape.length > 1;
const sizeOf = (shape: readonly number[]) => shape.reduce((product, extent) => product * extent, 1);
const lengthOf = (shape: readonly number[]) =>
  isRounded(shape) ? 4 * (shape.at(-1) ?? 1) + sizeOf(shape) : 4 * sizeOf(shape);

/** A scale for each output channel, then the weights as whole numbers of it, at most `most` from 0. */
function rounded(
  weights: Float32Array,
  channels: number,
  most: number,
): [Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>] {
  const scales = new Float32Array(channels);
  weights.forEach((weight, index) => {
    const channel = index % channels;
    scales[channel] = Math.max(scales[channel] ?? 0, Math.abs(weight) / most);
  });
  const levels = Int8Array.from(weights, (weight, index) => {
    const scale = scales[index % channels] ?? 0;
    return scale === 0 ? 0 : Math.round(weight / scale);
  });
  return [bytesOf(scales), new Uint8Array(levels.buffer)];
}

function restored(bytes: Uint8Array<ArrayBuffer>, channels: number): Float32Array {
  const scales = floatsOf(bytes, 0, 4 * channels);
  const levels = new Int8Array(bytes.slice(4 * channels).buffer);
  return Float32Array.from(levels, (level, index) => level * (scales[index % channels] ?? 0));
}

/** The least significant byte first, as safetensors has them and every machine that runs this. */
function bytesOf(values: Float32Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Float32Array.from(values).buffer);
}

function floatsOf(bytes: Uint8Array<ArrayBuffer>, start: number, end: number): Float32Array {
  return new Float32Array(bytes.slice(start, end).buffer);
}

/** Stops at a limit: few bytes can inflate to very many. */
async function inflated(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read().catch((cause: unknown) => {
      throw damaged("The network in the address is damaged.", cause);
    });
    if (done) break;
    length += value.length;
    if (length > MOST_BYTES) {
      await reader.cancel().catch(() => undefined);
      throw damaged("The network in the address is larger than an address of this page can have.");
    }
    parts.push(value);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

function toBase64Url(bytes: Uint8Array): string {
  let text = "";
  for (let start = 0; start < bytes.length; start += 4096)
    text += String.fromCharCode(...bytes.subarray(start, start + 4096));
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function fromBase64Url(code: string): Uint8Array<ArrayBuffer> {
  try {
    return Uint8Array.from(atob(code.replaceAll("-", "+").replaceAll("_", "/")), (character) =>
      character.charCodeAt(0),
    );
  } catch (cause) {
    throw damaged("The network in the address is damaged.", cause);
  }
}

function damaged(message: string, cause?: unknown): FileProblemError {
  return new FileProblemError({ kind: "damaged" }, message, cause === undefined ? {} : { cause });
}
