/**
 * Which family of browsers this is, by what only that family has, and not by the name that it gives itself: names are
 * borrowed and changed. Only for advice on how to turn something on, never to choose what the page does.
 */
export type BrowserFamily = "chromium" | "chromium-linux" | "firefox" | "webkit" | "other";

/** What is asked of a browser; a test gives another one. */
export interface Surroundings {
  /** `navigator.userAgentData`, which Chromium alone has, and only on secure pages. */
  readonly userAgentData?: { readonly platform?: string } | undefined;
  supports(declaration: string): boolean;
}

/** Where this page runs. */
function here(): Surroundings {
  const { userAgentData } = navigator as Navigator & { userAgentData?: { platform?: string } };
  return { userAgentData, supports: (declaration) => CSS.supports(declaration) };
}

export function browserFamily({ userAgentData, supports }: Surroundings = here()): BrowserFamily {
  if (userAgentData) return userAgentData.platform === "Linux" ? "chromium-linux" : "chromium";
  if (supports("-moz-orient: inline")) return "firefox";
  if (supports("-webkit-nbsp-mode: space")) return "webkit";
  return "other";
}
