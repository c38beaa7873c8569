/** The page's first script: the page begins once it can speak. Its own files are asked for meanwhile (vite.config.ts). */
import { wordsFetched } from "./language.ts";

const { dataset } = document.documentElement;
// public/old_browser.js tells the visitor where the page did not start.
dataset["program"] = "starting";
wordsFetched
  .then(() => import("./main.ts"))
  .catch((error: unknown) => {
    const page: EventTarget = window;
    page.dispatchEvent(new Event("program-failed"));
    throw error;
  });
