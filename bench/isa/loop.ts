/** What machine code of an AMD card, as Mesa's ACO prints it, does in its hot loop. */

/** Instructions of a stretch of code, by kind. */
export interface Mix {
  /** Whether it is a loop; else the whole program, which has none. */
  readonly isLoop: boolean;
  readonly instructions: number;
  /** Multiply-adds of floats: on a vector of values each. */
  readonly multiplyAdds: number;
  /** Multiplications and additions of floats that stand alone. */
  readonly otherFloats: number;
  readonly loads: number;
  /** Loads of 16 bytes an invocation. */
  readonly wideLoads: number;
  /** Accesses to workgroup memory. */
  readonly workgroupMemory: number;
  /** Registers that are put aside and fetched again. */
  readonly spills: number;
}

interface Block {
  readonly name: string;
  readonly instructions: readonly { readonly op: string; readonly operands: string }[];
}

function blocksOf(code: string): Block[] {
  const blocks: { name: string; instructions: { op: string; operands: string }[] }[] = [];
  for (const line of code.split("\n")) {
    const label = /^(BB\d+):/.exec(line)?.[1];
    if (label !== undefined) blocks.push({ name: label, instructions: [] });
    const [, op, operands = ""] = /^\s+([a-z]\w*)\s*(.*?)\s*(;.*)?$/.exec(line) ?? [];
    if (op !== undefined) blocks.at(-1)?.instructions.push({ op, operands });
  }
  return blocks;
}

/** Loops as the places of their first and last blocks: a branch back to a block that comes no later. */
function loopsOf(blocks: readonly Block[]): [number, number][] {
  const places = new Map(blocks.map(({ name }, place) => [name, place]));
  return blocks.flatMap(({ instructions }, place) =>
    instructions.flatMap(({ op, operands }): [number, number][] => {
      const target = /^s_c?branch/.test(op) ? places.get(operands.split(/[\s,]/)[0] ?? "") : undefined;
      return target === undefined || target > place ? [] : [[target, place]];
    }),
  );
}

const MULTIPLY_ADD = /^v_(pk_|dual_)?(fma|fmac|mad|mac)/;

/**
 * The mix of the loop with the most multiply-adds of those that hold no other, or the largest where none has any; of the whole program
 * where none has any and more of them lie outside than the largest has instructions, as in short sums, which are written out: the only
 * loops are then those by which Tint clears workgroup memory, and the like.
 */
export function hotLoop(code: string): Mix {
  const blocks = blocksOf(code);
  const loops = loopsOf(blocks);
  const inside = ([first, last]: [number, number], [outerFirst, outerLast]: [number, number]) =>
    first >= outerFirst && last <= outerLast && (first !== outerFirst || last !== outerLast);
  const opsOf = ([first, last]: [number, number]) =>
    blocks.slice(first, last + 1).flatMap(({ instructions }) => instructions.map(({ op }) => op));
  const innermost = loops.filter((loop) => !loops.some((other) => inside(other, loop))).map(opsOf);
  const productsOf = (ops: readonly string[]) => ops.filter((op) => MULTIPLY_ADD.test(op)).length;
  const isHotter = (one: readonly string[], other: readonly string[]) =>
    productsOf(one) - productsOf(other) || one.length - other.length;
  const hottest = innermost.reduce<readonly string[]>((most, one) => (isHotter(one, most) > 0 ? one : most), []);
  const whole = opsOf([0, blocks.length - 1]);
  const isLoop = innermost.length > 0 && (productsOf(hottest) > 0 || productsOf(whole) <= hottest.length);
  const ops = isLoop ? hottest : whole;
  const count = (pattern: RegExp) => ops.filter((op) => pattern.test(op)).length;
  return {
    isLoop,
    instructions: ops.length,
    multiplyAdds: count(MULTIPLY_ADD),
    otherFloats: count(/^v_(pk_)?(mul|add|sub)(_legacy)?_f(16|32)/),
    loads: count(/^(buffer|global|flat)_load/),
    wideLoads: count(/^(buffer|global|flat)_load_(dwordx4|b128)/),
    workgroupMemory: count(/^ds_/),
    spills: count(/^scratch_/),
  };
}
