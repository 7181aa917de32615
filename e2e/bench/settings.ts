/** What a run may take, from the environment, so that every bench can be tried out in a short run. */

const mostRounds = 50;
const mostSeconds = 600;

function setting(name: string, usual: number, most: number): number {
  const said = process.env[name];
  const value = said === undefined || said === "" ? usual : Number(said);
  if (!(value > 0)) throw new Error(`${name} is ${said}, which is no number above 0`);
  return Math.min(value, most);
}

/** `BENCH_ROUNDS`: how often everything is measured, the things that are compared in turns. At most 50. */
export function benchRounds(usual: number): number {
  return Math.max(1, Math.round(setting("BENCH_ROUNDS", usual, mostRounds)));
}

/** `BENCH_SECONDS`: how long one thing is measured in one round. At most 600. */
export function benchSeconds(usual: number): number {
  return setting("BENCH_SECONDS", usual, mostSeconds);
}

/** `BENCH_PEERS`: bounds how many viewers, players, publishers or allocations there are. */
export function benchPeers(usual: number): number {
  return Math.max(1, Math.round(setting("BENCH_PEERS", usual, usual)));
}
