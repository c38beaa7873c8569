/**
 * Where Dawn for Node finds a Vulkan driver. A machine with a graphics driver uses it when CORTEZA_ADAPTER=hardware is
 * set; otherwise tests and scripts run on SwiftShader, the software GPU that comes with Debian's Chromium, so that
 * results do not depend on the machine.
 */
import { existsSync } from "node:fs";

const CHROMIUM_FOLDERS = [
  "/usr/lib/chromium",
  "/usr/lib/chromium-browser",
  "/opt/google/chrome",
  "/opt/microsoft/msedge",
];

/** Environment variables to start Node with; empty where the system's own driver is to be used. */
export function vulkanEnvironment() {
  if (process.env.CORTEZA_ADAPTER === "hardware" || process.env.VK_ICD_FILENAMES || process.env.VK_DRIVER_FILES)
    return {};
  const folder = CHROMIUM_FOLDERS.find((candidate) => existsSync(`${candidate}/vk_swiftshader_icd.json`));
  if (process.platform !== "linux" || folder === undefined) return {};
  return {
    VK_ICD_FILENAMES: `${folder}/vk_swiftshader_icd.json`,
    // Chromium brings the Vulkan loader too; the system may have none.
    LD_LIBRARY_PATH: [folder, process.env.LD_LIBRARY_PATH].filter(Boolean).join(":"),
    XDG_RUNTIME_DIR: process.env.XDG_RUNTIME_DIR ?? "/tmp",
  };
}
