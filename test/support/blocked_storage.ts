/** Scripts that a page begins with, after which its browser keeps nothing: as Firefox and Chrome are where storage is blocked. */

const NAMES = [
  ["window", "localStorage"],
  ["window", "sessionStorage"],
  ["window", "indexedDB"],
  ["window", "caches"],
  ["navigator", "storage"],
  ["navigator", "serviceWorker"],
];

const REFUSE = `const refuse = () => { throw new DOMException("The operation is insecure.", "SecurityError"); };`;

/** The names themselves cannot be read. */
export const BLOCKED = `(() => {
  ${REFUSE}
  for (const [owner, name] of ${JSON.stringify(NAMES)})
    Object.defineProperty(owner === "window" ? window : navigator, name, { configurable: true, get: refuse });
})();`;

/** The names are there; what is called throws at once instead of failing later. */
export const FORBIDDEN_CALLS = `(() => {
  ${REFUSE}
  IDBFactory.prototype.open = refuse;
  for (const call of ["getItem", "setItem", "removeItem"]) Storage.prototype[call] = refuse;
  for (const call of ["open", "match", "keys", "delete"]) CacheStorage.prototype[call] = refuse;
  for (const call of ["estimate", "persist", "persisted", "getDirectory"]) StorageManager.prototype[call] = refuse;
  ServiceWorkerContainer.prototype.register = refuse;
})();`;
