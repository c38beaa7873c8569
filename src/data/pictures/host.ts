/** "corteza/pictures-host": loading this file in a worker of a page makes it decode pictures for `imageFolder`. */
import { decodeOrTell } from "./decode.ts";
import type { WriteAnswer, WriteRequest } from "./opfs/files.ts";
import { writeFile } from "./opfs/write_file.ts";
import type { PictureSource } from "./source.ts";
import type { PictureFormat } from "./types.ts";

/** What the page asks. */
export interface DecodeRequest {
  readonly id: number;
  readonly source: PictureSource;
  readonly format: PictureFormat;
  /** Whether no other large picture is being decoded. */
  readonly alone: boolean;
}

/** What a page asks whose browser writes files in workers alone. */
interface StoreRequest {
  readonly id: number;
  readonly write: WriteRequest;
}

globalThis.addEventListener("message", async ({ data }: MessageEvent<DecodeRequest | StoreRequest>) => {
  const [answer, transfer] = "write" in data ? [await written(data), []] : await decoded(data);
  // In a worker, postMessage takes no target origin; the DOM types know only the window's.
  const { postMessage } = globalThis as { postMessage(message: unknown, transfer: Transferable[]): void };
  postMessage(answer, transfer as Transferable[]);
});

async function decoded({ id, source, format, alone }: DecodeRequest) {
  const answer = await decodeOrTell(source, format, alone);
  const transfer = answer !== "large" && "bytes" in answer ? [answer.bytes.buffer] : [];
  return [{ id, answer }, transfer] as const;
}

async function written({ id, write }: StoreRequest): Promise<WriteAnswer> {
  try {
    await writeFile(write);
    return { id };
  } catch (cause) {
    const { name, message } = cause instanceof Error ? cause : { name: "Error", message: String(cause) };
    return { id, failed: { name, message } };
  }
}
