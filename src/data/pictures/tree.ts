/** From where files lie to classes: which folder is a class, and which are the parts train, validation and test. */
import { formatCount } from "../../core/format.ts";
import { nearestName } from "../../core/hints.ts";
import { describeValue } from "../../core/options.ts";
import { ImageFolderError } from "./folder_error.ts";
import { inNaturalOrder } from "./natural_order.ts";

/** Anything that lies somewhere. */
export interface Located {
  /** Folders and name, with slashes: "pets/cats/7.jpg". */
  readonly path: string;
}

/** A file of a class. */
export interface Member<File> {
  readonly file: File;
  readonly label: number;
}

/** The parts that a tree can have, by the names of their folders in lower case. */
const PARTS = {
  train: "train",
  training: "train",
  validation: "validation",
  valid: "validation",
  val: "validation",
  test: "test",
  testing: "test",
} as const;

/** What a data set is for. */
export type Part = (typeof PARTS)[keyof typeof PARTS];

/** Files by part and class. Without folders for parts, all are to be trained on. */
export interface Tree<File> {
  readonly classNames: readonly string[];
  readonly parts: ReadonlyMap<Part, readonly Member<File>[]>;
  /** Files beside the classes' folders, which belong to none. */
  readonly outside: readonly File[];
}

/** Files that systems and programs leave in folders without being asked. */
export function isLeftBehind(path: string): boolean {
  return path.split("/").some((name) => name.startsWith(".") || /^(__MACOSX|Thumbs\.db|desktop\.ini)$/i.test(name));
}

/** What two spellings of a name have in common. */
const plainName = (name: string) => name.normalize("NFC").trim();

const partOf = (name: string): Part | undefined =>
  Object.hasOwn(PARTS, name.toLowerCase()) ? PARTS[name.toLowerCase() as keyof typeof PARTS] : undefined;

interface Placed<File> {
  readonly file: File;
  /** The folders that it lies in, from the outermost. */
  folders: readonly string[];
}

/**
 * Sorts files into classes. Folders around all of them (what was unpacked, chosen or dropped) are left away; the outermost
 * folder that remains is a file's class, whatever folders it has in turn. Where the outermost are `train` and others of
 * `validation`, `test` with folders in them, these are the parts, and theirs the classes. Throws `ImageFolderError` where there
 * are no folders, one class alone, or folders whose names differ in nothing but case or white space.
 */
export function sortIntoClasses<File extends Located>(
  files: readonly File[],
  given: readonly string[] | undefined,
): Tree<File> {
  if (files.length === 0) {
    throw new ImageFolderError(
      "no-files",
      "imageFolder: there are no files. Give a folder that holds a folder of pictures for each class: cats/1.jpg, dogs/1.jpg.",
    );
  }
  let placed = files.map((file): Placed<File> => ({ file, folders: foldersOf(file.path) }));
  placed = withoutCommonFolders(placed);
  const inFolders = placed.filter(({ folders }) => folders.length > 0);
  const divided = hasParts(inFolders);
  const part = ({ folders }: Placed<File>) => (divided && partOf(folders[0] ?? "")) || "train";
  const nameOf = ({ folders }: Placed<File>) => folders[divided ? 1 : 0];
  const inClasses = inFolders.filter((one) => nameOf(one) !== undefined);
  const found = inNaturalOrder(new Set(inClasses.map((one) => nameOf(one) ?? "")), (name) => name);
  checkDistinct(found);
  const classNames = given ?? found;
  checkClasses(classNames, found, given !== undefined, files);
  const labels = new Map(classNames.map((name, label) => [plainName(name), label]));
  const parts = new Map<Part, Member<File>[]>();
  const labelOf = (one: Placed<File>) => labels.get(plainName(nameOf(one) ?? "")) ?? 0;
  const byPath = inNaturalOrder(inClasses, ({ file }) => file.path);
  // A stable sort: the paths of a class stay in order.
  for (const one of byPath.sort((a, b) => labelOf(a) - labelOf(b))) {
    const members = parts.get(part(one)) ?? [];
    members.push({ file: one.file, label: labelOf(one) });
    parts.set(part(one), members);
  }
  return { classNames, parts, outside: placed.filter((one) => nameOf(one) === undefined).map(({ file }) => file) };
}

/** Names that look the same are the same: an accent may be written as one character or as two. */
function foldersOf(path: string): string[] {
  return path
    .split("/")
    .slice(0, -1)
    .filter((name) => name !== "" && name !== ".")
    .map((name) => name.normalize("NFC"));
}

/** Leaves away folders that hold everything, as long as there are folders in them. */
function withoutCommonFolders<File>(placed: readonly Placed<File>[]): Placed<File>[] {
  const rest = [...placed];
  for (;;) {
    const [first] = rest[0]?.folders ?? [];
    const common = first !== undefined && rest.every(({ folders }) => folders[0] === first);
    // Files beside folders do not keep these from being the classes; what lies in no folder at all does.
    if (!common || !rest.some(({ folders }) => folders.length > 1)) return rest;
    for (const one of rest) one.folders = one.folders.slice(1);
  }
}

/** Whether the outermost folders are parts, and hold the classes. */
function hasParts<File>(placed: readonly Placed<File>[]): boolean {
  const outermost = new Set(placed.map(({ folders }) => folders[0] ?? ""));
  const parts = new Set([...outermost].map(partOf));
  if (!parts.has("train") || parts.has(undefined) || parts.size < outermost.size) return false;
  return [...outermost].every((name) => placed.some(({ folders }) => folders[0] === name && folders.length > 1));
}

function checkDistinct(names: readonly string[]): void {
  const seen = new Map<string, string>();
  for (const name of names) {
    const plain = name.trim().toLowerCase();
    const other = seen.get(plain);
    if (other !== undefined) {
      throw new ImageFolderError(
        "alike",
        `imageFolder: the folders ${describeValue(other)} and ${describeValue(name)} differ in nothing but case or white ` +
          "space; rename one, or put all of their pictures into one.",
        [other, name],
      );
    }
    seen.set(plain, name);
  }
}

function checkClasses(
  classNames: readonly string[],
  found: readonly string[],
  given: boolean,
  files: readonly Located[],
): void {
  const example = "imageFolder wants a folder of pictures for each class: cats/1.jpg, dogs/1.jpg";
  if (found.length === 0) {
    throw new ImageFolderError(
      "no-folders",
      `imageFolder: ${formatCount(files.length)} files lie in no folder, the first is ${describeValue(files[0]?.path)}; ${example}.`,
    );
  }
  if (given) {
    checkDistinct(classNames);
    const known = classNames.map(plainName);
    const stranger = found.find((name) => !known.includes(plainName(name)));
    if (stranger === undefined) return;
    const nearest = nearestName(stranger, known);
    throw new ImageFolderError(
      "unknown-class",
      `imageFolder: the folder ${describeValue(stranger)} is none of the ${classNames.length} classNames` +
        `${nearest === undefined ? "" : ` (did you mean ${describeValue(nearest)}?)`}; rename it, or name it there.`,
      [stranger],
    );
  }
  if (found.length === 1) {
    throw new ImageFolderError(
      "one-class",
      `imageFolder: all pictures lie in one folder, ${describeValue(found[0])}; a classifier wants at least two classes. ` +
        `${example}. For pictures of one class of another data set, give its classNames.`,
      [...found],
    );
  }
}
