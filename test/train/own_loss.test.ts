import { afterAll, describe, expect, it } from "vitest";
import { cpu } from "../../src/cpu.ts";
import type { Node } from "../../src/graph/node.ts";
import type { Graph } from "../../src/graph.ts";
import {
  ArgumentError,
  activation,
  conv2d,
  createTrainer,
  dataset,
  dense,
  flatten,
  type MetricChoice,
  type Model,
  sequential,
  sgd,
} from "../../src/index.ts";

const backend = cpu();
afterAll(() => backend.dispose());

const SHAPE = [4, 4, 1];
const images = Float32Array.from({ length: 8 * 16 }, (_, i) => ((i * 37) % 101) / 101);
const labels = Uint8Array.of(0, 1, 2, 1, 0, 2, 1, 1);
const data = dataset({ images, labels, shape: SHAPE });

/** Something that is small where the outputs are near the label, whatever their shape. */
function ownLoss(graph: Graph, outputs: Node, targets: Node): Node {
  const [batch = 1] = outputs.shape;
  const rows = graph.reshape(outputs, [batch, outputs.shape.slice(1).reduce((a, b) => a * b, 1)]);
  const wanted = targets.dtype === "i32" ? graph.reshape(graph.cast(targets, "f32"), [batch, 1]) : targets;
  const error = graph.sub(rows, wanted);
  return graph.mean(graph.mul(error, error), 1);
}

const ofShape = {
  "images [4, 4, 3]": () => sequential({ inputShape: SHAPE, seed: 1 }, [conv2d({ filters: 3, kernelSize: 1 })]),
  "one number": () => sequential({ inputShape: SHAPE, seed: 1 }, [flatten(), dense({ units: 1 })]),
  "three numbers": () => sequential({ inputShape: SHAPE, seed: 1 }, [flatten(), dense({ units: 3 })]),
};

const trainerOf = (model: Model, metrics: MetricChoice[] = []) =>
  createTrainer(model, { backend, loss: ownLoss, optimizer: sgd({ learningRate: 0.01 }), batchSize: 4, metrics });

describe("a loss of one's own with class labels", () => {
  it.each(["images [4, 4, 3]", "one number"] as const)("has no accuracy for outputs of %s", async (kind) => {
    const trainer = await trainerOf(ofShape[kind]());
    const history = await trainer.fit(data, { epochs: 1, validationData: data });
    const evaluated = await trainer.evaluate(data);
    const batch = await trainer.trainOnBatch(images.slice(0, 32), labels.slice(0, 2));
    expect(Number.isFinite(evaluated.loss) && Number.isFinite(batch.loss)).toBe(true);
    for (const found of [...history.epochs, evaluated, batch]) {
      expect("accuracy" in found && found.accuracy !== undefined).toBe(false);
    }
    expect(evaluated.confusion).toEqual([]);
    trainer.dispose();
  });

  it("has one for outputs of several numbers: the share of rows whose largest is the label's", async () => {
    const trainer = await trainerOf(ofShape["three numbers"]());
    const { accuracy, confusion } = await trainer.evaluate(data, { outputs: true });
    const outputs = await trainer.predict([images]);
    const said = Array.from({ length: 8 }, (_, row) => {
      const values = [...((outputs as readonly { data: ArrayLike<number> }[])[0]!.data as Float32Array)].slice(
        3 * row,
        3 * row + 3,
      );
      return values.indexOf(Math.max(...values));
    });
    expect(accuracy).toBe(said.filter((one, row) => one === labels[row]).length / 8);
    expect(confusion.flat().reduce((sum, count) => sum + count, 0)).toBe(8);
    trainer.dispose();
  });

  it("need not look at its targets, in trainOnBatch either", async () => {
    const model = sequential({ inputShape: SHAPE, seed: 1 }, [flatten(), dense({ units: 2 })]);
    const trainer = await createTrainer(model, {
      ...{ backend, optimizer: sgd({ learningRate: 0.1 }), batchSize: 4 },
      loss: (graph, outputs) => graph.mean(graph.mul(outputs, outputs), 1),
    });
    const targets = new Float32Array(4);
    const losses = [0, 1].map(() => trainer.trainOnBatch(images.slice(0, 32), targets));
    const [first, second] = await Promise.all(losses);
    expect(second!.loss).toBeLessThan(first!.loss);
    trainer.dispose();
  });

  it("refuses metrics that compare images of outputs with labels, and an accuracy where there is none", async () => {
    for (const metric of ["accuracy", "mse", "topKCategoricalAccuracy", "binaryAccuracy", "precision"] as const) {
      const trainer = await trainerOf(ofShape["images [4, 4, 3]"](), [metric]);
      const failure = await trainer.evaluate(data).catch((error: unknown) => error);
      expect(failure, metric).toBeInstanceOf(ArgumentError);
      expect(String(failure), metric).toMatch(/outputs \[4, 4, 3\]/);
      trainer.dispose();
    }
  });

  it("has no accuracy with targets either", async () => {
    const targets = Float32Array.from({ length: 8 * 3 }, (_, i) => i % 2);
    const model = sequential({ inputShape: SHAPE, seed: 1 }, [flatten(), dense({ units: 3 }), activation("tanh")]);
    const trainer = await trainerOf(model);
    const { accuracy } = await trainer.evaluate(dataset({ images, targets, targetShape: [3], shape: SHAPE }));
    expect(accuracy).toBeUndefined();
    trainer.dispose();
  });
});
