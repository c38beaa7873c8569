/** Whether a plan would find place on a device, without compiling it. */
import type { DeviceContext } from "./device_context.ts";
import type { Plan } from "./plan.ts";
import { hold, lackOf, letGo, needsOf } from "./recording.ts";

/** Takes the memory that a plan needs beside what is held, and gives it back. Throws `OutOfMemoryError` where it does not come. */
export async function checkMemory(context: DeviceContext, plan: Plan): Promise<void> {
  const needs = needsOf(context, plan);
  const { device } = context;
  device.pushErrorScope("validation");
  const held = hold(context, plan, needs);
  const [, lack] = await Promise.all([device.popErrorScope(), lackOf(context, held)]);
  letGo(context, held);
  if (lack) throw lack;
}
