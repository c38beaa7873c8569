/**
 * uPlot makes a format of numbers for the browser's language while it is loaded, which throws where that is no language
 * ("C"), and with it the page. Imported before uPlot, this puts another in its place. The charts write no number that way.
 */
import { isLocale } from "./locale.ts";

if (!isLocale(navigator.language)) Object.defineProperty(navigator, "language", { value: "en" });
