/**
 * Lets browser tests read the conformance data, which lies beside the repository and not in it: the
 * test server answers `/conformance?path=...` with that file under ../shared/conformance, and with no other file.
 */
import { readFile, realpath } from "node:fs/promises";
import { resolve, sep } from "node:path";

export const conformanceFolder = resolve(import.meta.dirname, "../../shared/conformance");

/** The bytes of a file under the conformance folder; undefined where there is none, or where it lies elsewhere. */
export async function readConformance(path) {
  try {
    // realpath, so that neither ".." nor a link leads out of the folder.
    const folder = await realpath(conformanceFolder);
    const file = await realpath(resolve(folder, path));
    return file.startsWith(folder + sep) ? await readFile(file) : undefined;
  } catch {
    return undefined;
  }
}

export function conformanceFiles() {
  return {
    name: "corteza-conformance-files",
    configureServer(server) {
      server.middlewares.use("/conformance", async (request, response) => {
        const path = new URL(request.url, "http://localhost").searchParams.get("path") ?? "";
        const bytes = await readConformance(path);
        response.statusCode = bytes === undefined ? 404 : 200;
        response.setHeader("Content-Type", "application/octet-stream");
        response.end(bytes);
      });
    },
  };
}
