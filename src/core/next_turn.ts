/** Lets the page, or Node, do whatever waits, during work of many milliseconds. Unlike a timer's, its turn comes at once, also in a hidden tab. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}
