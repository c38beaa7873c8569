/** TensorFlow.js in Node, on its own CPU backend: it saves models, loads ours, and says what they answer. */
import "@tensorflow/tfjs-backend-cpu";
import * as tfc from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { at } from "../../src/core/at.ts";
import { cpu } from "../../src/cpu.ts";
import { Graph } from "../../src/graph.ts";
import type { Model } from "../../src/index.ts";
import { expectWithin } from "../conformance/suite.ts";
import { RandomData } from "./random.ts";

export { tfc, tfl };

/** What a folder of a saved model holds. */
export interface SavedModel {
  json: { modelTopology: object; weightsManifest: { paths: string[]; weights: tfc.io.WeightsManifestEntry[] }[] };
  weights: Uint8Array<ArrayBuffer>;
}

/** The model as `save` writes it. */
export async function saved(model: tfl.LayersModel): Promise<SavedModel> {
  const kept: tfc.io.ModelArtifacts[] = [];
  await model.save({
    async save(artifacts) {
      kept.push(artifacts);
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: "JSON" } };
    },
  });
  const { modelTopology, weightSpecs = [], weightData, format, generatedBy } = at(kept, 0);
  const weights = new Uint8Array(tfc.io.CompositeArrayBuffer.join(weightData));
  const json = { format, generatedBy, modelTopology: modelTopology as object };
  return { json: { ...json, weightsManifest: [{ paths: ["weights.bin"], weights: weightSpecs }] }, weights };
}

/** A saved model in TensorFlow.js. */
export function opened({ json, weights }: SavedModel): Promise<tfl.LayersModel> {
  const [{ weights: weightSpecs }] = json.weightsManifest as [SavedModel["json"]["weightsManifest"][number]];
  const { modelTopology } = json;
  return tfl.loadLayersModel({
    load: async () => ({ modelTopology, weightSpecs, weightData: weights.slice().buffer }),
  });
}

/** Weights that are no initial values: normal ones, variances above 0. */
export function scatter(model: tfl.LayersModel, seed: number): void {
  const random = new RandomData(seed);
  const fresh = model.weights.map((weight) => {
    const values = random.normals(weight.shape.reduce<number>((size, extent) => size * (extent ?? 1), 1));
    const isVariance = weight.name.includes("variance");
    return tfc.tensor(
      Float32Array.from(values, (one) => (isVariance ? 0.3 + one * one : 0.4 * one)),
      weight.shape as number[],
    );
  });
  model.setWeights(fresh);
}

/** The same for a model of this library. */
export function scatterOurs(model: Model, seed: number): void {
  const random = new RandomData(seed);
  const fresh = [...model.parameters].map(([name, { shape, data }]) => {
    const isVariance = name.endsWith("variance");
    const values = Float32Array.from(random.normals(data.length), (one) => (isVariance ? 0.3 + one * one : 0.4 * one));
    return [name, { shape, data: values }] as const;
  });
  model.setParameters(new Map(fresh));
}

/** Images of a batch, one array an input. */
export function inputsFor(shapes: readonly (readonly number[])[], seed: number, batch = 2): Float32Array[] {
  const random = new RandomData(seed);
  return shapes.map((shape) => Float32Array.from(random.normals(shape.reduce((a, b) => a * b, batch))));
}

/** What this library's CPU backend gives for a batch. */
export async function ours(model: Model, inputs: readonly Float32Array[], batch = 2): Promise<Float32Array[]> {
  const graph = new Graph();
  const nodes = model.inputShapes.map((shape, place) => graph.input(`x${place}`, [batch, ...shape]));
  const outputs = model.build(graph, nodes).map((node, place) => [`y${place}`, node] as const);
  const program = await cpu().compile(graph, { outputs: Object.fromEntries(outputs) });
  const results = await program.run(Object.fromEntries(inputs.map((one, place) => [`x${place}`, one])));
  program.dispose();
  return outputs.map(([name]) => Float32Array.from(results[name]?.data ?? []));
}

/** What TensorFlow.js gives for it. */
export function theirs(model: tfl.LayersModel, inputs: readonly Float32Array[], batch = 2): Float32Array[] {
  return tfc.tidy(() => {
    const tensors = model.inputs.map(({ shape }, place) =>
      tfc.tensor(at(inputs, place), [batch, ...(shape.slice(1) as number[])]),
    );
    const results = model.predict(tensors.length === 1 ? at(tensors, 0) : tensors);
    return [results].flat().map((one) => Float32Array.from(one.dataSync()));
  });
}

/** Equal within 1e-5 of the largest value. */
export function expectSame(got: readonly Float32Array[], want: readonly Float32Array[]): void {
  want.forEach((expected, place) => {
    const largest = expected.reduce((most, one) => Math.max(most, Math.abs(one)), 0);
    expectWithin(`output ${place}`, got[place], expected, () => 1e-5 * Math.max(largest, 1e-3));
  });
  if (got.length !== want.length) throw new Error(`${got.length} outputs, and ${want.length} wanted`);
}
