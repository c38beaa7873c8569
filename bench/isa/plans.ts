/** What programs a device would get, without the device: plans for traits that are only told. */
import type { Backend, CompileOptions } from "../../src/graph/backend.ts";
import type { Graph } from "../../src/graph/graph.ts";
import { writeInPlace } from "../../src/webgpu/in_place.ts";
import type { DeviceTraits } from "../../src/webgpu/kernel.ts";
import { kernelSource } from "../../src/webgpu/kernel_source.ts";
import { lowerGraph } from "../../src/webgpu/lower.ts";
import { byteSize, type Plan } from "../../src/webgpu/plan.ts";
import { engineOn } from "../engines/corteza.ts";
import type { Job } from "../jobs.ts";

/** A graphics card with what every one has: WebGPU's own limits, and subgroups. */
const HARDWARE: DeviceTraits = {
  maxWorkgroupSize: 256,
  maxWorkgroupStorage: 16384,
  software: false,
  subgroups: { minSize: 32, maxSize: 64 },
};

/** Devices by name, for `--traits`. */
export const TRAITS: Readonly<Record<string, DeviceTraits>> = {
  hardware: HARDWARE,
  software: { ...HARDWARE, software: true, subgroups: { minSize: 4, maxSize: 4 } },
};

/** One dispatch of a program, as a device would get it. */
export interface Kernel {
  readonly name: string;
  readonly op: string;
  /** Of the model; undefined for what belongs to none. */
  readonly layer: string | undefined;
  /** What the choice of tile was. */
  readonly variant: string;
  readonly workgroups: readonly [number, number, number];
  /** A multiply-add counts as two. */
  readonly flops: number;
  /** Of all buffers that it binds: what it must move at least, where it reads and writes each once. */
  readonly bytes: number;
  readonly wgsl: string;
}

/** The error by which a backend that only plans ends what wants to run. */
class PlannedOnly extends Error {}

function backendThatPlans(traits: DeviceTraits, plans: Plan[]): Backend {
  const planned = (): never => {
    throw new PlannedOnly("this backend only plans");
  };
  const nothing = () => () => undefined;
  return {
    ...{
      kind: "webgpu",
      description: "plans only",
      bytes: 0,
      closed: undefined,
      lost: new Promise<Error>(() => undefined),
    },
    ...{
      onClosed: nothing,
      onReopened: nothing,
      dispose: () => undefined,
      snapshot: planned,
      reopen: planned,
      stats: planned,
    },
    async compile(graph: Graph, { outputs }: CompileOptions) {
      plans.push(writeInPlace(await lowerGraph(graph, outputs, traits)));
      return planned();
    },
  };
}

/** The dispatches of a job's program on a device of these traits, in their order. */
export async function kernelsOf(job: Job, traits: DeviceTraits): Promise<Kernel[]> {
  const plans: Plan[] = [];
  await engineOn(backendThatPlans(traits, plans))
    .open(job)
    ?.catch((error: unknown) => {
      if (!(error instanceof PlannedOnly)) throw error;
    });
  return plans.flatMap(({ dispatches }) =>
    dispatches.map(({ spec, values, op, layer }) => ({
      name: spec.name,
      ...{ op, layer, variant: spec.variant ?? "", workgroups: spec.workgroups, flops: spec.flops },
      bytes: [...new Set(values)].reduce((sum, { size, dtype }) => sum + byteSize(size, dtype), 0),
      wgsl: kernelSource(spec),
    })),
  );
}
