/** The network as a table: what `model.summary()` counts, in the page's language. And what it runs on, in figures. */
import type { Model, Optimizer, SummaryRow, TrainerStats } from "../src/index.ts";
import { make } from "./dom.ts";
import { bytes, count, say, significant } from "./language.ts";
import { shownName } from "./shown_name.ts";

export function showNetwork(model: Model, batchSize: number, places: { rows: HTMLElement; totals: HTMLElement }): void {
  const text = say();
  const summary = model.summary({ batchSize });
  const inputNeurons = summary.inputShape.reduce((product, extent) => product * extent, 1);
  places.rows.replaceChildren(
    row({ name: text.layerInput, detail: text.layerInputDetail }, summary.inputShape, [inputNeurons, 0, 0]),
    ...summary.rows.map((layer, index) =>
      row(words(layer, model.layers[index]?.layer.config.options ?? {}), layer.outputShape, [
        layer.neurons,
        layer.parameters,
        layer.multiplyAdds,
      ]),
    ),
  );
  places.totals.replaceChildren(
    row({ name: text.layerTotal, detail: "" }, [], [summary.neurons, summary.parameters, summary.multiplyAdds]),
  );
}

/** What a step costs in memory, and what the trainer says about itself. */
export function showFacts(
  { model, batchSize, optimizer }: { model: Model; batchSize: number; optimizer: Optimizer },
  stats: TrainerStats | undefined,
  place: HTMLElement,
): void {
  const text = say();
  const { bytes: sizes } = model.summary({ batchSize, optimizer });
  const facts: [string, string][] = [
    [text.factParameters, bytes(sizes.parameters)],
    // Plain gradient descent keeps nothing but the weights.
    [text.factOptimizer, sizes.optimizer === 0 ? text.factNothing : bytes(sizes.optimizer)],
    [text.factActivations(count(batchSize)), bytes(sizes.activations)],
    [text.factGradients, bytes(sizes.gradients)],
  ];
  // What the plan really holds on the GPU is less: layers share memory.
  if (stats && stats.backend !== "") {
    const gpu = stats.backend.startsWith("WebGPU");
    const planned = gpu && stats.dispatchesPerStep > 0;
    if (planned) facts.push([text.factMemory, bytes(stats.gpuBytes)], [text.factDigits, bytes(stats.datasetBytes)]);
    facts.push([
      text.factBackend,
      gpu ? stats.backend : stats.backend.startsWith("WebAssembly") ? text.factWasm : text.factCpu,
    ]);
    if (planned) {
      facts.push(
        [text.factDispatches, count(stats.dispatchesPerStep)],
        [text.factSubmits, significant(stats.submitsPerStep, 2)],
      );
    }
  }
  place.replaceChildren(
    ...facts.map(([name, value]) => make("div", {}, make("dt", { text: name }), make("dd", { text: value }))),
  );
}

interface LayerWords {
  readonly name: string;
  readonly detail: string;
}

function words(layer: SummaryRow, options: Readonly<Record<string, unknown>>): LayerWords {
  const text = say();
  switch (layer.kind) {
    case "conv2d":
      return {
        name: text.layerConv,
        detail: text.layerConvDetail(String(options["filters"]), square(options["kernelSize"])),
      };
    case "maxPooling2d":
      return { name: text.layerPool, detail: text.layerPoolDetail(square(options["poolSize"])) };
    case "flatten":
      return { name: text.layerFlatten, detail: text.layerFlattenDetail };
    case "dense":
      return { name: text.layerDense, detail: text.layerDenseDetail };
    default:
      return { name: shownName(layer.name), detail: "" };
  }
}

/** 3 and [3, 3] both read 3×3. */
function square(size: unknown): string {
  return Array.isArray(size) ? size.join("×") : `${String(size)}×${String(size)}`;
}

function row({ name, detail }: LayerWords, shape: readonly number[], counts: readonly number[]): HTMLTableRowElement {
  const line = document.createElement("tr");
  const head = document.createElement("th");
  head.scope = "row";
  head.textContent = name;
  if (detail !== "") {
    const more = document.createElement("span");
    more.className = "layer-detail";
    more.textContent = detail;
    head.append(" ", more);
  }
  line.append(
    head,
    cell(shape.map(count).join("×"), "shape"),
    ...counts.map((value) => cell(value === 0 ? "–" : count(value), "number")),
  );
  return line;
}

function cell(text: string, kind: string): HTMLTableCellElement {
  const made = document.createElement("td");
  made.className = kind;
  made.textContent = text;
  return made;
}
