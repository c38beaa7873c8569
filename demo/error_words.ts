/** What went wrong, in the page's language. English has the library's own words, which name the thing and the fix. */
import { CortezaError, DivergedError, type ErrorCode, FormatError, OutOfMemoryError } from "../src/core/errors.ts";
import { type FileProblem, FileProblemError } from "./file_problem.ts";
import { bytes, count, language, say } from "./language.ts";
import { plainName, shownName } from "./shown_name.ts";

/** One sentence, or more of them in English. */
export function errorWords(error: unknown): string {
  if (error instanceof FileProblemError) return `${capital(problemWords(error.problem))}.`;
  const message = plainName(error instanceof Error ? error.message : String(error));
  if (language() === "en") return message;
  return error instanceof CortezaError ? wordsOf(error) : say().errorUnknown(message);
}

/** By the kind of failure; the compiler refuses a kind without words. */
function wordsOf(error: CortezaError): string {
  const text = say();
  const words: Readonly<Record<ErrorCode, string>> = {
    shape: text.errorShape,
    argument: text.errorArgument,
    internal: text.errorInternal,
    format: text.errorFormat,
    network: text.errorNetwork,
    "webgpu-unavailable": text.errorNoWebGpu,
    "wasm-unavailable": text.errorNoWasm,
    "out-of-memory": error instanceof OutOfMemoryError ? text.errorMemory(bytes(error.bytes)) : "",
    "device-lost": text.errorLost,
    diverged: error instanceof DivergedError ? text.errorDiverged(count(error.step)) : "",
    disposed: text.errorDisposed,
    worker: text.errorWorker,
    "module-load": text.errorModule,
    "data-source": text.errorDataSource,
    camera: text.errorCamera,
    storage: text.errorStorage,
  };
  return words[error.code];
}

/** The most of a reader's sentence that is shown. */
const MOST_FOUND = 300;

/** What a reader found in a file; where the page's words for it are general, its own beside them: which layers are not read, say. */
export function foundWords(error: unknown): string {
  const isGeneral = error instanceof FormatError && !(error instanceof FileProblemError) && language() !== "en";
  return isGeneral ? `${errorWords(error)} (${shownName(error.message, MOST_FOUND)})` : errorWords(error);
}

/** The error's own words, where the page's language is theirs. */
export function ownWords(error: unknown): string | undefined {
  const known = error instanceof CortezaError && language() !== "en";
  if (known) return undefined;
  return plainName(error instanceof Error ? error.message : String(error));
}

/** What is wrong with a file, to stand in a sentence. */
export function problemWords(problem: FileProblem): string {
  const text = say();
  switch (problem.kind) {
    case "damaged":
      return text.fileDamaged;
    case "network":
      return text.fileNetwork;
    case "digits":
      return text.fileDigits(problem.takes, problem.gives);
    case "optimizer":
      return text.fileOptimizer;
    case "rate":
      return text.fileRate;
    case "counter":
      return text.fileCounter(problem.name, problem.value);
    case "batch":
      return text.fileBatch(problem.size);
    case "notFinite":
      return text.fileNotFinite(shownName(problem.tensor));
    case "tensor":
      return text.fileTensor(shownName(problem.tensor));
    case "shard":
      return text.fileShard(shownName(problem.name));
    case "json":
      return text.lessonsJson;
    case "format":
      return text.lessonsFormat;
    case "drawing":
      return text.lessonsDrawing(count(problem.place));
  }
}

/** The same for whatever was thrown when a file was opened. */
export function fileWords(error: unknown): string {
  return error instanceof FileProblemError ? problemWords(error.problem) : errorWords(error);
}

function capital(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}
