import { availableParallelism, cpus, freemem, loadavg, totalmem, uptime } from "node:os";
import type { SrsSelf, SrsSystem } from "./schemas/srs.ts";

/** The process in SRS's words. Its arguments are left out: there may be secrets in them. */
export function processFigures(version: string): SrsSelf {
  const { rss } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  const seconds = process.uptime();
  return {
    version,
    pid: process.pid,
    ppid: process.ppid,
    argv: "millrace",
    cwd: process.cwd(),
    mem_kbyte: Math.round(rss / 1024),
    mem_percent: rounded(rss / totalmem()),
    cpu_percent: rounded((user + system) / 1_000_000 / Math.max(seconds, 0.001)),
    srs_uptime: rounded(seconds),
  };
}

/** The machine in SRS's words, as far as Node.js tells. */
export function machineFigures(): Omit<
  SrsSystem,
  "srs_sample_time" | "srs_recv_bytes" | "srs_send_bytes" | "conn_srs"
> {
  const cores = cpus();
  let busy = 0;
  let all = 0;
  for (const { times } of cores) {
    const used = times.user + times.nice + times.sys + times.irq;
    busy += used;
    all += used + times.idle;
  }
  const [load1 = 0, load5 = 0, load15 = 0] = loadavg();
  const total = totalmem();
  return {
    cpu_percent: rounded(all === 0 ? 0 : busy / all),
    mem_ram_kbyte: Math.round(total / 1024),
    mem_ram_percent: rounded((total - freemem()) / total),
    cpus: Math.max(1, cores.length),
    cpus_online: availableParallelism(),
    uptime: rounded(uptime()),
    load_1m: rounded(load1),
    load_5m: rounded(load5),
    load_15m: rounded(load15),
  };
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
