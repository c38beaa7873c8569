import type { Backend } from "../graph/backend.ts";
import type { CompiledPrograms } from "./compiled_programs.ts";
import type { KeptState } from "./kept_state.ts";
import type { DatasetProgram } from "./residency.ts";
import type { TrainerStats } from "./types.ts";

function residencyOf({ stream, tables }: DatasetProgram): NonNullable<TrainerStats["residency"]> {
  if (stream) return "streamed";
  return tables.isSplit ? "split" : "resident";
}

/** What training costs and has done, as of now. */
export function statsOf(
  backend: Backend,
  kept: KeptState,
  { training, fed }: CompiledPrograms,
): Omit<TrainerStats, "snapshotBytes"> {
  const stats = (training?.program ?? fed)?.stats;
  const onGpu = backend.kind === "webgpu";
  return {
    dispatchesPerStep: stats?.dispatches ?? 0,
    submitsPerStep: kept.submitsPerStep,
    gpuBytes: onGpu ? backend.bytes : 0,
    datasetBytes: onGpu ? (training?.tables.bytes ?? 0) : 0,
    pipelines: stats?.pipelines ?? 0,
    flopsPerStep: stats?.flops ?? 0,
    steps: kept.progress.steps,
    ...(kept.parts.microBatches ? { microBatches: kept.parts.microBatches.count } : {}),
    backend: backend.description,
    ...(training ? { residency: residencyOf(training) } : {}),
    dataWaitSeconds: training?.stream?.waitedSeconds ?? 0,
  };
}
