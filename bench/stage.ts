import type { Engine, Work } from "./engines/engine.ts";
import type { Job } from "./jobs.ts";

/** Where engines work: a page of a browser, spoken to from Node, or this process itself on Dawn. */
export interface Stage {
  /** Builds the job in an engine, starting the engine if need be; `undefined` when it does not do such jobs. */
  open(engine: string, job: Job): Promise<number | undefined>;
  /** Milliseconds of doing it `times` times. */
  run(handle: number, times: number): Promise<number>;
  /** See `Work.runSingly`; nothing comes back from engines that do not know how to. */
  runSingly(handle: number, times: number): Promise<number[]>;
  values(handle: number): Promise<readonly number[]>;
  /** Resolves when the work runs as fast as it will. */
  settled(handle: number): Promise<void>;
  planned(handle: number): Promise<Work["planned"] | undefined>;
  /** See `Work.profile`; empty from engines that do not know how to. */
  profile(handle: number): Promise<string>;
  close(handle: number): Promise<void>;
}

/** A stage in this very process or page. */
export function localStage(starters: Readonly<Record<string, () => Promise<Engine>>>): Stage {
  const engines = new Map<string, Promise<Engine>>();
  const works = new Map<number, Work>();
  let handles = 0;
  const work = (handle: number): Work => {
    const found = works.get(handle);
    if (found === undefined) throw new Error(`there is no work ${handle}`);
    return found;
  };
  const engine = (name: string): Promise<Engine> => {
    const known = engines.get(name);
    if (known) return known;
    const start = starters[name];
    if (start === undefined) throw new Error(`there is no engine ${name}`);
    const starting = start();
    engines.set(name, starting);
    return starting;
  };
  return {
    async open(name, job) {
      const opened = await (await engine(name)).open(job);
      if (opened === undefined) return undefined;
      works.set(++handles, opened);
      return handles;
    },
    async run(handle, times) {
      const started = performance.now();
      await work(handle).run(times);
      return performance.now() - started;
    },
    async runSingly(handle, times) {
      const own = work(handle);
      if (own.runSingly) return own.runSingly(times);
      await own.run(times);
      return [];
    },
    values: (handle) => work(handle).values(),
    settled: async (handle) => work(handle).settled?.(),
    planned: async (handle) => work(handle).planned,
    profile: async (handle) => (await work(handle).profile?.()) ?? "",
    async close(handle) {
      work(handle).dispose();
      works.delete(handle);
    },
  };
}
