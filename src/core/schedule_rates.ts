/** What schedules of the learning rate are made of and give: apart from schedule.ts, because a rate that stays what it is needs none. */
import { ArgumentError } from "./errors.ts";
import { describeValue } from "./options.ts";
import {
  LEAST_STRETCH,
  SCHEDULE_COLUMNS,
  SCHEDULE_KINDS,
  SCHEDULE_ROWS,
  type Schedule,
  type Segment,
} from "./schedule.ts";

/** The columns that only a segment's own kind knows. */
function shapeOf(segment: Segment): number[] {
  switch (segment.kind) {
    case "polynomial":
      return [segment.to, segment.power];
    case "cosine":
      return [segment.to];
    case "exponential":
    case "inverse":
      return [segment.factor, segment.staircase ? 1 : 0];
    case "restarts":
      return [segment.to, segment.stretch, segment.shrink];
    case "cyclic":
      return [segment.to, segment.down, segment.shrink, segment.cosine ? 1 : 0];
  }
}

/**
 * The schedule as numbers [SCHEDULE_ROWS, SCHEDULE_COLUMNS], for an f32 tensor: steps are exact up to 2²⁴. As many rows
 * more follow where it moves the momentum.
 */
export function scheduleTable({ segments, momentum }: Schedule): number[] {
  return [...segmentsTable(segments), ...(momentum ? segmentsTable(momentum) : [])];
}

function segmentsTable(segments: readonly Segment[]): number[] {
  if (segments.length === 0 || segments.length > SCHEDULE_ROWS) {
    throw new ArgumentError(`A schedule has 1 to ${SCHEDULE_ROWS} segments, this one has ${segments.length}.`);
  }
  const table: number[] = new Array(SCHEDULE_ROWS * SCHEDULE_COLUMNS).fill(0);
  for (let row = 0; row < SCHEDULE_ROWS; row++) {
    const segment = segments[Math.min(row, segments.length - 1)] as Segment;
    const rest = shapeOf(segment);
    const values = [segment.start, segment.steps, SCHEDULE_KINDS.indexOf(segment.kind), segment.from, ...rest];
    values.forEach((value, column) => {
      table[row * SCHEDULE_COLUMNS + column] = value;
    });
  }
  return table;
}

/** What the columns behind `from` of a row hold, as far as they must be in bounds. */
function rowProblem(row: readonly number[], most: number): string | undefined {
  const [start = 0, steps = 0, kind = 0, from = 0, to = 0, bend = 0, shrink = 0, curved = 0] = row;
  if (!row.every(Number.isFinite)) return "has a number that is not finite";
  const name = SCHEDULE_KINDS[kind];
  if (name === undefined) return `has a segment of kind ${kind}`;
  if (!Number.isInteger(start) || start < 0) return `has a segment that starts at step ${start}`;
  if (!Number.isInteger(steps) || steps < 1) return `has a segment of ${steps} steps`;
  if (from < 0 || from > most) return `has a rate of ${from}`;
  if (to < 0 || (to > most && name !== "exponential" && name !== "inverse")) return `has a rate of ${to}`;
  const isFlag = (value: number) => value === 0 || value === 1;
  const fits = {
    polynomial: bend > 0,
    cosine: true,
    exponential: to > 0 && isFlag(bend),
    // 1.01 as an f32 is a little less.
    restarts: (bend === 1 || bend >= LEAST_STRETCH - 1e-6) && shrink >= 0,
    cyclic: Number.isInteger(bend) && bend >= 1 && shrink >= 0 && isFlag(curved),
    inverse: isFlag(bend),
  }[name];
  return fits ? undefined : `has a ${name} segment with numbers that make none: ${row.join(", ")}`;
}

/** What makes these numbers no table of a schedule; undefined where they are one. For tables that come from elsewhere. */
export function scheduleTableProblem(table: ArrayLike<number>): string | undefined {
  const rows = table.length / SCHEDULE_COLUMNS;
  if (rows !== SCHEDULE_ROWS && rows !== 2 * SCHEDULE_ROWS) {
    return `has ${table.length} numbers, not ${SCHEDULE_ROWS * SCHEDULE_COLUMNS} or twice as many`;
  }
  let before = 0;
  for (let row = 0; row < rows; row++) {
    const values = Array.from({ length: SCHEDULE_COLUMNS }, (_, i) => table[row * SCHEDULE_COLUMNS + i] ?? Number.NaN);
    // Rows of the momentum follow those of the rate.
    const isMomentum = row >= SCHEDULE_ROWS;
    const problem = rowProblem(values, isMomentum ? 1 : Number.POSITIVE_INFINITY);
    if (problem !== undefined) return problem;
    const start = values[0] ?? 0;
    const isFirst = row % SCHEDULE_ROWS === 0;
    if (isFirst ? start !== 0 : start < before) return `has segments that start at steps ${before} and ${start}`;
    before = start;
  }
  return undefined;
}

/** Throws `ArgumentError` unless it is a schedule, as `cosineDecay()` and its kin make it; returns it. */
export function checkSchedule(where: string, schedule: Schedule): Schedule {
  const { segments, momentum }: { segments?: unknown; momentum?: unknown } = schedule;
  for (const list of momentum === undefined ? [segments] : [segments, momentum]) {
    const isList = Array.isArray(list) && list.every((one) => typeof one === "object" && one !== null);
    if (isList && list.every(({ kind }) => SCHEDULE_KINDS.includes(kind))) continue;
    throw new ArgumentError(
      `${where}: a schedule has segments of the kinds ${SCHEDULE_KINDS.join(", ")}, as cosineDecay() makes them, got ${describeValue(list)}.`,
    );
  }
  const problem = scheduleTableProblem(scheduleTable(schedule));
  if (problem === undefined) return schedule;
  throw new ArgumentError(`${where}: the schedule ${problem}; make it with cosineDecay() or its kin.`);
}

/** Which round of restarts `n` steps lie in, and the place in it (0…1). Whole lengths, so that round ends are exact. */
function roundAt(n: number, steps: number, stretch: number): { rounds: number; place: number } {
  if (stretch === 1) return { rounds: Math.floor(n / steps), place: (n % steps) / steps };
  let rounds = 0;
  let begun = 0;
  let length = steps;
  while (n >= begun + length) {
    begun += length;
    length *= stretch;
    rounds++;
  }
  return { rounds, place: (n - begun) / length };
}

/** The learning rate after `step` finished steps, from the device's table. The device's twin: learning_rate.wgsl. */
export function rateFromTable(table: ArrayLike<number>, step: number): number {
  let row = 0;
  const value = (column: number) => table[row * SCHEDULE_COLUMNS + column] ?? 0;
  for (let next = 1; next < SCHEDULE_ROWS; next++) {
    const start = table[next * SCHEDULE_COLUMNS] ?? 0;
    if (start > value(0) && start <= step) row = next;
  }
  const [start, steps, kind, from] = [value(0), value(1), value(2), value(3)];
  const [to, bend, shrink, curved] = [value(4), value(5), value(6), value(7)];
  if (kind === SCHEDULE_KINDS.indexOf("polynomial") && from === to) return from;
  const n = step - start;
  const u = Math.min(n / steps, 1);
  switch (SCHEDULE_KINDS[kind]) {
    case "cosine":
      return to + ((from - to) * (1 + Math.cos(Math.PI * u))) / 2;
    case "exponential":
      return from * to ** (bend === 1 ? Math.floor(n / steps) : n / steps);
    case "restarts": {
      const { rounds, place } = roundAt(n, steps, bend);
      return to + ((from * shrink ** rounds - to) * (1 + Math.cos(Math.PI * place))) / 2;
    }
    case "cyclic": {
      const rounds = Math.floor(n / (steps + bend));
      const inRound = n - rounds * (steps + bend);
      const risen = inRound < steps ? inRound / steps : 1 - (inRound - steps) / bend;
      const height = curved === 1 ? (1 - Math.cos(Math.PI * risen)) / 2 : risen;
      return from + (to - from) * shrink ** rounds * height;
    }
    case "inverse":
      return from / (1 + to * (bend === 1 ? Math.floor(n / steps) : n / steps));
    default:
      return to + (from - to) * (1 - u) ** bend;
  }
}

/** The momentum after `step` finished steps, where a table has rows for it. */
export function momentumFromTable(table: ArrayLike<number>, step: number): number | undefined {
  const rates = SCHEDULE_ROWS * SCHEDULE_COLUMNS;
  return table.length > rates ? rateFromTable(Array.from(table).slice(rates), step) : undefined;
}

/** The learning rate after `step` finished steps, of an optimizer with this rate or schedule. */
export function learningRateAt(learningRate: number | Schedule, step: number): number {
  return typeof learningRate === "number" ? learningRate : rateFromTable(scheduleTable(learningRate), step);
}

/** The momentum after `step` finished steps, of a schedule that moves it; undefined of one that does not. */
export function momentumAt(schedule: Schedule, step: number): number | undefined {
  return momentumFromTable(scheduleTable(schedule), step);
}
