import { formatBytes, formatCount, formatTable } from "../core/format.ts";

/** One kernel of a step, measured. */
export interface KernelTime {
  /** The layer that it works for, or "input", "loss", "optimizer", "metrics" for what is no layer's; undefined otherwise. */
  readonly layer: string | undefined;
  /** What the graph calls it, fusions named: "conv2d + maxPool2d". */
  readonly op: string;
  /** Its file in `shaders/`, or the op on the CPU backend. */
  readonly kernel: string;
  /** Median over the measured steps. */
  readonly milliseconds: number;
  /** Floating-point operations, a multiply-add counting as two. */
  readonly flops: number;
  /** Bytes of everything that the kernel reads and writes, each once. */
  readonly bytes: number;
}

/** What `Profile` is made of: plain data, which a worker can send. */
export interface ProfileData {
  /**
   * "timestamps": the GPU's own clock, around each kernel. "wall clock": each kernel submitted alone and waited for, launch
   * included, as often as makes a time that the clock can tell; what remains where the device has no timestamp queries.
   * "cpu": this thread's clock, around each op of the CPU backend or each kernel of WebAssembly's.
   */
  readonly timing: "timestamps" | "wall clock" | "cpu";
  /** Steps that were measured. */
  readonly steps: number;
  /** The most throughput that a probe, or one of these kernels, reached on this device; undefined where nobody measured it. */
  readonly peakGflops: number | undefined;
  /** In the order of the step. */
  readonly kernels: readonly KernelTime[];
}

/** Where the time of a step goes; `toString()` is the table. */
export class Profile implements ProfileData {
  readonly timing: ProfileData["timing"];
  readonly steps: number;
  readonly peakGflops: number | undefined;
  readonly kernels: readonly KernelTime[];

  constructor(data: ProfileData) {
    this.timing = data.timing;
    this.steps = data.steps;
    this.peakGflops = data.peakGflops;
    this.kernels = data.kernels;
  }

  /** Sum over the kernels. */
  get milliseconds(): number {
    return this.kernels.reduce((sum, kernel) => sum + kernel.milliseconds, 0);
  }

  /** Share of the measured peak that a kernel reaches, 0…1; undefined without a peak or a time. */
  shareOfPeak(kernel: KernelTime): number | undefined {
    if (this.peakGflops === undefined || kernel.milliseconds === 0) return undefined;
    return kernel.flops / kernel.milliseconds / 1e6 / this.peakGflops;
  }

  toString(): string {
    const total = this.milliseconds;
    const percent = (share: number | undefined) => (share === undefined ? "" : (100 * share).toFixed(1));
    const row = (kernel: KernelTime) => [
      kernel.layer ?? "",
      kernel.op,
      kernel.kernel,
      kernel.milliseconds.toFixed(3),
      percent(total === 0 ? undefined : kernel.milliseconds / total),
      formatCount(kernel.flops),
      formatBytes(kernel.bytes),
      kernel.milliseconds === 0 ? "" : (kernel.flops / kernel.milliseconds / 1e6).toFixed(2),
      percent(this.shareOfPeak(kernel)),
    ];
    const sum = (count: (kernel: KernelTime) => number) => this.kernels.reduce((all, kernel) => all + count(kernel), 0);
    const whole: KernelTime = {
      layer: "total",
      op: "",
      kernel: `${this.kernels.length} kernels`,
      milliseconds: total,
      flops: sum((kernel) => kernel.flops),
      bytes: sum((kernel) => kernel.bytes),
    };
    const head = ["layer", "op", "kernel", "ms", "% of step", "FLOPs", "bytes", "GFLOP/s", "% of peak"];
    const peak = this.peakGflops === undefined ? "" : `, measured peak ${this.peakGflops.toFixed(1)} GFLOP/s`;
    return (
      `${formatTable([head, ...this.kernels.map(row), row(whole)])}\n\n` +
      `median of ${this.steps} steps, ${this.timing}${peak}`
    );
  }
}
