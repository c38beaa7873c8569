/** The table of what kernels move. */
import type { Kernel } from "../isa/plans.ts";
import type { Seen } from "./capture.ts";
import { LINES, type Moved, sumOf, type Traffic } from "./log.ts";
import type { Site } from "./rewrite.ts";

/** Issue 15: lines that the loads of a hot loop may touch, for each that they want. */
export const BAR = 1.5;

const SHOWN = 46;

const ratio = (part: number, whole: number): string => (whole === 0 ? "–" : (part / whole).toFixed(2));

export function header(): string {
  return (
    `${"kernel".padEnd(SHOWN)} ${"groups × threads".padStart(16)}  hot loads  bytes  ${LINES.map((size) => `${size} B`.padStart(6)).join("")}` +
    "   cache  reuse  stores    LDS  conflicts  bar"
  );
}

/** Lines of 128 bytes that were touched, for each that is wanted. */
export const touchedRatio = ({ touched, ideal }: Moved): number => (touched[0] ?? 0) / (ideal[0] || 1);

/** A dispatch's line. `holds`: whether the loads of its hot loop keep to the bar; undefined where it has none. */
export function rowOf(
  title: string,
  { workgroups: [x, y, z] }: Pick<Kernel, "workgroups">,
  { traffic, threads }: Seen,
) {
  const { sites, moved, hot, isLoop, cache, invocations, lost } = traffic;
  const loads = sumOf(sites, hot, ({ space, access }) => space === "storage" && access === "load");
  const stores = sumOf(sites, moved, ({ space, access }) => space === "storage" && access !== "load");
  const shared = sumOf(sites, hot, ({ space }) => space === "workgroup");
  const each = (count: number) => (count / invocations).toFixed(0);
  const holds = loads.instructions === 0 ? undefined : touchedRatio(loads) <= BAR;
  const cells = [
    title.slice(0, SHOWN).padEnd(SHOWN),
    `${x * y * z} × ${threads}`.padStart(16),
    (isLoop ? "loop" : "all").padStart(5),
    each(loads.accesses).padStart(5),
    (loads.instructions === 0 ? "–" : (loads.bytesAsked / loads.accesses).toFixed(1)).padStart(6),
    ` ${LINES.map((_, at) => ratio(loads.touched[at] as number, loads.ideal[at] as number).padStart(6)).join("")}`,
    ratio(cache.brought, cache.ideal).padStart(7),
    ratio(loads.bytesAsked, cache.brought * LINES[0]).padStart(6),
    ratio(stores.touched[0] as number, stores.ideal[0] as number).padStart(7),
    each(shared.accesses).padStart(6),
    ratio(shared.cycles, shared.freeCycles).padStart(10),
    { true: " holds", false: " MISSES", undefined: " –" }[String(holds)],
    ...(lost > 0 ? [`(${lost} notes had no room)`] : []),
  ];
  return { line: cells.join(" "), holds };
}

/**
 * Places of a kernel's text by what they move: loads of storage in its hot loop that touch too many lines, or all. Those that differ by
 * numbers alone, as unrolled loops make them, are one.
 */
export function siteLines({ sites, moved, hot }: Traffic, which: "none" | "wide" | "all"): string[] {
  if (which === "none") return [];
  const nameOf = ({ access, text }: Site) =>
    `${access} ${text.replaceAll(/_\d+/g, "_*").replaceAll(/\b\d+u?\b/g, "*")}`;
  return [...new Set(sites.map(nameOf))].flatMap((name) => {
    const alike = sites.filter((site) => nameOf(site) === name);
    const [{ space, access }] = alike as [Site];
    const own = sumOf(sites, which === "all" ? moved : hot, (site) => nameOf(site) === name);
    const isWide = space === "storage" && access === "load" && touchedRatio(own) > BAR;
    if (own.instructions === 0 || (which === "wide" && !isWide)) return [];
    const figures =
      space === "storage"
        ? LINES.map((_, line) => ratio(own.touched[line] as number, own.ideal[line] as number).padStart(6)).join("")
        : `conflicts ${ratio(own.cycles, own.freeCycles)}`.padStart(6 * LINES.length);
    return [`  ${String(own.instructions).padStart(8)} ×  ${figures}  ${name}`];
  });
}
