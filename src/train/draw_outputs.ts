import { at } from "../core/at.ts";
import { ArgumentError } from "../core/errors.ts";
import { layOutMaps, paintMaps } from "../core/maps_picture.ts";
import type { Backend, Feeds, OutputDrawing, Program } from "../graph/backend.ts";

/**
 * Writes the feeds, runs one step of a program, and draws outputs into canvases: where they lie on the device, if the backend
 * can and gains by it; else, and with `readback`, they are read and painted. `readback: false` draws where they lie also where
 * nothing is gained. Throws `ArgumentError` for what makes no picture.
 */
export async function drawOutputs(
  { drawing }: Backend,
  program: Program,
  { feeds, drawings, readback }: { feeds: Feeds; drawings: readonly OutputDrawing[]; readback?: boolean | undefined },
): Promise<void> {
  const layouts = drawings.map(({ shape, picture }) => layOutMaps(shape, picture));
  const isDirect = drawing !== undefined && !(readback ?? !drawing.isQuicker);
  const values = await (isDirect ? drawing.draw(program, feeds, drawings) : readOutputs(program, feeds, drawings));
  drawings.forEach(({ canvas }, index) => {
    const read = values[index];
    if (read) paintMaps(canvas, at(layouts, index), read);
  });
}

async function readOutputs(program: Program, feeds: Feeds, drawings: readonly OutputDrawing[]) {
  const outputs = await program.run(feeds, { read: drawings.map(({ output }) => output) });
  return drawings.map(({ output }) => {
    const values = outputs[output];
    if (values === undefined) throw new ArgumentError(`draw: the program has no output "${output}".`);
    return values.data;
  });
}
