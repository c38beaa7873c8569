/** What the builder says of layers, in the page's language: their names and details, what is wrong, and what helps. */
import { count, fieldNumber, percent, say, trainSay } from "../language.ts";
import type { Analysis, Row, RowKind } from "./design.ts";
import type { Remedy } from "./remedies.ts";

/** What is wrong, in words. */
export function problemWords({ why, shape, field }: NonNullable<Analysis["problem"]>, { kind, options }: Row): string {
  const text = trainSay();
  const sizes = shape.map(count).join("×");
  if (why === "value" && field) {
    const allowed = say().fieldWhole(fieldNumber(field.least), fieldNumber(field.most));
    return text.valueOutside(kindName(kind), fieldName(field.name), fieldNumber(Number(options[field.name])), allowed);
  }
  const words = text[why];
  if (typeof words === "string") return words;
  return why === "classes" ? text.classes(sizes) : words(kindName(kind), sizes);
}

/** What a remedy does, in words. */
export function remedyWords(remedy: Remedy): string {
  const text = trainSay();
  switch (remedy.kind) {
    case "moveBefore":
      return text.remedyMove(kindName(remedy.row.kind), kindName(remedy.before.kind));
    case "flattenBefore":
      return text.remedyFlatten(kindName(remedy.row.kind));
    case "remove":
      return text.remedyRemove(kindName(remedy.row.kind));
    case "set":
      return text.remedySet(kindName(remedy.row.kind), fieldName(remedy.field), fieldNumber(remedy.value));
    case "end":
      return remedy.flatten ? text.addEnd : text.addDense;
  }
}

/** What the page calls a setting of a layer. */
function fieldName(field: string): string {
  const text = trainSay();
  const names: Readonly<Record<string, string>> = {
    ...{ filters: text.filters, kernel: text.kernel, strides: text.strides },
    ...{ size: text.size, rate: text.rate, units: text.units },
  };
  return names[field] ?? field;
}

/** The name of a kind of layer. */
export function kindName(kind: RowKind): string {
  const text = trainSay();
  return {
    conv: text.kindConv,
    maxPool: text.kindMaxPool,
    residual: text.kindResidual,
    batchNorm: text.kindBatchNorm,
    dropout: text.kindDropout,
    globalAverage: text.kindGlobalAverage,
    flatten: text.kindFlatten,
    dense: text.kindDense,
  }[kind];
}

/** What a layer does, in few words. */
export function detail({ kind, options }: Row): string {
  const text = trainSay();
  const number = (name: string) => Number(options[name]);
  const square = (name: string) => `${count(number(name))}×${count(number(name))}`;
  const relu = options["activation"] === "relu" ? text.detailRelu : "";
  switch (kind) {
    case "conv": {
      const strides = number("strides") > 1 ? text.detailStrides(count(number("strides"))) : "";
      const padding = options["padding"] === "valid" ? text.detailValid : "";
      return text.detailConv(count(number("filters")), square("kernel"), relu + padding + strides);
    }
    case "maxPool":
      return text.detailMaxPool(square("size"));
    case "residual":
      return text.detailResidual(count(number("filters")));
    case "dropout":
      return text.detailDropout(percent(number("rate") / 100));
    case "dense":
      return text.detailDense(count(number("units")), relu);
    case "batchNorm":
      return text.detailBatchNorm;
    case "globalAverage":
      return text.detailGlobalAverage;
    case "flatten":
      return text.detailFlatten;
  }
}
