/**
 * Whether `Intl` takes a language's tag. Browsers hand on what their system says: "C" where it has no language, "en_US"
 * where it writes them its own way, and `Intl` throws a RangeError at both.
 */
export function isLocale(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length === 1;
  } catch {
    return false;
  }
}
