/** Finding and making elements. */

/** The element with this id, of this class. Throws when index.html lacks it. */
export function find<Kind extends HTMLElement>(id: string, kind: new () => Kind): Kind {
  const element = document.getElementById(id);
  if (!(element instanceof kind)) throw new Error(`index.html has no ${kind.name} with id "${id}".`);
  return element;
}

export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  options: { className?: string; text?: string } = {},
  ...children: Node[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  if (options.className !== undefined) element.className = options.className;
  if (options.text !== undefined) element.textContent = options.text;
  element.append(...children);
  return element;
}

/** Writes a sentence only when it changed, so that nothing is laid out or read aloud again for nothing. */
export function write(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

const LEAST_ANNOUNCEMENT_MILLISECONDS = 2500;
let announced = 0;
let waiting: ReturnType<typeof setTimeout> | undefined;

/** Has a screen reader say a sentence; the newest one, and not more than one in 2.5 seconds. */
export function announce(text: string): void {
  clearTimeout(waiting);
  const delay = Math.max(0, announced + LEAST_ANNOUNCEMENT_MILLISECONDS - performance.now());
  waiting = setTimeout(() => {
    announced = performance.now();
    write(find("live", HTMLElement), text);
  }, delay);
}

/** Lets the keyboard scroll what is too wide for the page, for as long as it is: such places get the focus. */
export function focusScrollers(): void {
  const observer = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      const scroller = target.closest<HTMLElement>(".scroller");
      if (scroller === null) continue;
      if (scroller.scrollWidth > scroller.clientWidth) scroller.tabIndex = 0;
      else scroller.removeAttribute("tabindex");
    }
  });
  const observe = (root: ParentNode) => {
    for (const scroller of root.querySelectorAll(".scroller")) {
      observer.observe(scroller);
      if (scroller.firstElementChild) observer.observe(scroller.firstElementChild);
    }
  };
  observe(document);
  // The walk makes its tables later.
  new MutationObserver((changes) => {
    for (const { addedNodes } of changes) {
      for (const node of addedNodes) if (node instanceof HTMLElement) observe(node);
    }
  }).observe(document.body, { childList: true, subtree: true });
}
