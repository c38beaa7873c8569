/** Who decodes: a page's workers, the page itself, or Node. */
import type { PictureSource } from "./source.ts";
import type { SkipReason } from "./types.ts";

/** What became of one file: the bytes of its image, or why it has none. */
export type Decoded = { readonly bytes: Uint8Array } | { readonly reason: SkipReason; readonly detail: string };

/** Decodes pictures of one format. */
export interface Decoder {
  /** Pictures that are worked on at a time. */
  readonly width: number;
  /** One picture. Rejects only for what is no fault of its file. */
  decode(source: PictureSource): Promise<Decoded>;
  /** Ends its workers. */
  close(): void;
}
