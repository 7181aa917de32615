import { availableParallelism } from "node:os";
import { monitorEventLoopDelay } from "node:perf_hooks";

/** What this process takes of its machine. Whoever makes one closes it. */
export interface MachineWatch {
  /** Cores that the process may use. */
  readonly cores: number;
  /** Time of a core that the process and its threads took since it began, without other processes such as transcoders. Microseconds. */
  cpuUs(): number;
  /** What the process holds of the machine's memory. */
  memoryBytes(): number;
  /** How late the event loop was since it was asked last: one turn of a hundred was later. Milliseconds, not negative. */
  lagMs(): number;
  /** May be called twice. */
  close(): void;
}

/** How often the lateness is looked at. Milliseconds. */
const lagResolutionMs = 20;

/** Watches this process. */
export function watchMachine(): MachineWatch {
  const delay = monitorEventLoopDelay({ resolution: lagResolutionMs });
  delay.enable();
  return {
    cores: availableParallelism(),
    cpuUs() {
      const { system, user } = process.cpuUsage();
      return system + user;
    },
    memoryBytes: () => process.memoryUsage.rss(),
    lagMs() {
      // It measures from one look to the next. Without any look it says nothing.
      const lateMs = delay.percentile(99) / 1e6 - lagResolutionMs;
      delay.reset();
      return Number.isFinite(lateMs) ? Math.max(0, lateMs) : 0;
    },
    close: () => void delay.disable(),
  };
}
