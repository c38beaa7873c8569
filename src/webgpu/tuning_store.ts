/** Where the results of tuning are remembered. Both may fail; tuning then goes on without. */
export interface TuningStore {
  /** What was set for this key; undefined where nothing was. */
  get(key: string): Promise<string | undefined>;
  /** Remembers a text of some dozen characters. */
  set(key: string, value: string): Promise<void>;
}

/** How kernels are tuned. */
export interface AutotuneOptions {
  /** Default: IndexedDB in pages and workers, memory elsewhere; in Node `fileTuningStore` of "corteza/node". */
  store?: TuningStore;
  /** Milliseconds that a program may spend on measuring kernels that no one has measured yet; default 3000. */
  milliseconds?: number;
}

/** A store that ends with the page. */
export function memoryTuningStore(): TuningStore {
  const known = new Map<string, string>();
  return {
    get: async (key) => known.get(key),
    async set(key, value) {
      known.set(key, value);
    },
  };
}

/** A store in the browser's own database, shared by all pages of an origin. */
export function indexedDbTuningStore(name = "corteza-tuning"): TuningStore {
  const finished = <T>(request: IDBRequest<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  let opened: Promise<IDBDatabase> | undefined;
  const table = async (mode: IDBTransactionMode): Promise<IDBObjectStore> => {
    if (opened === undefined) {
      const request = indexedDB.open(name, 1);
      request.onupgradeneeded = () => request.result.createObjectStore("tiles");
      opened = finished(request);
    }
    return (await opened).transaction("tiles", mode).objectStore("tiles");
  };
  return {
    async get(key) {
      const value: unknown = await finished((await table("readonly")).get(key));
      return typeof value === "string" ? value : undefined;
    },
    async set(key, value) {
      await finished((await table("readwrite")).put(value, key));
    },
  };
}
