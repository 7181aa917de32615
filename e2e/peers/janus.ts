import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { goBeforeBrowsers } from "./gateway.ts";
import { awaitListener, Peer } from "./process.ts";

/** Where a package for more than one architecture puts libraries. */
const libraries = "/usr/lib";
const payloadType = 96;

export interface JanusOptions {
  /** Where it gathers candidates; it takes no loopback ones. */
  readonly address: string;
  readonly httpPort: number;
  /** Of the RTP it is fed. */
  readonly rtpPort: number;
  /** Threads for all viewers together; undefined: one for each viewer, as it comes. */
  readonly eventLoops?: number;
}

/** Janus with its streaming plugin alone: one H.264 stream comes in as plain RTP, WebRTC viewers watch it. */
export class Janus {
  readonly process: Peer;
  readonly payloadType: number = payloadType;
  /** Number of the stream. */
  readonly stream: number = 1;
  readonly rtpPort: number;
  /** Its HTTP API. */
  readonly url: string;
  readonly #folder: string;

  private constructor(process: Peer, options: JanusOptions, folder: string) {
    this.process = process;
    this.url = `http://127.0.0.1:${options.httpPort}/janus`;
    this.rtpPort = options.rtpPort;
    this.#folder = folder;
  }

  /** Where Debian's package is. */
  static installed(): string | undefined {
    return readdirSync(libraries)
      .map((name) => join(libraries, name, "janus"))
      .find((path) => existsSync(join(path, "plugins/libjanus_streaming.so")));
  }

  /** Starts one and waits until its API answers. @throws Error when it is not installed. */
  static async start(options: JanusOptions): Promise<Janus> {
    const installed = Janus.installed();
    if (installed === undefined) throw new Error("janus is not installed");
    const folder = mkdtempSync(join(tmpdir(), "millrace-janus-"));
    for (const [name, text] of Object.entries(configuration(options, installed)))
      writeFileSync(join(folder, name), text);
    const peer = new Peer("janus", ["-F", folder, "-C", join(folder, "janus.jcfg")]);
    goBeforeBrowsers(peer.process.pid);
    // What it says is of no interest, but must go somewhere.
    peer.process.stdout?.resume();
    const janus = new Janus(peer, options, folder);
    try {
      await awaitListener(peer, options.httpPort);
    } catch (error) {
      await janus.stop();
      throw error;
    }
    return janus;
  }

  async stop(): Promise<void> {
    await this.process.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function configuration(options: JanusOptions, installed: string): Record<string, string> {
  const { address, httpPort, rtpPort, eventLoops } = options;
  const others = (kind: string, needed: string): string =>
    readdirSync(join(installed, kind))
      .filter((name) => name.endsWith(".so") && name !== needed)
      .join(",");
  return {
    "janus.jcfg": `
general: {
  plugins_folder = "${installed}/plugins"
  transports_folder = "${installed}/transports"
  events_folder = "${installed}/events"
  loggers_folder = "${installed}/loggers"
  debug_level = 2
  ${eventLoops === undefined ? "" : `event_loops = ${eventLoops}`}
}
media: { rtp_port_range = "20000-40000" }
nat: { ice_enforce_list = "${address}" }
plugins: { disable = "${others("plugins", "libjanus_streaming.so")}" }
transports: { disable = "${others("transports", "libjanus_http.so")}" }
loggers: { disable = "${others("loggers", "")}" }
`,
    "janus.transport.http.jcfg": `
general: { base_path = "/janus", http = true, port = ${httpPort}, ip = "127.0.0.1", https = false }
admin: { admin_http = false, admin_https = false }
`,
    "janus.plugin.streaming.jcfg": `
stamped: {
  type = "rtp"
  id = 1
  media = ( {
    type = "video", mid = "v", label = "stamped", port = ${rtpPort}, iface = "127.0.0.1", pt = ${payloadType}
    codec = "h264", fmtp = "profile-level-id=42e01f;packetization-mode=1", bufferkf = true
  } )
}
`,
  };
}
