/** Builds and packs the library and unpacks it where programs in `folder` find it as "corteza". */
export function installPacked(folder: string): Promise<void>;

/** Sources of programs that use the library, by what they do. */
export const JOBS: Readonly<Record<string, string>>;

/** The bundlers' names, each with how it bundles a module of `folder` into the folder `out`. */
export const BUNDLERS: Readonly<Record<string, (folder: string, source: string, out: string) => Promise<unknown>>>;

/** Bundles a job into a folder of its own, whose path it resolves to. */
export function bundleJob(folder: string, bundler: string, job: string): Promise<string>;

export interface Fetched {
  /** All files together, each compressed by gzip. */
  readonly bytes: number;
  readonly names: readonly string[];
  /** The files' texts, one after the other. */
  readonly text: string;
  /** What the program has set as `globalThis.result`. */
  readonly result: unknown;
}

/** A browser that runs bundles. */
export class Pages {
  static open(): Promise<Pages>;
  /** What a page fetches for a bundle's main.js, until that sets `globalThis.done`. Throws what the page throws. */
  fetched(folder: string): Promise<Fetched>;
  close(): Promise<void>;
}
