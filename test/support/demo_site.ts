/**
 * What vitest runs once before the page tests of a project (`globalSetup`): builds the demo and serves it, so that no file
 * builds it again.
 */
import { rm } from "node:fs/promises";
import type { TestProject } from "vitest/node";
import { buildDemo, serve } from "./browser.ts";

declare module "vitest" {
  interface ProvidedContext {
    demo: { readonly folder: string; readonly url: string };
  }
}

const open: { demo?: Promise<{ folder: string; close(): Promise<void>; url: string }>; users: number } = { users: 0 };

/** Both projects of page tests ask for it; it is gone with the last of them. */
export default async function buildAndServe(project: TestProject): Promise<() => Promise<void>> {
  open.demo ??= buildDemo().then(async (folder) => ({ folder, ...(await serve(folder)) }));
  open.users++;
  const { folder, url, close } = await open.demo;
  project.provide("demo", { folder, url });
  return async () => {
    if (--open.users > 0) return;
    await close();
    await rm(folder, { recursive: true, force: true });
  };
}
