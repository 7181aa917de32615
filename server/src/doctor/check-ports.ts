import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, isIP } from "node:net";
import type { DoctorSettings } from "./options.ts";
import { type Check, fail, ok } from "./report.ts";

/** One port that the server opens. */
export interface WantedPort {
  /** Section of the configuration, such as `rtmp`. */
  readonly section: string;
  readonly protocol: "tcp" | "udp";
  /** An IP address, or `*`. */
  readonly host: string;
  readonly port: number;
}

export type PortState = "free" | "taken" | "forbidden" | "no-address";

/** The ports that a server with this configuration opens. Those of which the system chooses the number are left out. */
export function wantedPorts(
  { http, https, rtmp, rtmps, flvTcp, rtc }: DoctorSettings,
  hasCertificates = false,
): WantedPort[] {
  const tcp = (section: string, at: { host: string; port: number }): WantedPort[] => [
    { section, protocol: "tcp", host: at.host, port: at.port },
  ];
  return [
    ...tcp("http", http),
    ...(hasCertificates && https?.enabled === true ? tcp("https", https) : []),
    ...(rtmps?.enabled === true ? tcp("rtmps", rtmps) : []),
    ...(rtmp.enabled ? tcp("rtmp", rtmp) : []),
    ...(flvTcp?.enabled === true ? tcp("flvTcp", flvTcp) : []),
    { section: "rtc", protocol: "udp" as const, host: rtc.host, port: rtc.port },
    ...(rtc.tcp ? tcp("rtc", rtc) : []),
  ].filter(({ port }) => port !== 0);
}

/** Opens the port for a moment. Rejects for reasons that have nothing to do with the port. */
export async function portState({ protocol, host, port }: WantedPort): Promise<PortState> {
  try {
    await (protocol === "tcp" ? openTcp : openUdp)(host, port);
    return "free";
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EADDRINUSE") return "taken";
    if (code === "EACCES") return "forbidden";
    if (code === "EADDRNOTAVAIL" || code === "EAFNOSUPPORT") return "no-address";
    throw error;
  }
}

/** What a port's state means; `ours`: the server that holds it is the one asked about. */
export function portCheck(wanted: WantedPort, state: PortState, ours: boolean): Check {
  const { section, protocol, host, port } = wanted;
  const id = `${section}-${protocol}-port`;
  const place = `${host} port ${port} (${protocol.toUpperCase()})`;
  switch (state) {
    case "free":
      return ok(id, `${place} is free.`);
    case "taken":
      return ours
        ? ok(id, `The server has ${place}.`)
        : fail(
            id,
            "DOCTOR_PORT_TAKEN",
            `Another program has ${place}.`,
            `End that program, or change ${section}.port.`,
          );
    case "forbidden":
      return fail(
        id,
        "DOCTOR_PORT_FORBIDDEN",
        `This user may not open ${place}.`,
        `Take a number above 1023 for ${section}.port, or give the program CAP_NET_BIND_SERVICE.`,
      );
    case "no-address":
      return fail(
        id,
        "DOCTOR_HOST_MISSING",
        `This machine has no address ${host}.`,
        `Set ${section}.host to an address of this machine, or to * for all.`,
      );
  }
}

async function openTcp(host: string, port: number): Promise<void> {
  const server = createServer((socket) => socket.destroy());
  server.listen({ port, exclusive: true, ...(host === "*" ? {} : { host }) });
  await once(server, "listening");
  server.close();
  await once(server, "close");
}

async function openUdp(host: string, port: number): Promise<void> {
  const socket = createSocket(isIP(host) === 6 ? "udp6" : "udp4");
  try {
    socket.bind({ port, exclusive: true, ...(host === "*" ? {} : { address: host }) });
    await once(socket, "listening");
  } finally {
    socket.close();
  }
}
