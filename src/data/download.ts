import { abortWith } from "../core/abort.ts";
import { CortezaError } from "../core/errors.ts";
import type { OptionKinds } from "../core/options.ts";
import { gunzip, readAll } from "./gunzip.ts";
import { request } from "./request.ts";

/** How files are fetched. */
export interface DownloadOptions {
  /** Aborts the download, which then rejects with its reason. */
  signal?: AbortSignal;
  /**
   * Bytes that have come over the network for all files together, and how many there will be: 0 while a server has
   * not said, or cannot say because it compresses on the way.
   */
  onProgress?: (loadedBytes: number, totalBytes: number) => void;
  /** Name of a cache (`caches.open(name)`) that keeps the files for the next visit, where the browser has one. */
  cache?: string;
}

/** These options. */
export const DOWNLOAD: OptionKinds<DownloadOptions> = { signal: "any", onProgress: "any", cache: "string" };

export interface Download {
  /** The files, decompressed, in the order of their addresses. */
  readonly contents: readonly Uint8Array[];
  /** Puts the files into the cache: to be called once they have proved good. */
  keep(): Promise<void>;
  /** Takes them out again, so that a damaged copy is not met at every visit. */
  forget(): Promise<void>;
}

/** Storage may be forbidden, full or broken, and say so at once or later: a cache is a courtesy and never a reason to fail. */
async function courtesy<T>(attempt: () => Promise<T>): Promise<T | undefined> {
  try {
    return await attempt();
  } catch {
    return undefined;
  }
}

async function openCache(name: string | undefined): Promise<Cache | undefined> {
  if (name === undefined || !("caches" in globalThis)) return undefined;
  return courtesy(() => caches.open(name));
}

/** How many bytes will come, as far as the server says. A body compressed on the way is not as long as announced. */
function announcedBytes(response: Response): number {
  if (response.headers.has("content-encoding")) return 0;
  const length = Number(response.headers.get("content-length"));
  return Number.isSafeInteger(length) && length > 0 ? length : 0;
}

/**
 * Fetches files side by side, decompresses those that are gzip, and takes them from the cache where they are there.
 * Throws `CortezaError` with the code "network" when one cannot be had, `FormatError` for a damaged gzip stream, and
 * the signal's reason when it aborts; the other downloads are then cancelled.
 */
export async function download(urls: readonly string[], options: DownloadOptions = {}): Promise<Download> {
  const { signal, onProgress } = options;
  signal?.throwIfAborted();
  const cache = await openCache(options.cache);
  // Ends all downloads when one fails, or the caller wants no more of them.
  const failure = new AbortController();
  const stop = failure.signal;
  const letGo = abortWith(failure, signal);
  const progress = urls.map(() => ({ loaded: 0, total: 0 }));
  const report = () => {
    const loaded = progress.reduce((sum, file) => sum + file.loaded, 0);
    const known = progress.every((file) => file.total > 0);
    onProgress?.(loaded, known ? progress.reduce((sum, file) => sum + file.total, 0) : 0);
  };

  /** One file as it came over the network, still compressed. */
  async function load(url: string, index: number): Promise<Uint8Array> {
    const response = (cache && (await courtesy(() => cache.match(url)))) ?? (await request(url, stop));
    if (response.body === null) return new Uint8Array();
    const total = announcedBytes(response);
    try {
      return await readAll(response.body, (loaded) => {
        stop.throwIfAborted();
        progress[index] = { loaded, total };
        report();
      });
    } catch (cause) {
      stop.throwIfAborted();
      // A body that breaks off is a TypeError (Fetch standard); anything else is the caller's own, from onProgress.
      if (!(cause instanceof TypeError)) throw cause;
      throw new CortezaError(
        "network",
        `${url}: the connection broke off after ${progress[index]?.loaded ?? 0} bytes.`,
        { cause },
      );
    }
  }

  try {
    const packed = await Promise.all(urls.map(load));
    const forget = async () => {
      for (const url of urls) await courtesy(async () => cache?.delete(url));
    };
    const contents = await Promise.all(packed.map((bytes) => gunzip(bytes))).catch(async (error: unknown) => {
      await forget();
      throw error;
    });
    const keep = async () => {
      for (const [index, url] of urls.entries()) {
        const bytes = packed[index];
        if (bytes === undefined) continue;
        const headers = { "content-length": String(bytes.length) };
        await courtesy(async () => cache?.put(url, new Response(bytes.slice(), { headers })));
      }
    };
    return { contents, keep, forget };
  } catch (error) {
    signal?.throwIfAborted();
    failure.abort(error);
    throw error;
  } finally {
    letGo();
  }
}
