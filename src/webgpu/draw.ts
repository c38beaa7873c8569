/** Draws outputs of programs into canvases from where they lie on the device. */
import { at } from "../core/at.ts";
import { ArgumentError } from "../core/errors.ts";
import { layOutMaps } from "../core/maps_picture.ts";
import type { TypedArray } from "../core/tensor.ts";
import type { Feeds, OutputDrawing } from "../graph/backend.ts";
import type { DeviceContext } from "./device_context.ts";
import { MapsPainter } from "./maps_painter.ts";
import type { WebGpuProgram } from "./program.ts";
import { decode } from "./storage.ts";

/** One painter a device, as long as that is there. */
const painters = new WeakMap<GPUDevice, MapsPainter>();

function painterOf({ device, pipelines, traits }: DeviceContext): MapsPainter {
  let painter = painters.get(device);
  if (painter === undefined) {
    painter = new MapsPainter(device, pipelines, traits);
    painters.set(device, painter);
  }
  return painter;
}

/** As `DirectDrawing.draw`. */
export async function drawOutputs(
  program: WebGpuProgram,
  feeds: Feeds,
  drawings: readonly OutputDrawing[],
): Promise<(TypedArray | undefined)[]> {
  const { recording } = program;
  const painter = painterOf(recording.context);
  const wanted = drawings.map(({ output, shape, canvas, picture }) => {
    const value = recording.plan.outputs.get(output)?.value;
    if (value === undefined) throw new ArgumentError(`draw: the program has no output "${output}".`);
    return { value, layout: layOutMaps(shape, picture), canvas, isDirect: painter.configure(canvas) };
  });
  const paint = await painter.prepare(
    wanted
      .filter(({ isDirect }) => isDirect)
      .map(({ value, layout, canvas }) => ({
        layout,
        target: canvas,
        values: { ...recording.place(value), size: value.size },
      })),
  );
  program.feed(feeds);
  const read = wanted.filter(({ isDirect }) => !isDirect).map(({ value }) => value);
  const bytes = await recording.submit({ steps: 1, read, after: paint });
  return wanted.map(({ value, isDirect }) =>
    isDirect ? undefined : decode(at(bytes, read.indexOf(value)), value.dtype, value.size),
  );
}
