/**
 * What the address says: the view, and every setting that differs from its default. `#draw` is the drawing pad,
 * `#train?epochs=3&learning-rate=0.01` a training as somebody set it up. A copied address opens the same page again.
 */

export const VIEWS = ["train", "draw", "inside", "pictures"] as const;
export type View = (typeof VIEWS)[number];

const listeners: (() => void)[] = [];

function parse(): { view: View; settings: URLSearchParams } {
  const [name = "", query = ""] = location.hash.slice(1).split("?");
  return { view: VIEWS.find((view) => view === name) ?? "train", settings: new URLSearchParams(query) };
}

let current = parse();

export function view(): View {
  return current.view;
}

/** The address of a view, with the settings kept. */
export function addressOf(name: View): string {
  const query = current.settings.toString();
  return `#${name}${query === "" ? "" : `?${query}`}`;
}

/** The same with one setting more, or another value of it. */
export function addressWith(name: View, setting: string, value: string): string {
  const settings = new URLSearchParams(current.settings);
  settings.set(setting, value);
  return `#${name}?${settings}`;
}

/** What the address says of a setting; undefined where it keeps its default. */
export function setting(name: string): string | undefined {
  return current.settings.get(name) ?? undefined;
}

/** Writes a setting into the address, or takes it out again; no step in the browser's history. */
export function setSetting(name: string, value: string | undefined): void {
  if (value === undefined) current.settings.delete(name);
  else current.settings.set(name, value);
  const address = location.pathname + location.search + addressOf(current.view);
  if (address !== location.pathname + location.search + location.hash) history.replaceState(null, "", address);
}

/** Has a select show what the address says, and the address follow the select. */
export function bindSelect(name: string, select: HTMLSelectElement): void {
  const usual = select.value;
  const wanted = setting(name);
  if (wanted !== undefined && [...select.options].some((option) => option.value === wanted)) select.value = wanted;
  select.addEventListener("change", () => setSetting(name, select.value === usual ? undefined : select.value));
}

/** The same for a box that is ticked by default or not: 1 and 0 in the address. */
export function bindCheck(name: string, box: HTMLInputElement): void {
  const usual = box.checked;
  const wanted = setting(name);
  if (wanted === "1" || wanted === "0") box.checked = wanted === "1";
  box.addEventListener("change", () => setSetting(name, box.checked === usual ? undefined : box.checked ? "1" : "0"));
}

/** Calls `listener` when the visitor went to another view. */
export function onView(listener: () => void): void {
  listeners.push(listener);
}

addEventListener("hashchange", () => {
  current = parse();
  for (const listener of listeners) listener();
});
