import { readModel } from "./read_model.ts";
import { type Command, readWords, UsageError } from "./usage.ts";

export const summary: Command = {
  summary: "prints the layers of a network, with their shapes and counts",
  help: `corteza summary FILE [--batch N] [--json]

Prints the layers of a network: shapes, neurons, parameters, multiply-adds, and what a step of training needs.

FILE   a file of Corteza (.safetensors), ONNX (.onnx), Keras (.keras, .h5) or TensorFlow.js (model.json, or its folder)

--batch N   images a step, for the bytes of activations; default 1
--json      the same as JSON

corteza summary mnist.onnx`,

  async run(words, console) {
    const { values, positionals } = readWords(words, { batch: { type: "string" }, json: { type: "boolean" } } as const);
    const [file, ...more] = positionals;
    if (file === undefined || more.length > 0)
      throw new UsageError(`summary wants one file; it got ${positionals.length}`);
    const batchSize = Number(values.batch ?? 1);
    if (!(Number.isInteger(batchSize) && batchSize > 0)) {
      throw new UsageError(`--batch must be a whole number of at least 1, got "${values.batch}"`);
    }
    const { model, format, lost } = await readModel(file);
    const counts = model.summary({ batchSize });
    if (values.json) {
      console.out(JSON.stringify({ format, ...counts, lost }));
      return;
    }
    console.out(`${format}\n${counts}`);
    for (const one of lost) console.out(`not taken over: ${one}`);
  },
};
