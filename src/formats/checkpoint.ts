import { FormatError } from "../core/errors.ts";
import type { Tensor } from "../core/tensor.ts";
import { loadSafetensors, safetensorsMetadata, toSafetensors } from "./safetensors.ts";

const FORMAT = "corteza-checkpoint";
const VERSION = "1";

export interface Checkpoint {
  /** Plain JSON: how to build what the tensors belong to. */
  readonly config: object;
  readonly tensors: ReadonlyMap<string, Tensor>;
}

/** FNV-1a over every byte of every tensor, in order: finds damaged files, not forged ones. */
function hashTensors(tensors: ReadonlyMap<string, Tensor>): string {
  let hash = 0x811c9dc5;
  for (const { data } of tensors.values()) {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  }
  return (hash >>> 0).toString(16).padStart(8, "0");
}

/** A checkpoint as a safetensors file, which other tools can open too. */
export function encodeCheckpoint({ config, tensors }: Checkpoint): Uint8Array<ArrayBuffer> {
  return toSafetensors(tensors, {
    format: FORMAT,
    version: VERSION,
    config: JSON.stringify(config),
    hash: hashTensors(tensors),
  });
}

/** Reads what `encodeCheckpoint` wrote. Throws `FormatError` when it is something else or damaged. */
export function decodeCheckpoint(bytes: ArrayBuffer | Uint8Array): Checkpoint {
  const metadata = safetensorsMetadata(bytes);
  if (metadata.get("format") !== FORMAT) throw new FormatError("This is no Corteza checkpoint; for weights alone use loadSafetensors.");
  if (metadata.get("version") !== VERSION) {
    throw new FormatError(`This checkpoint has version ${metadata.get("version")}; this Corteza reads version ${VERSION}.`);
  }
  const tensors = loadSafetensors(bytes);
  if (metadata.get("hash") !== hashTensors(tensors)) throw new FormatError("This checkpoint is damaged: its hash does not fit its data.");
  let config: unknown;
  try {
    config = JSON.parse(metadata.get("config") ?? "");
  } catch (cause) {
    throw new FormatError("This checkpoint's configuration is not JSON.", { cause });
  }
  if (typeof config !== "object" || config === null) throw new FormatError("This checkpoint has no configuration.");
  return { config, tensors };
}
