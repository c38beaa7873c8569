/** Files in and out of the page, without a server. */

/** Offers bytes or text as a download. */
export function download(name: string, content: string | Uint8Array<ArrayBuffer>, type: string): void {
  const url = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The browser has taken it up by then.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** Has a button open the file picker of a hidden input, and hears of the files that were chosen. */
export function onFiles(
  button: HTMLButtonElement,
  input: HTMLInputElement,
  listener: (files: readonly File[]) => void,
): void {
  button.addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    const files = [...(input.files ?? [])];
    // The same files may be chosen again.
    input.value = "";
    if (files.length > 0) listener(files);
  });
}

/** The same for one file. */
export function onFile(button: HTMLButtonElement, input: HTMLInputElement, listener: (file: File) => void): void {
  onFiles(button, input, ([file]) => file && listener(file));
}

/** Hears of the files that are dropped on the page or pasted into it. */
export function onDroppedFiles(listener: (files: readonly [File, ...File[]]) => void): void {
  const hear = (event: Event, transfer: DataTransfer | null) => {
    const [file, ...others] = transfer?.files ?? [];
    if (file === undefined) return;
    event.preventDefault();
    listener([file, ...others]);
  };
  addEventListener("dragover", (event) => {
    if (event.dataTransfer?.types.includes("Files")) event.preventDefault();
  });
  addEventListener("drop", (event) => hear(event, event.dataTransfer));
  addEventListener("paste", (event) => hear(event, event.clipboardData));
}

/** Whether a file may be one of pictures and labels that `readOwnFiles` takes, by its name. */
export function isOwnFileName(name: string): boolean {
  return /idx|ubyte|\.gz$|\.txt$/i.test(name);
}
