/** The features that style sheets and pages use, as paths in the compatibility data. */
import { transform } from "lightningcss";

/** Names that stand for many things, or for nothing that a browser may lack. */
const OLD_SELECTORS = new Set(["type", "class", "id", "universal", "attribute", "combinator", "nesting"]);

/** `[{ paths, where }]` of one style sheet. */
export function styleFeatures(file, css) {
  const found = [];
  const note = (place, ...paths) =>
    found.push({ paths, where: `${file}:${place?.line === undefined ? 1 : place.line + 1}` });
  let place;
  transform({
    filename: file,
    code: Buffer.from(css),
    visitor: {
      Rule(rule) {
        place = rule.value?.loc ?? place;
        if (rule.type === "font-face") {
          for (const { type, value } of rule.value.properties)
            note(place, `css.at-rules.font-face.${type === "custom" ? value.name : type === "source" ? "src" : type}`);
        }
        // The build writes nested rules one after the other.
        if (!["style", "nesting", "nested-declarations", "ignored"].includes(rule.type))
          note(place, `css.at-rules.${rule.type === "unknown" ? rule.value.name : rule.type}`);
      },
      Declaration(declaration) {
        // What is written with a prefix is one browser's own, and the others pass over it; so it is with selectors.
        const prefixes = declaration.vendorPrefix ?? declaration.value.propertyId?.vendorPrefix ?? [];
        if (prefixes.some((prefix) => prefix !== "none")) return;
        const name = declaration.property === "unparsed" ? declaration.value.propertyId.property : declaration.property;
        if (name === "custom") {
          const custom = declaration.value.name;
          if (!custom.startsWith("-")) note(place, `css.properties.${custom}`);
        } else note(place, `css.properties.${name}`);
      },
      Selector(selector) {
        for (const { type, kind, name } of selector) {
          if (type === "pseudo-class" || type === "pseudo-element") {
            if (kind !== "custom") note(place, `css.selectors.${kind}`);
            else if (!name.startsWith("-")) note(place, `css.selectors.${name}`);
          } else if (!OLD_SELECTORS.has(type))
            throw new Error(`${file}: a selector of the kind "${type}" is not known here.`);
        }
      },
    },
  });
  // Functions of values, and units: they are words in the text, whatever property they are in.
  css.split("\n").forEach((line, index) => {
    const text = line.replace(/\/\*.*?\*\//g, "").replace(/"[^"]*"|url\([^)]*\)/g, "");
    for (const [name, paths] of Object.entries(VALUES)) {
      if (new RegExp(`(?<![\\w-])${name}(?![\\w-])`).test(text)) found.push({ paths, where: `${file}:${index + 1}` });
    }
    for (const [, name] of text.matchAll(/(?<![\w-:])([a-z][a-z-]*)\(/g)) {
      found.push({ paths: [`css.types.${name}`, ...FUNCTIONS(name)], where: `${file}:${index + 1}` });
    }
  });
  return found;
}

const FUNCTIONS = (name) => [
  `css.types.color.${name}`,
  `css.types.gradient.${name}`,
  `css.types.image.${name}`,
  `css.types.transform-function.${name}`,
  `css.types.filter-function.${name}`,
  `css.types.basic-shape.${name}`,
  `css.types.easing-function.${name}`,
  `css.properties.grid-template-columns.${name}`,
  `css.properties.custom-property.${name}`,
  `css.selectors.${name}`,
];

const VALUES = {
  "\\d*d[vw]h": ["css.types.length.viewport_percentage_units_dynamic"],
  "\\d*s[vw]h": ["css.types.length.viewport_percentage_units_small"],
  "\\d*l[vw]h": ["css.types.length.viewport_percentage_units_large"],
  "\\d*cq[whib]": ["css.types.length.container_query_length_units"],
  "\\d*lh": ["css.types.length.lh"],
  subgrid: ["css.properties.grid-template-columns.subgrid"],
  "text-wrap: balance": ["css.properties.text-wrap.balance"],
  "text-wrap: pretty": ["css.properties.text-wrap.pretty"],
};

/** `[{ paths, where }]` of the elements and attributes of a page. */
export function pageFeatures(file, html) {
  const found = [];
  for (const { 1: element, 2: attributes, index } of html.matchAll(/<([a-z][\w-]*)((?:\s+[\w-]+(?:="[^"]*")?)*)/g)) {
    if (element.includes("-")) continue;
    const where = `${file}:${html.slice(0, index).split("\n").length}`;
    found.push({ paths: [`html.elements.${element}`, `svg.elements.${element}`], where });
    for (const [, name, value] of attributes.matchAll(/([\w-]+)(?:="([^"]*)")?/g)) {
      if (/^(data|aria)-|^role$/.test(name)) continue;
      const [own, everywhere] = [`html.elements.${element}.${name}`, `html.global_attributes.${name}`];
      found.push({ paths: name === "type" ? [`${own}_${value}`, own, `${own}.${value}`] : [own, everywhere], where });
    }
  }
  return found;
}
