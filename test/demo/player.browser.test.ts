/** How long what moves by itself takes. */
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Player } from "../../demo/inside/player.ts";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  document.body.replaceChildren();
});

/** Plays so many steps; the seconds that took, and each move. `cost`: milliseconds that a page needs to draw one. */
function play(
  length: number,
  { pause = 40, leaps = true, cost = 0, still = false } = {},
): { seconds: number; moves: number[] } {
  vi.spyOn(window, "matchMedia").mockReturnValue({ matches: still } as MediaQueryList);
  const moves: number[] = [];
  let [at, ended] = [0, false];
  const player = new Player({
    ...{ pause: () => pause, leaps },
    start: () => length,
    step(by) {
      moves.push(by);
      at += by;
      busy += cost;
      return at < length;
    },
    onChange() {
      ended = at >= length;
    },
  });
  let busy = 0;
  const timers = performance.now.bind(performance);
  const clock = vi.spyOn(performance, "now").mockImplementation(() => timers() + busy);
  document.body.append(player.button);
  player.render("play", "stop");
  const started = performance.now();
  player.button.click();
  for (let tick = 0; tick < 1_000_000 && !ended; tick++) vi.advanceTimersByTime(16);
  const seconds = (performance.now() - started) / 1000;
  clock.mockRestore();
  return { seconds, moves };
}

it("takes the pause for each step", () => {
  const { seconds, moves } = play(100);
  expect(seconds).toBeGreaterThan(3.9);
  expect(seconds).toBeLessThan(4.2);
  expect(new Set(moves)).toEqual(new Set([1]));
});

it("takes no longer on a page that needs 90 ms to draw a step, and leaves steps out", () => {
  const { seconds, moves } = play(400, { cost: 90 });
  expect(seconds).toBeLessThan(16.3);
  expect(Math.max(...moves)).toBeGreaterThan(1);
});

it("shows each step where none may be left out", () => {
  expect(new Set(play(50, { leaps: false, cost: 90 }).moves)).toEqual(new Set([1]));
});

it("is over within 12 seconds and 12 pictures where motion is not wanted, however many steps there are", () => {
  for (const length of [1, 12, 64, 784]) {
    const { seconds, moves } = play(length, { still: true });
    expect(seconds).toBeLessThan(12.1);
    expect(moves.length).toBeLessThanOrEqual(12);
  }
});
