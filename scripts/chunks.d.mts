/** One file of a build that imports another, as paths in its folder. */
export interface ChunkImport {
  readonly from: string;
  readonly to: string;
}

/** The entries of a build: those that pages and workers start with, and those that are `named`; and who imports them. */
export function importsOfEntries(
  folder: string,
  named?: readonly string[],
): { entries: readonly string[]; imports: readonly ChunkImport[]; forbidden: readonly ChunkImport[] };
