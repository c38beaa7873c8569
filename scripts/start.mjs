/** `npm start`: installs what is missing, prepares the data, opens the demo. */
import { installPackages } from "./install.mjs";

installPackages();
const { prepareData } = await import("./prepare-data.mjs");
prepareData();
const { createServer } = await import("vite");
const canOpen = process.platform !== "linux" || Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY);
const server = await createServer({ server: { open: canOpen && !process.env.CI } });
await server.listen();
server.printUrls();
server.bindCLIShortcuts({ print: true });
