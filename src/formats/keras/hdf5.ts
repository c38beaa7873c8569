/**
 * HDF5 files as h5py writes them: groups, attributes and datasets of numbers and texts. Source: HDF5 File Format Specification 3.0,
 * the sections named below. Of what newer versions can write, large groups and attributes in heaps of their own are not read.
 */
import { own } from "../keras_layers/records.ts";
import { decode, Hdf5Bytes, type Message, MOST_VISITS } from "./hdf5_bytes.ts";
import { attributeOf, type Dataset, datasetOf, type Value } from "./hdf5_values.ts";

const SIGNATURE = "\x89HDF\r\n\x1a\n";
/** Section IV.A: the messages of an object's header, with those of its continuations. */
function messagesOf(file: Hdf5Bytes, address: number): Message[] {
  file.visit(address, 16);
  const found: Message[] = [];
  const blocks: { at: number; end: number }[] = [];
  const isNew = file.is(address, "OHDR");
  let prefix = 8;
  if (isNew) {
    const flags = file.u8(address + 5);
    const sizeAt = address + 6 + (flags & 0x20 ? 16 : 0) + (flags & 0x10 ? 4 : 0);
    const sizeBytes = 1 << (flags & 3);
    const begin = sizeAt + sizeBytes;
    prefix = flags & 4 ? 6 : 4;
    blocks.push({ at: begin, end: begin + file.unsigned(sizeAt, sizeBytes) });
  } else {
    if (file.u8(address) !== 1) file.fail("an object has a header of an unknown version");
    blocks.push({ at: address + 16, end: address + 16 + file.u32(address + 8) });
  }
  for (let block = blocks.shift(); block; block = blocks.shift()) {
    const { end } = block;
    file.visit(block.at, end - block.at);
    for (let at = block.at; at + prefix <= end; ) {
      const [type, size, flags] = isNew
        ? [file.u8(at), file.u16(at + 1), file.u8(at + 3)]
        : [file.u16(at), file.u16(at + 2), file.u8(at + 4)];
      at += prefix;
      file.checked(at, size);
      if (flags & 2 && type !== 0) file.fail("an object shares a message with others");
      if (type === 0x10) {
        const [next, length] = [file.u64(at), file.u64(at + 8)];
        if (isNew) file.expect(next, "OCHK");
        blocks.push(isNew ? { at: next + 4, end: next + length - 4 } : { at: next, end: next + length });
      } else if (type !== 0) found.push({ type, at, size });
      if (found.length > MOST_VISITS) file.fail("an object has too many messages");
      at += size;
    }
  }
  return found;
}

/** A group or a dataset. */
export class Hdf5Object {
  readonly #file: Hdf5Bytes;
  readonly #messages: readonly Message[];
  #children: Map<string, number> | undefined;

  constructor(file: Hdf5Bytes, address: number) {
    this.#file = file;
    this.#messages = messagesOf(file, address);
  }

  /** What lies under a path of names, each in the one before. */
  at(...path: readonly string[]): Hdf5Object | undefined {
    const [first, ...rest] = path;
    if (first === undefined) return this;
    const address = this.#links().get(first);
    return address === undefined ? undefined : new Hdf5Object(this.#file, address).at(...rest);
  }

  /** An attribute's texts or numbers. */
  attribute(name: string): Value | undefined {
    for (const message of this.#messages) {
      if (message.type !== 0x0c) continue;
      const found = attributeOf(this.#file, message.at, name);
      if (found) return found;
    }
    return undefined;
  }

  /** What a dataset holds, not read yet; undefined of a group. */
  dataset(): Dataset | undefined {
    return this.#messages.some(({ type }) => type === 8) ? datasetOf(this.#file, this.#messages) : undefined;
  }

  #links(): Map<string, number> {
    if (this.#children) return this.#children;
    const links = new Map<string, number>();
    this.#children = links;
    for (const { type, at } of this.#messages) {
      if (type === 0x11) readTable(this.#file, this.#file.u64(at), this.#file.u64(at + 8), links);
      if (type === 0x06) readLink(this.#file, at, links);
    }
    return links;
  }
}

/** Sections III.A, III.B and III.D: a tree of tables of names, which lie in a heap. */
function readTable(file: Hdf5Bytes, tree: number, heap: number, links: Map<string, number>): void {
  file.expect(file.visit(heap, 32), "HEAP");
  const names = file.u64(heap + 24);
  const open = [tree];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    file.visit(node, 24);
    if (file.is(node, "SNOD")) {
      const count = file.u16(node + 6);
      file.checked(node + 8, 40 * count);
      for (let entry = node + 8; entry < node + 8 + 40 * count; entry += 40) {
        links.set(file.zeroEnded(names + file.u64(entry)), file.u64(entry + 8));
      }
      continue;
    }
    file.expect(node, "TREE");
    const count = file.u16(node + 6);
    for (let place = 0; place < count; place++) open.push(file.u64(node + 32 + 16 * place));
  }
}

/** Section IV.A.2.g: a link of a small group of the newer kind. */
function readLink(file: Hdf5Bytes, at: number, links: Map<string, number>): void {
  const flags = file.u8(at + 1);
  let next = at + 2;
  const type = flags & 8 ? file.u8(next++) : 0;
  if (flags & 4) next += 8;
  if (flags & 16) next += 1;
  const sizeBytes = 1 << (flags & 3);
  const size = file.unsigned(next, sizeBytes);
  next += sizeBytes;
  if (type === 0) links.set(decode(file.slice(next, size)), file.u64(next + size));
}

/** The root group's header, by the superblock's version (section II.A). */
const ROOTS: Readonly<Record<number, (file: Hdf5Bytes) => number>> = {
  0: (file) => file.u64(64),
  1: (file) => file.u64(68),
  2: (file) => file.u64(36),
  3: (file) => file.u64(36),
};

/** The root group of a file. Throws `FormatError`, as everything that it gives does. */
export function openHdf5(bytes: Uint8Array): Hdf5Object {
  const file = new Hdf5Bytes(bytes);
  if (bytes.length < 96 || !file.is(0, SIGNATURE)) file.fail("it does not begin as one");
  const version = file.u8(8);
  const root = own(ROOTS, String(version));
  const sizes = version < 2 ? [file.u8(13), file.u8(14)] : [file.u8(9), file.u8(10)];
  if (root === undefined || sizes.some((size) => size !== 8))
    return file.fail("its superblock is of an unknown version");
  return new Hdf5Object(file, root(file));
}
