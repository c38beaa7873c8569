import { at } from "../../core/at.ts";
import { Arena } from "../../graph/node.ts";
import { l2DecayOf } from "../../graph/update_rule.ts";
import {
  adafactorColumns,
  adafactorDirection,
  adafactorRows,
  adafactorScales,
  adafactorTables,
} from "../kernels/adafactor.ts";
import { matchUpdate, type UpdatePreparation } from "./optimizer_update.ts";
import { rule } from "./rule.ts";

/** Adafactor: four dispatches make its directions of the gradients, and its update works on these instead. */
export const adafactor = rule("optimizerUpdate", (update, context) =>
  update.attributes.rule.kind === "adafactor" ? matchUpdate(update, context, makeDirections) : undefined,
);

const makeDirections: UpdatePreparation = ({ attributes }, { skippable = false }, operands, emit) => {
  const { rule, parameters } = attributes;
  if (rule.kind !== "adafactor") throw new Error(`Adafactor's directions for "${rule.kind}"`);
  const { parameters: weights, gradientPartials, blockTable, finishedSteps, schedule, state } = operands;
  // The moments come first in the state, and the averages after them where the rule keeps any.
  const [moments, averages] = [at(state, 0), state.slice(1)];
  const tables = adafactorTables(parameters, at(attributes.state, 0));
  const table = (label: string, data: Uint32Array) => emit.constant(label, data, "u32");
  const directions = emit.scratch("directions", parameters.size);
  emit.beginPart("adafactor moments");
  emit.dispatch(adafactorRows(rule, tables, skippable, emit.traits), {
    treated: directions,
    gradientPartials,
    blockTable,
    finishedSteps,
    entries: table("rows", tables.rows),
    moments,
    gradientFactors: operands.gradientFactors,
    parameters: l2DecayOf(rule) === 0 ? undefined : weights,
  });
  const means = emit.scratch("means of row moments", Math.max(1, tables.means));
  if (tables.columns.length > 0) {
    const columns = adafactorColumns(rule, tables, skippable, emit.traits);
    emit.dispatch(columns, {
      treated: directions,
      means,
      finishedSteps,
      entries: table("columns", tables.columns),
      moments,
    });
  }
  const squares = emit.scratch("squares of weights and directions", parameters.size / 2);
  const decays = rule.weightDecay !== 0 && rule.decoupledWeightDecay;
  emit.dispatch(adafactorDirection(rule, parameters.size, emit.traits), {
    parameters: weights,
    directions,
    places: table("tensor layout", tables.layout),
    finishedSteps: decays ? finishedSteps : undefined,
    schedule: decays ? schedule : undefined,
    moments,
    means,
    squares,
  });
  const scales = emit.scratch("scales of directions", parameters.size / Arena.ALIGNMENT);
  emit.dispatch(adafactorScales(rule, tables, emit.traits), {
    squares,
    tensors: table("tensors", tables.tensors),
    scales,
  });
  return {
    ...operands,
    gradientPartials: directions,
    blockTable: table("directions", tables.directions),
    state: averages,
    gradientFactors: undefined,
    directionScales: scales,
  };
};
