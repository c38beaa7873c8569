/** Production compilers for graphics cards that are not there: Mesa's RADV with ACO, for AMD's. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { hotLoop, type Mix } from "./loop.ts";

const RADV = "/usr/share/vulkan/icd.d/radeon_icd.x86_64.json";
const INSTALL = "apt-get install -y gcc libvulkan-dev spirv-tools mesa-vulkan-drivers chromium";
/** What Dawn calls the entry point of every shader that it hands to Vulkan. */
const ENTRY_POINT = "dawn_entry_point";

/** What the compiler made of one kernel for one family of cards. */
export interface Compiled {
  /** Vector registers of a thread. */
  readonly registers: number;
  /** Vector registers that had no room. */
  readonly spilled: number;
  /** Bytes of workgroup memory. */
  readonly workgroupMemory: number;
  /** Waves that a SIMD holds at a time, at most: 16 or 20 on RDNA, 10 on GCN. */
  readonly waves: number;
  readonly mix: Mix;
}

function mustRun(command: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: "utf8", maxBuffer: 2 ** 28 });
  if (error !== undefined && "code" in error && error.code === "ENOENT") {
    throw new Error(`bench:isa needs ${command}; on Debian: ${INSTALL}`);
  }
  if (status !== 0)
    throw new Error(`${command} ${args.join(" ")} failed:\n${stdout}${stderr}\nIs something missing? ${INSTALL}`);
  return `${stdout}${stderr}`;
}

/** Compiles WGSL for families of cards; files lie in `folder`. */
export class CardCompiler {
  readonly #folder: string;
  readonly #statistics: string;
  /** Names of the SPIR-V files by their WGSL. */
  readonly #made = new Map<string, string>();

  /** Throws where a tool is missing, with what to install. */
  constructor(folder: string) {
    this.#folder = folder;
    this.#statistics = join(folder, "statistics");
    if (!existsSync(RADV))
      throw new Error(`bench:isa needs Mesa's driver for AMD cards, ${RADV}; on Debian: ${INSTALL}`);
    mustRun("gcc", ["-O1", resolve(import.meta.dirname, "statistics.c"), "-o", this.#statistics, "-lvulkan"]);
    mustRun("spirv-as", ["--version"]);
  }

  /** The SPIR-V of a kernel, as Dawn makes it. */
  #spirv(wgsl: string): string {
    const known = this.#made.get(wgsl);
    if (known !== undefined) return known;
    const base = join(this.#folder, String(this.#made.size).padStart(4, "0"));
    writeFileSync(`${base}.wgsl`, wgsl);
    const printed = mustRun(process.execPath, [resolve(import.meta.dirname, "spirv.mjs"), `${base}.wgsl`]);
    // From its first comment to the next thing that Dawn has to say.
    const text = /^; SPIR-V$[\s\S]*?(?=^(?:info|warning|error):|(?![\s\S]))/m.exec(printed)?.[0];
    if (text === undefined) throw new Error(`Dawn printed no SPIR-V of ${base}.wgsl:\n${printed.slice(0, 2000)}`);
    writeFileSync(`${base}.spvasm`, text);
    mustRun("spirv-as", ["--target-env", "vulkan1.2", `${base}.spvasm`, "-o", `${base}.spv`]);
    this.#made.set(wgsl, `${base}.spv`);
    return `${base}.spv`;
  }

  /** What the compiler makes of each kernel for a family of cards, as RADV_FORCE_FAMILY names it. */
  compile(kernels: readonly string[], family: string): Compiled[] {
    const files = kernels.map((wgsl) => this.#spirv(wgsl));
    const printed = execFileSync(this.#statistics, [ENTRY_POINT, ...new Set(files)], {
      encoding: "utf8",
      env: { ...process.env, RADV_FORCE_FAMILY: family, VK_ICD_FILENAMES: RADV, XDG_RUNTIME_DIR: this.#folder },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const found = new Map<string, Compiled>();
    for (const line of printed.trim().split("\n")) {
      const { file, ...own }: { file: string } & Record<string, number> = JSON.parse(line);
      const of = (name: string): number => {
        const value = own[name];
        if (value === undefined) throw new Error(`this version of Mesa tells nothing of "${name}"`);
        return value;
      };
      found.set(file, {
        registers: of("VGPRs"),
        spilled: of("Spilled VGPRs"),
        workgroupMemory: of("LDS size"),
        waves: of("Subgroups per SIMD"),
        mix: hotLoop(readFileSync(file.replace(/\.spv$/, ".isa"), "utf8")),
      });
    }
    return files.map((file) => found.get(file) as Compiled);
  }
}
