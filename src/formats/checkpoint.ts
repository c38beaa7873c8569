import { crc32 } from "../core/crc32.ts";
import { FormatError } from "../core/errors.ts";
import type { Tensor } from "../core/tensor.ts";
import { loadSafetensors, safetensorsMetadata } from "./safetensors.ts";
import { toSafetensors, typeName } from "./safetensors_writer.ts";
import { CHECKPOINT_FORMAT, parseConfig } from "./stored_config.ts";

const VERSION = "1";

export interface Checkpoint {
  /** Plain JSON: how to build what the tensors belong to. */
  readonly config: object;
  readonly tensors: ReadonlyMap<string, Tensor>;
}

/** CRC-32 over the configuration and every tensor's name, type, shape and bytes: finds damaged files, not forged ones. */
function checksumOf(config: string, tensors: ReadonlyMap<string, Tensor>): string {
  const text = new TextEncoder();
  let checksum = crc32(text.encode(config));
  for (const [name, { shape, data }] of tensors) {
    checksum = crc32(text.encode(JSON.stringify([name, typeName(data), shape])), checksum);
    checksum = crc32(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), checksum);
  }
  return checksum.toString(16).padStart(8, "0");
}

/**
 * A checkpoint as a safetensors file, which other tools can open too: its metadata hold the name and the version of
 * the format, the configuration as JSON, and a checksum. Throws as `toSafetensors` does.
 */
export function encodeCheckpoint({ config, tensors }: Checkpoint): Uint8Array<ArrayBuffer> {
  const json = JSON.stringify(config);
  return toSafetensors(tensors, {
    format: CHECKPOINT_FORMAT,
    version: VERSION,
    config: json,
    crc32: checksumOf(json, tensors),
  });
}

/**
 * Reads what `encodeCheckpoint` wrote; the tensors come back in the order they were given. Throws `FormatError` when
 * the bytes are something else, of another version, or damaged.
 */
export function decodeCheckpoint(bytes: ArrayBuffer | Uint8Array): Checkpoint {
  const metadata = safetensorsMetadata(bytes);
  if (metadata.get("format") !== CHECKPOINT_FORMAT) {
    throw new FormatError(
      "This is a safetensors file, but no Corteza checkpoint; for weights alone use loadSafetensors.",
    );
  }
  if (metadata.get("version") !== VERSION) {
    throw new FormatError(
      `This checkpoint has version ${metadata.get("version")}; this Corteza reads version ${VERSION}.`,
    );
  }
  const tensors = loadSafetensors(bytes);
  const json = metadata.get("config") ?? "";
  if (metadata.get("crc32") !== checksumOf(json, tensors)) {
    throw new FormatError("This checkpoint is damaged: its checksum does not fit its content. Use an older copy.");
  }
  return { config: parseConfig("This checkpoint's configuration", json), tensors };
}
