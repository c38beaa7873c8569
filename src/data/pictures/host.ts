/** "corteza/pictures-host": loading this file in a worker of a page makes it decode pictures for `imageFolder`. */
import { decodeOrTell } from "./decode.ts";
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

globalThis.addEventListener("message", async ({ data }: MessageEvent<DecodeRequest>) => {
  const { id, source, format, alone } = data;
  const answer = await decodeOrTell(source, format, alone);
  const transfer = answer !== "large" && "bytes" in answer ? [answer.bytes.buffer] : [];
  // In a worker, postMessage takes no target origin; the DOM types know only the window's.
  const { postMessage } = globalThis as { postMessage(message: unknown, transfer: Transferable[]): void };
  postMessage({ id, answer }, transfer as Transferable[]);
});
