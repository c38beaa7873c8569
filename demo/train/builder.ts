/** The network as a table that can be edited: every count follows while somebody types, and what cannot work is explained. */
import type { Model } from "../../src/index.ts";
import { setSetting, setting } from "../address.ts";
import { CLASSES } from "../digits.ts";
import { announce, find, make, write } from "../dom.ts";
import { count, say, trainSay } from "../language.ts";
import { showNetwork } from "../network_table.ts";
import { NumberField } from "../number_field.ts";
import { IMAGE } from "../setup.ts";
import { button, type Cell, cellText, fillOptions, line, problemParts, totalsLine } from "./builder_table.ts";
import { detail, kindName, remedyWords } from "./builder_words.ts";
import {
  type Analysis,
  analyse,
  decodeEdit,
  encodeEdit,
  encodeRows,
  type Field,
  newRow,
  PRESETS,
  type PresetName,
  preset,
  ROW_KINDS,
  ROWS,
  type Row,
} from "./design.ts";
import { placeFor, remedyFor } from "./remedies.ts";
import { presetName } from "./setting_names.ts";

const FRAME = { inputShape: IMAGE, classes: CLASSES };
/** A network that nobody trained yet follows the builder after so long without a change. */
const SETTLE_MILLISECONDS = 500;

export interface BuilderOptions {
  /** What is trained where nobody chose. */
  usualPreset(): PresetName;
  /** Whether the network at hand has learned something that another one would replace. */
  hasLearned(): boolean;
  /** The network at hand, where it came from a file and cannot be shown as rows. */
  foreign(): Model | undefined;
  /** Begins anew with these rows, which fit together. */
  use(rows: readonly Row[]): void;
  /** The network went into the address. */
  onSetting(): void;
}

export class Builder {
  readonly #options: BuilderOptions;
  readonly #preset = find("preset", HTMLSelectElement);
  readonly #undo = find("preset-undo", HTMLButtonElement);
  readonly #body = find("layers", HTMLTableSectionElement);
  readonly #totals = find("layer-totals", HTMLTableSectionElement);
  readonly #kind = find("add-kind", HTMLSelectElement);
  readonly #apply = find("network-apply", HTMLButtonElement);
  readonly #note = find("network-note", HTMLElement);
  /** Undefined: as usual on this device. */
  #base: PresetName | undefined;
  #rows: readonly Row[];
  /** The rows that the session has. */
  #used: string;
  #open: number | undefined;
  #timer = 0;
  #fieldsOf: number | undefined;
  /** The number fields of the row that is edited, by name. */
  readonly #fieldsOpen = new Map<string, NumberField>();
  /** Whether the address asks for layers that are none. */
  #addressRefused: boolean;

  constructor(options: BuilderOptions) {
    this.#options = options;
    this.#base = PRESETS.find((name) => name === setting("network"));
    const base = preset(this.base);
    const edit = setting("layers");
    const edited = edit === undefined ? undefined : decodeEdit(base, edit);
    this.#addressRefused = edit !== undefined && edited === undefined;
    this.#rows = edited ?? base;
    this.#used = encodeRows(base);
    this.#preset.addEventListener("change", () => {
      this.#base = PRESETS.find((name) => name === this.#preset.value);
      this.#open = undefined;
      // What came from a file is left by choosing a network.
      if (options.foreign()) this.#used = "";
      this.#change(preset(this.base));
      if (options.foreign()) this.#use();
    });
    this.#undo.addEventListener("click", () => {
      this.#open = undefined;
      this.#change(preset(this.base));
    });
    find("add-layer", HTMLButtonElement).addEventListener("click", () => {
      const kind = ROW_KINDS.find((one) => one === this.#kind.value) ?? "conv";
      // After the row being edited, else before the last one, which gives the scores: or as near to there as it can work.
      const wanted = this.#open === undefined ? Math.max(0, this.#rows.length - 1) : this.#open + 1;
      const place = placeFor(this.#rows, newRow(kind), wanted, FRAME);
      this.#open = place;
      this.#change([...this.#rows.slice(0, place), newRow(kind), ...this.#rows.slice(place)]);
      this.#focus(place, "select, input, button");
      announce(trainSay().announceAdded(kindName(kind), count(place + 1)));
    });
    this.#apply.addEventListener("click", () => this.#use());
  }

  get base(): PresetName {
    return this.#base ?? this.#options.usualPreset();
  }

  /** The rows, where they make a network that can be trained. */
  get network(): readonly Row[] | undefined {
    return this.#analysis().problem ? undefined : this.#rows;
  }

  /** Whether the address asks for another network than the usual one. */
  get isChosen(): boolean {
    return this.#base !== undefined || encodeRows(this.#rows) !== encodeRows(preset(this.base));
  }

  /** The name of the network that the session has. */
  get name(): string {
    const name = presetName(this.base);
    return this.#used === encodeRows(preset(this.base)) ? name : trainSay().presetEdited(name);
  }

  /** The device is known now: where nobody chose, the usual network of it is shown. */
  usualChanged(): void {
    const asked = setting("layers") !== undefined && !this.#addressRefused;
    if (this.#base === undefined && !asked) this.#rows = preset(this.base);
    this.#used = encodeRows(this.network ?? preset(this.base));
    this.render();
  }

  /** The session has these rows now: a network of this page was opened. */
  take(rows: readonly Row[]): void {
    clearTimeout(this.#timer);
    this.#base = PRESETS.find((name) => encodeRows(preset(name)) === encodeRows(rows)) ?? this.#base;
    this.#open = undefined;
    this.#rows = rows;
    this.#used = encodeRows(rows);
    this.#address();
    this.render();
  }

  #address(): void {
    setSetting(
      "network",
      this.#base === undefined || this.#base === this.#options.usualPreset() ? undefined : this.#base,
    );
    setSetting("layers", encodeEdit(preset(this.base), this.#rows));
    this.#options.onSetting();
  }

  #analysis(): Analysis {
    return analyse(this.#rows, IMAGE, CLASSES);
  }

  #change(rows: readonly Row[], { full = true } = {}): void {
    this.#rows = rows;
    this.#addressRefused = false;
    this.#address();
    clearTimeout(this.#timer);
    if (!this.#options.hasLearned()) this.#timer = window.setTimeout(() => this.#use(), SETTLE_MILLISECONDS);
    if (full) this.render();
    else this.#renderCounts();
  }

  #use(): void {
    const rows = this.network;
    if (rows === undefined || encodeRows(rows) === this.#used) return;
    this.#used = encodeRows(rows);
    this.#options.use(rows);
    this.#renderNotes(this.#analysis());
  }

  #focus(row: number, selector: string): void {
    this.#body.querySelector<HTMLElement>(`tr[data-row="${row}"].layer-fields :is(${selector})`)?.focus();
  }

  #move(from: number, to: number, selector: string): void {
    const row = this.#rows[from];
    if (row === undefined || to < 0 || to >= this.#rows.length) return;
    const others = this.#rows.filter((_, index) => index !== from);
    this.#open = to;
    this.#change([...others.slice(0, to), row, ...others.slice(to)]);
    this.#focus(to, selector);
    announce(trainSay().announceMoved(kindName(row.kind), count(to + 1)));
  }

  /** Writes everything, in the page's language. */
  render(): void {
    const text = trainSay();
    fillOptions(
      this.#preset,
      PRESETS.map((name) => [name, presetName(name)]),
    );
    fillOptions(
      this.#kind,
      ROW_KINDS.map((kind) => [kind, kindName(kind)]),
    );
    write(this.#undo, text.presetUndo);
    this.#undo.hidden = encodeRows(this.#rows) === encodeRows(preset(this.base));
    const foreign = this.#options.foreign();
    if (foreign) this.#preset.prepend(new Option("–", ""));
    this.#preset.value = foreign ? "" : this.base;
    find("builder-tools", HTMLElement).hidden = foreign !== undefined;
    if (foreign) {
      showNetwork(foreign, 1, { rows: this.#body, totals: this.#totals });
      write(this.#note, text.fromFile);
      return;
    }
    const input = say();
    const refused = this.#refusedTexts();
    this.#fieldsOpen.clear();
    this.#body.replaceChildren(
      line({ name: input.layerInput, detail: input.layerInputDetail, cells: [IMAGE, 784, 0, 0] }),
      ...this.#rows.flatMap((row, index) => this.#row(row, index)),
    );
    this.#fieldsOf = this.#open;
    for (const [name, text] of refused) this.#fieldsOpen.get(name)?.type(text);
    this.#renderCounts();
  }

  /** What was typed into the fields of the row that stays open and does not count: it stays there too. */
  #refusedTexts(): readonly (readonly [string, string])[] {
    if (this.#open !== this.#fieldsOf) return [];
    return [...this.#fieldsOpen].flatMap(([name, { refusedText }]) =>
      refusedText === undefined ? [] : [[name, refusedText] as const],
    );
  }

  #row(row: Row, index: number): HTMLTableRowElement[] {
    const text = trainSay();
    const open = this.#open === index;
    const edit = button(open ? text.done : text.edit, () => {
      this.#open = open ? undefined : index;
      this.render();
      this.#body.querySelector<HTMLElement>(`tr[data-row="${index}"] .layer-edit`)?.focus();
    });
    edit.className = "layer-edit quiet";
    edit.ariaExpanded = String(open);
    edit.ariaLabel = `${open ? text.done : text.editLabel(kindName(row.kind))} (${count(index + 1)})`;
    const head = line({ name: kindName(row.kind), detail: detail(row), cells: ["", "", "", ""], action: edit });
    head.dataset["row"] = String(index);
    const rows = [head];
    if (open) rows.push(this.#fields(row, index));
    const problem = make("tr", { className: "layer-problem" }, make("td"));
    problem.dataset["row"] = String(index);
    problem.hidden = true;
    (problem.firstElementChild as HTMLTableCellElement).colSpan = 6;
    rows.push(problem);
    return rows;
  }

  #fields(row: Row, index: number): HTMLTableRowElement {
    const text = trainSay();
    const group = make("div", { className: "layer-settings" });
    group.setAttribute("role", "group");
    group.ariaLabel = text.fieldsLabel(kindName(row.kind));
    for (const field of ROWS[row.kind].fields) group.append(this.#field(row, index, field));
    const up = button(text.up, () => this.#move(index, index - 1, '[data-do="up"]:enabled, [data-do="down"]'));
    const down = button(text.down, () => this.#move(index, index + 1, '[data-do="down"]:enabled, [data-do="up"]'));
    up.dataset["do"] = "up";
    down.dataset["do"] = "down";
    up.setAttribute("aria-keyshortcuts", "Alt+ArrowUp");
    down.setAttribute("aria-keyshortcuts", "Alt+ArrowDown");
    up.title = down.title = text.keysNote;
    up.disabled = index === 0;
    down.disabled = index === this.#rows.length - 1;
    const remove = button(text.remove, () => {
      this.#open = undefined;
      this.#change(this.#rows.filter((_, other) => other !== index));
      announce(text.announceRemoved(kindName(row.kind)));
      const next = Math.min(index, this.#rows.length - 1);
      (this.#body.querySelector<HTMLElement>(`tr[data-row="${next}"] .layer-edit`) ?? this.#kind).focus();
    });
    group.append(make("span", { className: "buttons" }, up, down, remove));
    group.addEventListener("keydown", (event) => {
      if (!event.altKey || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) return;
      event.preventDefault();
      this.#move(index, index + (event.key === "ArrowUp" ? -1 : 1), "input, select, button:enabled");
    });
    const cell = make("td", {}, group);
    cell.colSpan = 6;
    const line = make("tr", { className: "layer-fields" }, cell);
    line.dataset["row"] = String(index);
    return line;
  }

  #field(row: Row, index: number, field: Field): HTMLElement {
    const words = trainSay() as unknown as Readonly<Record<string, string>>;
    const set = (value: number | string) => {
      const now = this.#rows[index];
      if (now === undefined) return;
      const changed = { ...now, options: { ...now.options, [field.name]: value } };
      this.#change(
        this.#rows.map((one, other) => (other === index ? changed : one)),
        { full: false },
      );
    };
    const label = make("label", { text: words[field.name] ?? field.name });
    if ("choices" in field) {
      const select = make("select");
      fillOptions(
        select,
        field.choices.map((choice) => [choice, words[choice] ?? choice]),
      );
      select.value = String(row.options[field.name] ?? field.usual);
      select.addEventListener("change", () => set(select.value));
      label.append(select);
    } else {
      const input = make("input");
      label.append(input);
      const number = new NumberField(input, {
        ...{ least: field.least, most: field.most, whole: true, step: 1, live: true },
        note: make("span"),
        take: (value = field.usual) => set(value),
      });
      number.show(Number(row.options[field.name] ?? field.usual));
      this.#fieldsOpen.set(field.name, number);
      return make("div", { className: "layer-field" }, label, number.note);
    }
    return label;
  }

  /** The figures and what is wrong; leaves the fields, and the focus in them, alone. */
  #renderCounts(): void {
    const analysis = this.#analysis();
    const { counts, problem } = analysis;
    this.#rows.forEach((row, index) => {
      const head = this.#body.querySelector<HTMLTableRowElement>(`tr[data-row="${index}"]:not(.layer-fields)`);
      const found = counts[index];
      const cells: Cell[] = found
        ? [found.shape, found.neurons, found.parameters, found.multiplyAdds]
        : ["–", "–", "–", "–"];
      cells.forEach((value, cell) => {
        const place = head?.cells[cell + 1];
        if (place) write(place, cellText(value));
      });
      const words = head?.querySelector<HTMLElement>(".layer-detail");
      if (words) write(words, detail(row));
      const note = this.#body.querySelector<HTMLTableRowElement>(`tr[data-row="${index}"].layer-problem`);
      if (note) this.#renderProblem(note, problem?.row === index ? analysis : undefined, row);
    });
    this.#totals.replaceChildren(totalsLine(this.#rows, analysis));
    this.#renderNotes(analysis);
  }

  #renderProblem(line: HTMLTableRowElement, analysis: Analysis | undefined, row: Row): void {
    const problem = analysis?.problem;
    line.hidden = problem === undefined;
    const cell = line.firstElementChild;
    if (!(cell instanceof HTMLElement) || analysis === undefined || problem === undefined) return;
    cell.replaceChildren(...problemParts(problem, row), ...this.#remedyButtons(analysis));
  }

  /** What helps, as a button; none where nothing is wrong. */
  #remedyButtons(analysis: Analysis): HTMLElement[] {
    const remedy = remedyFor(this.#rows, analysis, FRAME);
    if (remedy === undefined) return [];
    const words = remedyWords(remedy);
    const press = () => {
      this.#open = undefined;
      this.#change(remedy.rows);
      announce(words);
      this.#focusAfterRemedy();
    };
    return [button(words, press)];
  }

  /** To the next thing that is wrong, or to what can be done with a network that works. */
  #focusAfterRemedy(): void {
    const next = this.#body.querySelector<HTMLElement>(".layer-problem:not([hidden]) button");
    if (next) next.focus();
    else (this.#apply.hidden ? this.#kind : this.#apply).focus();
  }

  #renderNotes(analysis: Analysis): void {
    const { problem } = analysis;
    const text = trainSay();
    const differs = encodeRows(this.#rows) !== this.#used;
    this.#apply.hidden = !differs || problem !== undefined || !this.#options.hasLearned();
    write(this.#apply, text.startNew);
    const words = problem
      ? problem.why === "empty"
        ? text.empty
        : text.brokenNote
      : this.#addressRefused
        ? text.layersRefused
        : differs && this.#options.hasLearned()
          ? text.startNote
          : "";
    write(this.#note, words);
    // Without a row there is no place beside one.
    this.#note.append(...(problem?.why === "empty" ? this.#remedyButtons(analysis) : []));
  }
}
