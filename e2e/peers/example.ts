import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { Peer } from "./process.ts";

const examples = fileURLToPath(new URL("../../examples/", import.meta.url));

/** One of the programs in `examples/`, on free ports, as somebody who copied it runs it. */
export class Example {
  readonly process: Peer;
  /** Where browsers reach it, without a slash at the end. */
  readonly url: string;
  /** Where encoders publish, without a slash at the end. */
  readonly rtmpUrl: string;
  /** All that it printed. */
  readonly lines: readonly string[];

  private constructor(process: Peer, url: string, rtmpPort: number, lines: readonly string[]) {
    this.process = process;
    this.url = url;
    this.rtmpUrl = `rtmp://127.0.0.1:${rtmpPort}/live`;
    this.lines = lines;
  }

  static async start(name: string, environment: NodeJS.ProcessEnv = {}): Promise<Example> {
    const peer = new Peer(process.execPath, [`${examples}${name}/server.js`], {
      cwd: examples,
      env: {
        PATH: process.env["PATH"],
        PORT: "0",
        ...{ MILLRACE_RTMP_HOST: "127.0.0.1", MILLRACE_RTMP_PORT: "0" },
        ...{ MILLRACE_RTC_HOST: "127.0.0.1", MILLRACE_RTC_PORT: "0" },
        ...{ MILLRACE_RTC_ANNOUNCED_IPS: "127.0.0.1", MILLRACE_FLV_TCP_PORT: "0" },
        ...{ MILLRACE_TURN_ENABLED: "false", MILLRACE_LOG_LEVEL: "debug" },
        MILLRACE_LOG_FORMAT: "json",
        ...environment,
      },
    });
    const lines: string[] = [];
    let rtmpPort = 0;
    const url = await new Promise<string>((resolve, reject) => {
      let address: string | undefined;
      createInterface({ input: peer.process.stdout ?? process.stdin }).on("line", (line) => {
        lines.push(line);
        const ports = /"rtmp":\{[^}]*"port":(\d+)/.exec(line)?.[1];
        if (line.includes('"listening"') && ports !== undefined) rtmpPort = Number(ports);
        address ??= /(https?:\/\/localhost:\d+)\//.exec(line)?.[1];
        if (address !== undefined && rtmpPort > 0) resolve(address);
      });
      void once(peer.process, "exit").then(() => reject(new Error(`ended: ${peer.said}`)));
    });
    return new Example(peer, url, rtmpPort, lines);
  }

  stop(): Promise<void> {
    return this.process.stop();
  }
}
