/** First bytes of files that people open by mistake, and what to do about each. */
const SIGNATURES: readonly (readonly [start: string, told: string])[] = [
  ["PK", "this looks like a zip archive: unpack it first"],
  ["<", "this looks like a web page: check the address it came from"],
  ["version https://git-lfs", "this is a Git LFS pointer, not the file itself: fetch that with `git lfs pull`"],
  ["\x1f\x8b", "this looks gzip-compressed: decompress it first, with gunzip()"],
  ["\x89HDF", "this looks like an HDF5 file, as Keras writes them (.h5)"],
  ["\x80\x02", "this looks like a pickle, as old versions of PyTorch write them (.pt, .pth)"],
  ["\x93NUMPY", "this looks like a NumPy array (.npy)"],
  ["GGUF", "this looks like a GGUF file"],
];

/** The bytes of a file that tell what it is. */
export function firstBytes(bytes: Uint8Array): number[] {
  return [...bytes.subarray(0, 64)];
}

/** What a file of another format seems to be, and what to do about it; undefined where it looks like nothing known. */
export function foreignFile(bytes: Uint8Array | readonly number[]): string | undefined {
  if (bytes.length === 0) return "it is empty";
  const start = String.fromCharCode(...bytes.slice(0, 64));
  // A web page, or a pointer, may begin with white space or a byte order mark.
  const text = start.replace(/^(\xef\xbb\xbf)?\s*/, "");
  return SIGNATURES.find(([known]) => start.startsWith(known) || text.startsWith(known))?.[1];
}

/** The same of a file's `firstBytes`, plain values as those of the hints of names; `otherwise` where it looks like nothing known. */
export function fileHint(bytes: readonly number[], otherwise: string): string {
  return foreignFile(bytes) ?? otherwise;
}
