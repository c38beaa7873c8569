/** "corteza/diagram": pictures of a model, as SVG and as the text of a Mermaid flowchart. */
export { type SvgOptions, toMermaid, toSvg } from "./nn/diagram.ts";
