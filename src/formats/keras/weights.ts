/** Where Keras' files have their weights. */
import type { FileLayer, StoredTensor, Wanted, WeightSource } from "../keras_layers/weights.ts";
import { NamedWeights } from "../keras_layers/weights.ts";
import type { Hdf5Object } from "./hdf5.ts";

function tensorOf(object: Hdf5Object | undefined, name: string): StoredTensor | undefined {
  const dataset = object?.dataset();
  return dataset && { name, shape: dataset.shape, read: () => dataset.read() };
}

/** Of `.keras`: "layers/sequential/layers/conv2d_1/vars/0", where layers are named by their classes and numbered. */
export class CountedWeights implements WeightSource {
  readonly #root: Hdf5Object;

  constructor(root: Hdf5Object) {
    this.#root = root;
  }

  find({ stored }: FileLayer, wanted: readonly Wanted[]): readonly (StoredTensor | undefined)[] {
    let group: Hdf5Object | undefined = this.#root;
    for (const name of stored) {
      // The first files of this kind name the folder by what tracks the layers.
      group = group?.at("layers", name) ?? group?.at("_layer_checkpoint_dependencies", name);
    }
    const values = group?.at("vars");
    return wanted.map(({ names }, place) => tensorOf(values?.at(String(place)), names[0] ?? ""));
  }

  unused(): readonly string[] {
    return [];
  }
}

const textsOf = (object: Hdf5Object | undefined, name: string): readonly string[] => {
  const value = object?.attribute(name);
  return value && "texts" in value ? value.texts : [];
};

/** Of `.h5`: a group a layer of the outermost model, whose weights are listed in their order, under names of many kinds. */
export class GroupedWeights implements WeightSource {
  readonly #root: Hdf5Object;
  readonly #groups = new Map<string, readonly StoredTensor[]>();

  constructor(root: Hdf5Object) {
    this.#root = root;
  }

  find(layer: FileLayer, wanted: readonly Wanted[]): readonly (StoredTensor | undefined)[] {
    const [outer, ...within] = layer.within;
    const tensors = this.#group(outer ?? layer.name);
    // A layer's own weights are there in its order, whatever they are called.
    if (outer === undefined) return wanted.map((_, place) => tensors[place]);
    const named = new NamedWeights(tensors);
    const found = named.find({ ...layer, within }, wanted);
    return found.every((one) => one !== undefined) ? found : named.find(layer, wanted);
  }

  unused(): readonly string[] {
    return [];
  }

  #group(name: string): readonly StoredTensor[] {
    const known = this.#groups.get(name);
    if (known) return known;
    const group = this.#root.at(name);
    const tensors = textsOf(group, "weight_names").flatMap((weight) => {
      // Names are paths; one with a slash in it lies that much deeper.
      return tensorOf(group?.at(...weight.split("/")), weight) ?? [];
    });
    this.#groups.set(name, tensors);
    return tensors;
  }
}
