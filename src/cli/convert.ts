import { NETWORK_FORMATS } from "../standalone/network_files.ts";
import { readModel } from "./read_model.ts";
import { type Command, readWords, UsageError } from "./usage.ts";
import { formatOf, writeModel } from "./write_model.ts";

export const convert: Command = {
  summary: "turns a network from one format into another",
  help: `corteza convert IN OUT [--to FORMAT] [--force] [--json]

Turns a network from one format into another, with its weights.

IN    a file of Corteza (.safetensors), ONNX (.onnx), Keras (.keras, .h5) or TensorFlow.js (model.json, or its folder);
      what a file is, its bytes say, not its name
OUT   its ending says the format: .safetensors, .onnx, .py (PyTorch), .ts, .js (a module that needs no library), .svg, .mmd;
      a folder is TensorFlow.js

--to FORMAT   ${NETWORK_FORMATS.join(", ")}; Keras' program ends in .py too: --to keras
--force       writes over files that are there, but never over IN
--json        what was done, as JSON

corteza convert mnist.onnx mnist.safetensors
corteza convert classifier.keras web/classifier/
corteza convert trained.safetensors network.py --to keras`,

  async run(words, console) {
    const { values, positionals } = readWords(words, {
      ...({ to: { type: "string" }, force: { type: "boolean" }, json: { type: "boolean" } } as const),
    });
    const [from, to, ...more] = positionals;
    if (from === undefined || to === undefined || more.length > 0) {
      throw new UsageError(`convert wants two files, IN and OUT; it got ${positionals.length}`);
    }
    const target = formatOf(to, values.to);
    const { model, format, lost } = await readModel(from);
    const force = values.force === true;
    const files = await writeModel(model, { path: to, format: target, force, source: from });
    if (values.json) {
      console.out(JSON.stringify({ from: format, to: target, layers: model.layers.length, files, lost }));
      return;
    }
    console.out(`${format}, ${model.layers.length} layers → ${files.join(", ")}`);
    for (const one of lost) console.out(`not taken over: ${one}`);
  },
};
