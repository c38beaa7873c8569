/**
 * Dawn for Node asks for news of the device by `setImmediate`, again and again while anything is awaited: one core is kept
 * busy with asking while another compiles a shader. Here it asks some times at once, since small work is done at once, and
 * then every millisecond: a file of tests of kernels takes 10 seconds of processor time in place of 24.
 *
 * Dawn reads `setImmediate` from the global object at each call (AsyncRunner::QueueTick in its Node binding); its callback is
 * native and has no name. To go once Dawn waits by itself.
 */
const AT_ONCE = 8;
const MILLISECONDS = 1;

let isInstalled = false;

export function calmDawn(): void {
  if (isInstalled) return;
  isInstalled = true;
  const original = globalThis.setImmediate;
  let isAsking = false;
  let asked = 0;
  const calm = (callback: (...values: unknown[]) => void, ...values: unknown[]) => {
    if (callback.name !== "" || !Function.prototype.toString.call(callback).includes("[native code]")) {
      return original(callback, ...values);
    }
    // Asked for anew from inside of the callback: nothing has come yet.
    asked = isAsking ? asked + 1 : 0;
    const ask = () => {
      isAsking = true;
      try {
        callback(...values);
      } finally {
        isAsking = false;
      }
    };
    return asked < AT_ONCE ? original(ask) : setTimeout(ask, MILLISECONDS);
  };
  globalThis.setImmediate = Object.assign(calm, original) as typeof setImmediate;
}
