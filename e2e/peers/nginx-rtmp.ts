import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { goBeforeBrowsers } from "./gateway.ts";
import { awaitListener, freePort, Peer } from "./process.ts";

const modulePath = "/usr/lib/nginx/modules/ngx_rtmp_module.so";

/** nginx with its RTMP module: one process, an application `live` whose publishers anybody may play. */
export class NginxRtmp {
  readonly process: Peer;
  readonly port: number;
  readonly #folder: string;

  private constructor(process: Peer, port: number, folder: string) {
    this.process = process;
    this.port = port;
    this.#folder = folder;
  }

  static get isInstalled(): boolean {
    return existsSync(modulePath) && existsSync("/usr/sbin/nginx");
  }

  /** Starts one and waits until it listens. */
  static async start(): Promise<NginxRtmp> {
    const folder = mkdtempSync(join(tmpdir(), "millrace-nginx-"));
    const port = await freePort();
    writeFileSync(join(folder, "nginx.conf"), configuration(folder, port));
    const args = ["-p", folder, "-c", join(folder, "nginx.conf"), "-e", "stderr"];
    const peer = new Peer("/usr/sbin/nginx", args);
    goBeforeBrowsers(peer.process.pid);
    const nginx = new NginxRtmp(peer, port, folder);
    try {
      await awaitListener(peer, port);
    } catch (error) {
      await nginx.stop();
      throw error;
    }
    return nginx;
  }

  async stop(): Promise<void> {
    await this.process.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** One process, for a stream is served by that one that its publisher came to. */
function configuration(folder: string, port: number): string {
  return `
load_module ${modulePath};
daemon off;
master_process off;
worker_rlimit_nofile 8192;
pid ${folder}/pid;
error_log stderr error;
events { worker_connections 4096; }
rtmp {
  access_log off;
  server {
    listen 127.0.0.1:${port};
    chunk_size 4096;
    ping 1h;
    application live { live on; }
  }
}
`;
}
