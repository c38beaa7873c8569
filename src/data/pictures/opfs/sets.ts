/** The sets of pictures that are kept here, and those that nobody needs any more. */
import { allFolders, deleteFolder, foldersInUse, isHeld, type SetFolder } from "./files.ts";
import { readIndex, type StoredIndex } from "./index_file.ts";

/** A set with its index. */
export interface StoredSet {
  readonly set: SetFolder;
  readonly index: StoredIndex;
}

/** All sets that have a name; of several with the same one, first the one that counts: whole, then new. */
export async function allSets(): Promise<StoredSet[]> {
  const found: StoredSet[] = [];
  for (const set of await allFolders()) {
    const index = await readIndex(set);
    if (index && index.name !== "") found.push({ set, index });
  }
  return found.sort(({ index: a }, { index: b }) => Number(b.complete) - Number(a.complete) || b.created - a.created);
}

/** One set a name. */
export async function namedSets(): Promise<Map<string, StoredSet>> {
  const named = new Map<string, StoredSet>();
  for (const one of await allSets()) if (!named.has(one.index.name)) named.set(one.index.name, one);
  return named;
}

/** Deletes what pages left that are gone: sets without a name, and those that newer ones of the same name stand for. */
export async function removeLeftBehind(): Promise<void> {
  // In this order: what is made in between is in use.
  const folders = await allFolders();
  const kept = new Set([...(await namedSets()).values()].map(({ set }) => set.id));
  const used = await foldersInUse();
  for (const { id } of folders) if (!kept.has(id) && !used.has(id)) await deleteFolder(id).catch(() => undefined);
}

/** Deletes the other sets of a name, but for those that other pages use. */
export async function removeOthers(name: string, id: string): Promise<void> {
  const used = await foldersInUse();
  for (const { set, index } of await allSets()) {
    if (index.name !== name || set.id === id || (used.has(set.id) && !isHeld(set.id))) continue;
    await deleteFolder(set.id).catch(() => undefined);
  }
}
