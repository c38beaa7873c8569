/**
 * What a kernel moves, counted from the notes of its invocations (rewrite.ts): 32 neighbouring invocations that are at the same
 * place of the text in the same turn of its loops make one instruction, as on a card.
 */
import { type Instrumented, LOOP, type Site, wordsOf } from "./rewrite.ts";

/** Invocations that a card runs as one. */
const LANES = 32;
/** Sizes in bytes that memory is brought in. */
export const LINES = [128, 64, 32] as const;
/** Banks of workgroup memory, each of which gives 4 bytes at a time. */
const BANKS = 32;
const BANK_BYTES = 4;

/** Instructions of one place of the text, or of several. */
export interface Moved {
  /** Of 32 invocations each. */
  instructions: number;
  /** By all of their invocations. */
  accesses: number;
  bytesAsked: number;
  /** Lines that were touched, by `LINES`. */
  readonly touched: number[];
  /** The fewest lines that hold the different bytes which an instruction asks for. */
  readonly ideal: number[];
  /** Workgroup memory: turns of its banks, and how many there were without conflicts. */
  cycles: number;
  freeCycles: number;
}

export const nothingMoved = (): Moved => ({
  ...{ instructions: 0, accesses: 0, bytesAsked: 0, touched: LINES.map(() => 0), ideal: LINES.map(() => 0) },
  ...{ cycles: 0, freeCycles: 0 },
});

/** What a kernel's workgroups, as many as noted, have moved. */
export interface Traffic {
  readonly sites: readonly Site[];
  /** By site. */
  readonly moved: readonly Moved[];
  /** The same, of what is in the hot loop alone. */
  readonly hot: readonly Moved[];
  /** Whether `hot` is a loop: the innermost one with the most loads, where it has at least half of all; else the whole kernel. */
  readonly isLoop: boolean;
  /** Loads of storage in the hot loop through a cache: lines of 128 bytes that were brought, and the fewest that hold all. */
  readonly cache: { readonly brought: number; readonly ideal: number };
  /** Invocations that noted, and the notes for which there was no room. */
  readonly invocations: number;
  readonly lost: number;
  /** Byte addresses that were stored to, by variable of storage. */
  readonly stored: ReadonlyMap<string, ReadonlySet<number>>;
}

/** One instruction of up to 32 invocations. */
interface Instruction {
  readonly site: number;
  /** The innermost loop that it is in, or -1. */
  readonly loop: number;
  readonly addresses: number[];
}

/** More than a kernel has sites, and than one turn of a loop has uses of a site. */
const [MOST_SITES, MOST_TIMES] = [2 ** 12, 2 ** 16];

/** Goes over invocations' notes, and gives each access a number that neighbours at the same place and turn have too. */
class Walk {
  /** Turns of loops, with all that are around them. */
  readonly #turns = new Map<string, number>();
  /** Loops in which another ran. */
  readonly outer = new Set<number>();

  #turn(path: string): number {
    const known = this.#turns.get(path);
    if (known !== undefined) return known;
    this.#turns.set(path, this.#turns.size + 1);
    return this.#turns.size;
  }

  /** Calls `visit` for each access of the log from `start` on, with the place of its address. */
  each(
    log: Uint32Array,
    start: number,
    notes: number,
    visit: (number: number, site: number, loop: number, place: number) => void,
  ): void {
    const open: { loop: number; turn: number; entry: string; number: number }[] = [];
    const times = new Map<number, number>();
    const entries = new Map<string, number>();
    let [number, loop] = [0, -1];
    for (let place = start; place < start + 2 * notes; place += 2) {
      const first = log[place] as number;
      if (first < LOOP.enter) {
        const access = number * MOST_SITES + first;
        const time = times.get(access) ?? 0;
        times.set(access, time + 1);
        visit(access * MOST_TIMES + time, first, loop, place + 1);
        continue;
      }
      const top = open.at(-1);
      if (first >= LOOP.leave) open.pop();
      else if (first >= LOOP.turn) {
        if (top === undefined) throw new Error("traffic: a turn of a loop that nobody entered");
        top.turn++;
        top.number = this.#turn(`${top.entry} ${top.turn}`);
      } else {
        if (top) this.outer.add(top.loop);
        const name = `${number}/${first - LOOP.enter}`;
        // The same loop once more at this place: that of a function which is called again.
        const time = entries.get(name) ?? 0;
        entries.set(name, time + 1);
        const entry = `${name}:${time}`;
        open.push({ loop: first - LOOP.enter, turn: 0, entry, number: this.#turn(entry) });
      }
      number = open.at(-1)?.number ?? 0;
      loop = open.at(-1)?.loop ?? -1;
    }
  }
}

function instructionsOf(log: Uint32Array, starts: readonly number[], capacity: number, walk: Walk): Instruction[] {
  const notes = (start: number) => Math.min(capacity, log[start] as number);
  const [leader = 0] = starts;
  // Mostly all do the same: then one of them is followed for all.
  if (starts.every((start) => areAlike(log, leader, start, notes(leader), notes(start)))) {
    const instructions: Instruction[] = [];
    walk.each(log, leader + 1, notes(leader), (_, site, loop, place) => {
      instructions.push({ site, loop, addresses: starts.map((start) => log[place - leader + start] as number) });
    });
    return instructions;
  }
  const found = new Map<number, Instruction>();
  for (const start of starts) {
    walk.each(log, start + 1, notes(start), (number, site, loop, place) => {
      const known = found.get(number);
      const address = log[place] as number;
      if (known) known.addresses.push(address);
      else found.set(number, { site, loop, addresses: [address] });
    });
  }
  return [...found.values()];
}

/** Whether two invocations went the same way, whatever they accessed on it. */
function areAlike(log: Uint32Array, one: number, other: number, notes: number, otherNotes: number): boolean {
  if (notes !== otherNotes) return false;
  for (let note = 0; note < notes; note++) {
    if (log[one + 1 + 2 * note] !== log[other + 1 + 2 * note]) return false;
  }
  return true;
}

/** Different lines of `size` bytes that the elements at these addresses lie in. */
export function linesOf(addresses: readonly number[], bytes: number, size: number): Set<number> {
  const lines = new Set<number>();
  for (const address of addresses) {
    for (let line = Math.floor(address / size); line * size < address + bytes; line++) lines.add(line);
  }
  return lines;
}

/**
 * Turns of the banks for one instruction, and as many as it would take without conflicts. Wide accesses go in as many parts as
 * fill all banks once: of 16 bytes an invocation, 8 invocations at a time. Invocations that want the same word share it.
 */
export function bankCycles(addresses: readonly number[], bytes: number): { cycles: number; free: number } {
  const together = Math.max(1, Math.floor((LANES * BANK_BYTES) / Math.max(BANK_BYTES, bytes)));
  let [cycles, free] = [0, 0];
  for (let first = 0; first < addresses.length; first += together) {
    const words = linesOf(addresses.slice(first, first + together), bytes, BANK_BYTES);
    const loads = new Array<number>(BANKS).fill(0);
    for (const word of words) loads[word % BANKS] = (loads[word % BANKS] as number) + 1;
    cycles += Math.max(...loads);
    free += 1;
  }
  return { cycles, free };
}

function count(moved: Moved, { space, bytes }: Site, addresses: readonly number[]): void {
  moved.instructions++;
  moved.accesses += addresses.length;
  moved.bytesAsked += bytes * addresses.length;
  if (space === "workgroup") {
    const { cycles, free } = bankCycles(addresses, bytes);
    moved.cycles += cycles;
    moved.freeCycles += free;
    return;
  }
  const different = new Set(addresses).size * bytes;
  LINES.forEach((size, at) => {
    moved.touched[at] = (moved.touched[at] as number) + linesOf(addresses, bytes, size).size;
    moved.ideal[at] = (moved.ideal[at] as number) + Math.ceil(different / size);
  });
}

/** Lines of 128 bytes in the order in which they were used last. */
class Cache {
  readonly #lines = new Set<string>();
  readonly #most: number;
  brought = 0;

  constructor(bytes: number) {
    this.#most = Math.floor(bytes / LINES[0]);
  }

  use(line: string): void {
    if (!this.#lines.delete(line)) this.brought++;
    this.#lines.add(line);
    for (const oldest of this.#lines) {
      if (this.#lines.size <= this.#most) break;
      this.#lines.delete(oldest);
    }
  }
}

/** The instructions of several parts of 32 in turns, as a card's processor takes them. */
function* inTurns(parts: readonly (readonly Instruction[])[]): Generator<Instruction> {
  const longest = Math.max(...parts.map(({ length }) => length));
  for (let turn = 0; turn < longest; turn++) {
    for (const part of parts) if (turn < part.length) yield part[turn] as Instruction;
  }
}

/** Counts what the workgroups did that noted. `cacheBytes`: of a cache that a workgroup has for itself. */
export function countTraffic(
  { sites, threads }: Instrumented,
  log: Uint32Array,
  { capacity, workgroups, cacheBytes }: { capacity: number; workgroups: number; cacheBytes: number },
): Traffic {
  const words = wordsOf(capacity);
  const walk = new Walk();
  const groups = Array.from({ length: workgroups }, (_, group) =>
    Array.from({ length: Math.ceil(threads / LANES) }, (_, part) => {
      const lanes = Math.min(LANES, threads - part * LANES);
      const starts = Array.from({ length: lanes }, (_, lane) => (group * threads + part * LANES + lane) * words);
      return instructionsOf(log, starts, capacity, walk);
    }),
  );
  const hotLoop = findHotLoop(groups.flat(2), sites, walk.outer);
  const [moved, hot] = [sites.map(nothingMoved), sites.map(nothingMoved)];
  const stored = new Map<string, Set<number>>();
  const cache = { brought: 0, ideal: 0 };
  for (const parts of groups) {
    const lines = new Cache(cacheBytes);
    const different = new Map<string, Set<number>>();
    for (const { site, loop, addresses } of inTurns(parts)) {
      const own = sites[site] as Site;
      const isHot = hotLoop === undefined || loop === hotLoop;
      count(moved[site] as Moved, own, addresses);
      if (isHot) count(hot[site] as Moved, own, addresses);
      if (own.space !== "storage") continue;
      if (own.access !== "load") {
        const known = stored.get(own.variable) ?? new Set<number>();
        stored.set(own.variable, known);
        for (const address of addresses) known.add(address);
      } else if (isHot) {
        for (const line of linesOf(addresses, own.bytes, LINES[0])) lines.use(`${own.variable} ${line}`);
        const known = different.get(own.variable) ?? new Set<number>();
        different.set(own.variable, known);
        for (const word of linesOf(addresses, own.bytes, BANK_BYTES)) known.add(word);
      }
    }
    cache.brought += lines.brought;
    for (const words of different.values()) cache.ideal += Math.ceil((words.size * BANK_BYTES) / LINES[0]);
  }
  const lost = Array.from({ length: workgroups * threads }, (_, at) =>
    Math.max(0, (log[at * words] as number) - capacity),
  ).reduce((sum, one) => sum + one, 0);
  return {
    ...{ sites, moved, hot, isLoop: hotLoop !== undefined, cache, invocations: workgroups * threads, lost, stored },
  };
}

/** The loop without another in it that has the most loads; none where more of them lie elsewhere. */
function findHotLoop(
  instructions: readonly Instruction[],
  sites: readonly Site[],
  outer: ReadonlySet<number>,
): number | undefined {
  const loads = new Map<number, number>();
  let all = 0;
  for (const { site, loop, addresses } of instructions) {
    if (sites[site]?.access !== "load") continue;
    all += addresses.length;
    if (loop >= 0 && !outer.has(loop)) loads.set(loop, (loads.get(loop) ?? 0) + addresses.length);
  }
  const [hottest] = [...loads].sort(([, one], [, other]) => other - one);
  return hottest !== undefined && 2 * hottest[1] >= all ? hottest[0] : undefined;
}

/** The sums over the sites that `wanted` takes. */
export function sumOf(sites: readonly Site[], moved: readonly Moved[], wanted: (site: Site) => boolean): Moved {
  const sum = nothingMoved();
  moved.forEach((one, at) => {
    if (!wanted(sites[at] as Site)) return;
    sum.instructions += one.instructions;
    sum.accesses += one.accesses;
    sum.bytesAsked += one.bytesAsked;
    sum.cycles += one.cycles;
    sum.freeCycles += one.freeCycles;
    LINES.forEach((_, line) => {
      sum.touched[line] = (sum.touched[line] as number) + (one.touched[line] as number);
      sum.ideal[line] = (sum.ideal[line] as number) + (one.ideal[line] as number);
    });
  });
  return sum;
}
