/** Takes out of the page's font what neither language needs: the built page fetches a quarter less of it. */
import subsetFont from "subset-font";

/** ASCII; Latin-1's letters, for names in most languages of western Europe; and the signs that the page's sentences have. */
const CHARACTERS = [
  ...Array.from({ length: 0x7f - 0x20 }, (_, code) => String.fromCodePoint(0x20 + code)),
  ...Array.from({ length: 0x100 - 0xc0 }, (_, code) => String.fromCodePoint(0xc0 + code)),
  ..."\u00a0\u00ad¡¿«»·°º–—‘’“”…−→←↑↓\u2009\u202f",
].join("");
/** The weights that the style sheets ask for. */
const WEIGHTS = { min: 300, max: 600 };

/** @returns {import("vite").Plugin} */
export function smallFont() {
  return {
    name: "corteza-small-font",
    apply: "build",
    async generateBundle(_, bundle) {
      for (const asset of Object.values(bundle)) {
        if (asset.type !== "asset" || !asset.fileName.endsWith(".woff2")) continue;
        asset.source = await subsetFont(Buffer.from(asset.source), CHARACTERS, {
          ...{ targetFormat: "woff2", variationAxes: { wght: WEIGHTS } },
        });
      }
    },
  };
}
