import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { goBeforeBrowsers } from "./gateway.ts";
import { awaitListener, freePort, Peer } from "./process.ts";

const program = "/usr/bin/icecast2";
const password = "source";

/** Icecast: a source sends bytes, all listeners of its mount get them. */
export class Icecast {
  readonly process: Peer;
  readonly port: number;
  readonly #folder: string;

  private constructor(process: Peer, port: number, folder: string) {
    this.process = process;
    this.port = port;
    this.#folder = folder;
  }

  static get isInstalled(): boolean {
    return existsSync(program);
  }

  /** Starts one and waits until it listens. */
  static async start(): Promise<Icecast> {
    const folder = mkdtempSync(join(tmpdir(), "millrace-icecast-"));
    // It gives up the superuser's rights before it writes its logs.
    chmodSync(folder, 0o777);
    const port = await freePort();
    writeFileSync(join(folder, "icecast.xml"), configuration(folder, port));
    const peer = new Peer(program, ["-c", join(folder, "icecast.xml")]);
    goBeforeBrowsers(peer.process.pid);
    peer.process.stdout?.resume();
    const icecast = new Icecast(peer, port, folder);
    try {
      await awaitListener(peer, port);
    } catch (error) {
      await icecast.stop();
      throw error;
    }
    return icecast;
  }

  /** The head of a request after which a source's bytes follow. */
  sourceRequest(mount: string, contentType: string): string {
    const login = Buffer.from(`source:${password}`).toString("base64");
    return `SOURCE ${mount} HTTP/1.0\r\nAuthorization: Basic ${login}\r\nContent-Type: ${contentType}\r\n\r\n`;
  }

  async stop(): Promise<void> {
    await this.process.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function configuration(folder: string, port: number): string {
  const owner =
    process.getuid?.() === 0
      ? "<changeowner><user>nobody</user><group>nogroup</group></changeowner>"
      : "";
  return `<icecast>
  <hostname>127.0.0.1</hostname>
  <limits>
    <clients>4096</clients>
    <sources>4</sources>
    <queue-size>2097152</queue-size>
    <burst-size>65536</burst-size>
  </limits>
  <authentication>
    <source-password>${password}</source-password>
    <admin-user>admin</admin-user>
    <admin-password>${password}</admin-password>
  </authentication>
  <listen-socket><port>${port}</port><bind-address>127.0.0.1</bind-address></listen-socket>
  <paths>
    <basedir>${folder}</basedir>
    <logdir>${folder}</logdir>
    <webroot>/usr/share/icecast2/web</webroot>
    <adminroot>/usr/share/icecast2/admin</adminroot>
  </paths>
  <logging><accesslog>access.log</accesslog><errorlog>error.log</errorlog><loglevel>1</loglevel></logging>
  <security><chroot>0</chroot>${owner}</security>
</icecast>
`;
}
