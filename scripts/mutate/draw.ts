import type { Mutant } from "./mutant.ts";

/**
 * Draws `count` mutants, at least one of every file (as far as `count` reaches), and of larger files more (as the root
 * of what they offer). Within a file, kinds of change take turns and no line is changed twice as long as there are
 * others; which of a file's are drawn first depends on the seed and on that file alone.
 */
export function drawMutants(seed: number, count: number, files: ReadonlyMap<string, readonly Mutant[]>): Mutant[] {
  const order = generator(seed, "files");
  const candidates = [...files]
    .filter(([, mutants]) => mutants.length > 0)
    .map((entry) => ({ entry, order: order() }))
    .sort((a, b) => a.order - b.order)
    .slice(0, count)
    .map(({ entry }) => entry)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const shares = new Map(candidates.map(([file]) => [file, 1]));
  for (let left = count - candidates.length; left > 0; left--) {
    // The next one goes where the share is smallest beside the weight.
    let best: string | undefined;
    let bestNeed = 0;
    for (const [file, mutants] of candidates) {
      const share = shares.get(file) ?? 0;
      const need = share >= mutants.length ? 0 : Math.sqrt(mutants.length) / (share + 0.5);
      if (need > bestNeed) [best, bestNeed] = [file, need];
    }
    if (best === undefined) break;
    shares.set(best, (shares.get(best) ?? 0) + 1);
  }
  return candidates.flatMap(([file, mutants]) => drawOfFile(generator(seed, file), shares.get(file) ?? 1, mutants));
}

function drawOfFile(random: () => number, count: number, mutants: readonly Mutant[]): Mutant[] {
  const left = mutants.map((mutant) => ({ mutant, order: random() })).sort((a, b) => a.order - b.order);
  const turns = new Map(left.map(({ mutant }) => [mutant.change, random()]));
  const kinds = [...turns.keys()].sort((a, b) => (turns.get(a) ?? 0) - (turns.get(b) ?? 0));
  const drawn: Mutant[] = [];
  for (let turn = 0; drawn.length < count && left.length > 0; turn++) {
    const kind = kinds[turn % kinds.length];
    const ofKind = left.filter(({ mutant }) => mutant.change === kind);
    const fresh = ofKind.find(({ mutant }) => !drawn.some(({ line }) => line === mutant.line)) ?? ofKind[0];
    if (!fresh) continue;
    left.splice(left.indexOf(fresh), 1);
    drawn.push(fresh.mutant);
  }
  return drawn.sort((a, b) => a.start - b.start);
}

/** Numbers in [0, 1): a 32-bit counter through a hash that mixes all bits (Mulberry32). */
function generator(seed: number, name: string): () => number {
  let state = seed >>> 0;
  // FNV-1a.
  for (let i = 0; i < name.length; i++) state = Math.imul(state ^ name.charCodeAt(i), 16777619);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
