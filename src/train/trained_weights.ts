import { at } from "../core/at.ts";
import { ArgumentError } from "../core/errors.ts";
import type { Tensor } from "../core/tensor.ts";
import type { Variable } from "../graph/node.ts";

/** What whoever asks for trained weights is told, while these are on the device alone. */
export function notCopied({ name }: Variable): ArgumentError {
  return new ArgumentError(
    `"${name}" has been trained, and its values are on the device: call await trainer.syncModel() first, before the ` +
      "trainer is disposed of. fit() does so at its end, trainOnBatch() does not.",
  );
}

/** Variables as a device is asked for them: what is set while the answer is on its way is newer than the answer. */
export class Asked {
  readonly variables: readonly Variable[];
  readonly #versions: readonly number[];

  constructor(variables: readonly Variable[]) {
    this.variables = variables;
    this.#versions = variables.map(({ version }) => version);
  }

  /** Takes these for the variables' values, in their order. */
  remember(tensors: readonly Tensor[]): void {
    this.variables.forEach((variable, index) => {
      if (variable.version === this.#versions[index]) variable.remember(Float32Array.from(at(tensors, index).data));
    });
  }
}
