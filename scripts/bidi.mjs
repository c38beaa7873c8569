/**
 * A connection to a browser's WebDriver BiDi server (https://w3c.github.io/webdriver-bidi/): commands with their answers,
 * and events. Nothing of any one browser.
 */
import { WebSocket } from "ws";

/**
 * @param {string} url "ws://127.0.0.1:1234/session"
 * @param {(method: string, params: unknown) => void} onEvent
 */
export async function connectBidi(url, onEvent) {
  const socket = new WebSocket(url);
  await new Promise((resolve, reject) => {
    socket.once("open", resolve);
    socket.once("error", reject);
  });
  /** @type {Map<number, { resolve(result: unknown): void; reject(error: Error): void }>} */
  const waiting = new Map();
  let next = 1;
  socket.on("message", (data) => {
    const { id, method, params, result, error, message } = JSON.parse(String(data));
    if (id === undefined) {
      onEvent(method, params);
      return;
    }
    const one = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) one?.resolve(result);
    else one?.reject(new Error(`${error}: ${message}`));
  });
  socket.on("close", () => {
    for (const { reject } of waiting.values()) reject(new Error("The browser closed the connection."));
    waiting.clear();
  });
  return {
    /**
     * @param {string} method "browsingContext.navigate"
     * @param {object} params
     * @returns {Promise<unknown>} the result; rejected with what the browser says against it
     */
    send(method, params) {
      const id = next++;
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        socket.send(JSON.stringify({ id, method, params }));
      });
    },
    close() {
      socket.close();
    },
  };
}
