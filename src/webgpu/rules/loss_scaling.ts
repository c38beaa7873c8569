import { unscaleGradients } from "../kernels/loss_scaling.ts";
import { UNSCALE } from "./finish_step.ts";
import { rule } from "./rule.ts";

/** Takes no node: offers the kernel that divides gradients by the loss scale to the rule of a step's end. */
const lossScaling = rule("finishStep", (finish, context) => {
  const { scaling } = finish.attributes;
  if (scaling === undefined) return undefined;
  context.leave(UNSCALE, finish, ({ partials, blockTable, arenaSize }, emit) =>
    emit.dispatch(unscaleGradients({ arenaSize }, emit.traits), {
      gradientPartials: partials,
      blockTable,
      lossScale: emit.variable(scaling.scale),
      counters: emit.variable(scaling.counters),
    }),
  );
  return undefined;
});

export const rules = [lossScaling];
