import { Gateway } from "../peers/gateway.ts";
import { Janus } from "../peers/janus.ts";
import { StampedPublisher } from "../peers/rtmp-publisher.ts";
import { StampedRtpPublisher } from "../peers/rtp-publisher.ts";
import type { PictureShape } from "../peers/stamped-pictures.ts";
import { type Role, versionOf } from "./results.ts";

/** A server with one stamped stream that viewers of load/whepload.go can watch. */
export interface RtcServer {
  readonly name: string;
  readonly role: Role;
  readonly pid: number;
  /** How the load client gets to the stream. */
  readonly flags: Readonly<Record<string, string | number>>;
  stop(): Promise<void>;
}

/** Starts a server that is fed these pictures. */
export type StartRtc = (pictures: PictureShape) => Promise<RtcServer>;

/** Which programs seal packets, the fastest first; what a build does not know is left out. */
export const tierNames = ["native", "wasm", "node"] as const;
export type TierName = (typeof tierNames)[number];

/** @throws Error where the tier does not work. */
export async function startGateway(tier: TierName, pictures: PictureShape): Promise<RtcServer> {
  const gateway = await Gateway.start({ flags: ["--log-level", "info", "--rtc-egress", tier] });
  const publisher = await StampedPublisher.start({
    ...{ port: gateway.ports.rtmp, name: "stamped", ...pictures },
  });
  return {
    ...{ name: tier, role: "millrace", pid: gateway.process.process.pid ?? 0 },
    flags: { url: `${gateway.url}/whep/live/stamped` },
    async stop() {
      publisher.stop();
      await gateway.stop();
    },
  };
}

/** The tiers that work here. */
export async function workingTiers(): Promise<TierName[]> {
  const working: TierName[] = [];
  for (const tier of tierNames) {
    try {
      const gateway = await Gateway.start({ flags: ["--log-level", "info", "--rtc-egress", tier] });
      await gateway.stop();
      working.push(tier);
    } catch {
      console.log(`The tier ${tier} does not work here.`);
    }
  }
  return working;
}

const janusPorts = { httpPort: 8088, rtpPort: 5004 } as const;
let janusStarts = 0;

/** `address` is one that is not loopback. One event loop takes Janus the least per packet. */
export async function startJanus(address: string, pictures: PictureShape): Promise<RtcServer> {
  // Ports of one that has just ended may still be taken.
  const shift = 2 * janusStarts++;
  const { httpPort, rtpPort } = janusPorts;
  const janus = await Janus.start({
    ...{ address, httpPort: httpPort + shift, rtpPort: rtpPort + shift, eventLoops: 1 },
  });
  const publisher = await StampedRtpPublisher.start(janus.rtpPort, janus.payloadType, pictures);
  return {
    ...{ name: `janus ${janusVersion ?? ""}`, role: "peer", pid: janus.process.process.pid ?? 0 },
    flags: { proto: "janus", url: janus.url, stream: janus.stream, bind: address, audio: "false" },
    async stop() {
      publisher.stop();
      await janus.stop();
    },
  };
}

/** Undefined where it is not installed. */
export const janusVersion: string | undefined =
  Janus.installed() === undefined ? undefined : versionOf("janus", ["--version"]);
