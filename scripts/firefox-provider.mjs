/**
 * Vitest's tests in an installed Firefox: `npx vitest run --project firefox test/webgpu/shaders.gpu.test.ts`. Vitest's own
 * providers drive a browser, which Debian's Firefox does not let them do; these tests need no more than an open page.
 */
import { defineBrowserProvider } from "@vitest/browser";
import { openInFirefox } from "./firefox.mjs";

export function installedFirefox() {
  return defineBrowserProvider({
    name: "installed-firefox",
    supportedBrowser: ["firefox"],
    options: {},
    providerFactory: () => {
      /** By session; Vitest opens one for each batch of files. */
      const open = new Map();
      const close = async () => {
        await Promise.all([...open.values()].map((firefox) => firefox.close()));
        open.clear();
      };
      return {
        name: "installed-firefox",
        supportsParallelism: false,
        getCommandsContext: () => ({}),
        async openPage(sessionId, url) {
          await close();
          open.set(sessionId, await openInFirefox(url));
        },
        close,
      };
    },
  });
}
