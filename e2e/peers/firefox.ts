import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestNetwork } from "./network.ts";
import { Peer } from "./process.ts";

const executable = process.env["FIREFOX"] ?? "/usr/bin/firefox-esr";

/** Debian's Firefox, which Playwright cannot drive. */
export function hasFirefox(): boolean {
  return existsSync(executable);
}

/** A camera and a microphone that ask nobody, without HTTPS, and sound without a gesture. */
const preferences: Readonly<Record<string, boolean | number | string>> = {
  "media.navigator.streams.fake": true,
  "media.navigator.permission.disabled": true,
  "media.autoplay.default": 0,
  "media.devices.insecure.enabled": true,
  "media.getusermedia.insecure.enabled": true,
  "marionette.port": 0,
  "datareporting.policy.dataSubmissionEnabled": false,
  "app.update.enabled": false,
  "browser.shell.checkDefaultBrowser": false,
  // No way out to the network's captive portals and update servers.
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
};

type Reply = [type: number, id: number, error: { message: string } | null, result: unknown];

/** Marionette listens on the loopback of Firefox's host only. */
const relay =
  "const s=require('node:net').connect(+process.argv[1],'127.0.0.1');process.stdin.pipe(s).pipe(process.stdout)";

/** Firefox without a window on the client's host, driven by Marionette, its own remote protocol. */
export class Firefox {
  readonly #process: Peer;
  readonly #profile: string;
  readonly #relay: Peer;
  readonly #waiting = new Map<number, (reply: Reply) => void>();
  #unread = Buffer.alloc(0);
  #lastId = 0;

  private constructor(process: Peer, profile: string, relay: Peer) {
    this.#process = process;
    this.#profile = profile;
    this.#relay = relay;
    relay.process.stdout?.on("data", (bytes: Buffer) => this.#receive(bytes));
  }

  static async start(network: TestNetwork): Promise<Firefox> {
    const profile = mkdtempSync(join(tmpdir(), "millrace-firefox-"));
    const lines = Object.entries(preferences).map(
      ([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`,
    );
    writeFileSync(join(profile, "user.js"), lines.join(""));
    const flags = ["--headless", "--marionette", "--profile", profile];
    const peer = new Peer(...network.onClient(executable, flags), {
      env: { ...process.env, HOME: profile },
    });
    const port = await portOf(join(profile, "MarionetteActivePort"), peer);
    const way = new Peer(...network.onClient(process.execPath, ["-e", relay, String(port)]));
    const firefox = new Firefox(peer, profile, way);
    await firefox.#command("WebDriver:NewSession", { strictFileInteractability: true });
    await firefox.#command("WebDriver:SetTimeouts", { script: 60_000, pageLoad: 60_000 });
    return firefox;
  }

  async goto(url: string): Promise<void> {
    await this.#command("WebDriver:Navigate", { url });
  }

  /** Runs a function in the page, which may only use its argument; gives what its promise gives. */
  async evaluate<A, R>(body: (argument: A) => R | Promise<R>, argument: A): Promise<R> {
    const script = `const [argument, done] = arguments;
      (async () => (${body.toString()})(argument))().then(
        (value) => done({ value }), (error) => done({ error: String(error) }));`;
    const { value } = (await this.#command("WebDriver:ExecuteAsyncScript", {
      script,
      args: [argument],
      newSandbox: false,
      sandbox: null,
    })) as { value: { value: R; error?: string } };
    if (value.error !== undefined) throw new Error(value.error);
    return value.value;
  }

  async close(): Promise<void> {
    await this.#relay.stop();
    await this.#process.stop();
    rmSync(this.#profile, { recursive: true, force: true });
  }

  async #command(name: string, parameters: object): Promise<unknown> {
    const id = ++this.#lastId;
    const message = JSON.stringify([0, id, name, parameters]);
    const reply = new Promise<Reply>((resolve) => this.#waiting.set(id, resolve));
    this.#relay.process.stdin?.write(`${Buffer.byteLength(message)}:${message}`);
    const [, , error, result] = await reply;
    if (error !== null) throw new Error(`${name}: ${error.message}`);
    return result;
  }

  /** A message is its length in bytes, a colon, and JSON. */
  #receive(bytes: Buffer): void {
    this.#unread = Buffer.concat([this.#unread, bytes]);
    for (;;) {
      const colon = this.#unread.indexOf(":");
      if (colon < 0) return;
      const end = colon + 1 + Number(this.#unread.subarray(0, colon).toString());
      if (this.#unread.length < end) return;
      const message = JSON.parse(this.#unread.subarray(colon + 1, end).toString()) as Reply;
      this.#unread = this.#unread.subarray(end);
      // The first message is a greeting.
      if (Array.isArray(message)) this.#waiting.get(message[1])?.(message);
    }
  }
}

/** Firefox writes the port that it chose into its profile. */
async function portOf(file: string, peer: Peer): Promise<number> {
  for (let tries = 0; tries < 600; tries++) {
    const port = existsSync(file) ? Number(readFileSync(file, "utf8")) : 0;
    if (port > 0) return port;
    if (!peer.isRunning) break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`Firefox does not listen: ${peer.said}`);
}
