import type { Node } from "../../graph/node.ts";
import { isView, ownerOf } from "../../graph/schedule.ts";

/** Who reads a node's value, so that a rule knows what it may leave out. */
export class Readers {
  readonly #readers = new Map<Node, Set<Node>>();
  readonly #outputs: ReadonlySet<Node>;

  /** `nodes`: all that are computed, effects too. */
  constructor(nodes: readonly Node[], outputs: readonly Node[]) {
    this.#outputs = new Set(outputs.map(ownerOf));
    for (const node of nodes) {
      if (isView(node)) continue;
      for (const input of node.inputs) {
        const owner = ownerOf(input);
        this.#readers.set(owner, (this.#readers.get(owner) ?? new Set()).add(node));
      }
    }
  }

  /** The readers of a value that nobody else sees; undefined where it is an output. */
  of(node: Node): readonly Node[] | undefined {
    return this.#outputs.has(node) ? undefined : [...(this.#readers.get(node) ?? [])];
  }

  /** Whether `reader` alone reads it. */
  isOnly(node: Node, reader: Node): boolean {
    const readers = this.of(node);
    return readers?.length === 1 && readers[0] === reader;
  }
}
