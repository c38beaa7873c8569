/** An object of a file, whose keys reach no prototype. */
export type FileRecord = Readonly<Record<string, unknown>>;

/** A file's JSON, its objects without a prototype: whatever a key is called, it is a key. */
export function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  const record: Record<string, unknown> = Object.create(null);
  for (const [key, inner] of Object.entries(value)) record[key] = plain(inner);
  return record;
}

/** Whether it is an object, and no list. */
export function isRecord(value: unknown): value is FileRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A value of a file as a short text: for messages, and where only a text means something. */
export function described(value: unknown): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "nothing");
  return text.slice(0, 60);
}

/** A table's own entry, whatever the key is called. */
export function own<T>(table: Readonly<Record<string, T>> | undefined, key: string): T | undefined {
  return table && Object.hasOwn(table, key) ? table[key] : undefined;
}
