/** `size` rounded up to a multiple of `alignment`. */
export function alignTo(size: number, alignment: number): number {
  return Math.ceil(size / alignment) * alignment;
}
