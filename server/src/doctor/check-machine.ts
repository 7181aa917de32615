import type { MachineFacts } from "./machine.ts";
import type { DoctorPorts, DoctorSettings } from "./options.ts";
import { type Check, fail, ok, skipped, warn } from "./report.ts";

const leastNode = [20, 19] as const;
const leastMemoryBytes = 512 * 1024 * 1024;
/** Files that the process has open besides connections: modules, sockets that listen, pipes to transcoders. */
const ownFiles = 256;
/** No clock that is right shows an earlier time. */
const earliestWallMs = Date.UTC(2025, 0, 1);
const latestWallMs = Date.UTC(2100, 0, 1);

/** What the machine must be like, whether or not the server runs. */
export async function checkMachine(
  machine: MachineFacts,
  settings: DoctorSettings,
  ports: DoctorPorts,
): Promise<Check[]> {
  return [
    checkNode(machine.nodeVersion),
    checkPages(ports),
    await checkTranscoder(settings, ports),
    checkClock(machine.wallMs()),
    checkFiles(machine, settings),
    checkMemory(machine.memoryLimitBytes()),
  ];
}

export function checkNode(version: string): Check {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const isNew = major > leastNode[0] || (major === leastNode[0] && minor >= leastNode[1]);
  if (isNew) return ok("node", `Node.js ${version}.`);
  const least = leastNode.join(".");
  return fail(
    "node",
    "DOCTOR_NODE_OLD",
    `Node.js ${version} is older than ${least}.`,
    `Install Node.js ${least} or later.`,
  );
}

function checkPages({ pagesBuilt }: DoctorPorts): Check {
  if (pagesBuilt === undefined) return notKnown("pages");
  if (pagesBuilt()) return ok("pages", "The pages are built.");
  return fail(
    "pages",
    "DOCTOR_PAGES_MISSING",
    "The player and its pages are not built.",
    "Run npm run build.",
  );
}

async function checkTranscoder(settings: DoctorSettings, ports: DoctorPorts): Promise<Check> {
  if (settings.transcode.engine === "none") {
    return skipped("transcoder", "DOCTOR_SWITCHED_OFF", "Transcoding is switched off.");
  }
  if (ports.transcoder === undefined) return notKnown("transcoder");
  return transcoderCheck(await ports.transcoder());
}

/** What an engine's name means for viewers. */
export function transcoderCheck(engine: string): Check {
  if (engine !== "none") return ok("transcoder", `${engine} makes Opus out of AAC.`);
  return warn(
    "transcoder",
    "DOCTOR_TRANSCODER_NONE",
    "Nothing here makes Opus out of AAC, so that WebRTC viewers of most encoders hear nothing.",
    "Install the optional package node-av, or ffmpeg with libopus.",
  );
}

function checkClock(wallMs: number): Check {
  const now = new Date(wallMs).toISOString();
  if (wallMs >= earliestWallMs && wallMs < latestWallMs) {
    return ok("clock", `The clock says ${now}.`);
  }
  return fail(
    "clock",
    "DOCTOR_CLOCK_WRONG",
    `The clock says ${now}: certificates and TURN credentials would not be valid.`,
    "Set the clock, and keep it right with NTP.",
  );
}

function checkFiles(machine: MachineFacts, settings: DoctorSettings): Check {
  const limit = machine.openFileLimit();
  if (limit === undefined) {
    const message = `On ${machine.platform} the limit of open files is not known.`;
    return skipped("open-files", "DOCTOR_NOT_KNOWN", message);
  }
  const { http, rtmp, flvTcp } = settings;
  const listeners = [rtmp, ...(flvTcp === undefined ? [] : [flvTcp])];
  const needed = listeners
    .filter(({ enabled }) => enabled)
    .reduce((sum, { maxConnections }) => sum + maxConnections, http.maxConnections + ownFiles);
  if (limit >= needed) return ok("open-files", `${limit} files may be open, ${needed} are needed.`);
  return warn(
    "open-files",
    "DOCTOR_FILE_LIMIT",
    `${limit} files may be open, but the configured connections need ${needed}.`,
    `Raise the limit (ulimit -n ${needed}, systemd: LimitNOFILE=${needed}), or lower the keys …maxConnections.`,
  );
}

function checkMemory(limitBytes: number): Check {
  const mebibytes = Math.floor(limitBytes / 1024 / 1024);
  if (limitBytes >= leastMemoryBytes) return ok("memory", `${mebibytes} MiB of memory.`);
  return warn(
    "memory",
    "DOCTOR_MEMORY_LOW",
    `This process may use only ${mebibytes} MiB of memory.`,
    "Give it 512 MiB or more (container: --memory, systemd: MemoryMax=).",
  );
}

function notKnown(id: string): Check {
  return skipped(id, "DOCTOR_NOT_KNOWN", "Not looked at from here.");
}
