/** Writes files of the browser's own file system in a worker, which alone may write them at once. */
import type { WriteRequest } from "./files.ts";

/** What TypeScript's library knows in workers alone. */
interface SyncHandle {
  write(bytes: Uint8Array, options: { at: number }): number;
  truncate(size: number): void;
  flush(): void;
  close(): void;
}

/** A whole file. Rejects with what the browser throws; of a file that found no room nothing is left. */
export async function writeFile({ path, name, bytes }: WriteRequest): Promise<void> {
  let folder = await navigator.storage.getDirectory();
  for (const one of path) folder = await folder.getDirectoryHandle(one);
  const file = await folder.getFileHandle(name, { create: true });
  const handle = await (file as unknown as { createSyncAccessHandle(): Promise<SyncHandle> }).createSyncAccessHandle();
  try {
    handle.truncate(0);
    const written = handle.write(bytes, { at: 0 });
    if (written < bytes.length) throw new DOMException("There is no room for the whole file.", "QuotaExceededError");
    handle.flush();
  } finally {
    handle.close();
  }
}
