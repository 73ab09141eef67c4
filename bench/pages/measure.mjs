// Calls one after another, each once a round, so that what else the machine does meets all alike.

import { PERCENTILE } from "./calls.mjs";

/** Rounds before anything counts: connections, plans and what the caches can hold. */
const WARM = Number(process.env.BENCH_WARM ?? 5);

const sorted = (numbers) => [...numbers].sort((a, b) => a - b);

/** The least number that so many of a hundred do not exceed. */
const percentile = (numbers, part) =>
  sorted(numbers)[Math.max(0, Math.ceil((numbers.length * part) / 100) - 1)];

/** Milliseconds of each call, and of the processors for it: the relay's and the database server's. */
export async function measure(world, calls, rounds) {
  const taken = calls.map(() => ({ ms: [], cpu: [] }));
  for (let round = 0; round < WARM + rounds; round += 1) {
    for (const [place, call] of calls.entries()) {
      const one = call.make(round);
      const spent = world.cpuMillis();
      const ms = await world.timed(one);
      // Never below zero: a process of the server's may have ended.
      const cpu = Math.max(0, world.cpuMillis() - spent);
      if (round >= WARM) {
        taken[place].ms.push(ms);
        taken[place].cpu.push(cpu);
      }
    }
  }
  return calls.map(({ page, what, bound }, place) => {
    const { ms, cpu } = taken[place];
    const [p50, p95] = [percentile(ms, 50), percentile(ms, PERCENTILE)];
    return { page, what, bound, p50, p95, max: Math.max(...ms), cpu: percentile(cpu, 50) };
  });
}
