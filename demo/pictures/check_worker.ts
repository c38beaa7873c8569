/** The worker in which pictures are looked at before they are trained on. */
import { findingsOf, type ToCheck } from "./report_of.ts";

globalThis.addEventListener("message", ({ data }: MessageEvent<ToCheck>) => postMessage(findingsOf(data)));
