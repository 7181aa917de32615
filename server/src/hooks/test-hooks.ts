import {
  type Access,
  type AccessRequest,
  admit,
  type Publisher,
  Registry,
  silentLog,
  systemClock,
  type Viewer,
} from "../core/index.ts";
import { Hooks, type HooksOptions } from "./hooks.ts";
import type { MistSettings } from "./mist-hook.ts";
import type { SrsSettings } from "./srs-hook.ts";

export const noSrs: SrsSettings = {
  connectUrls: [],
  publishUrls: [],
  playUrls: [],
  unpublishUrls: [],
  stopUrls: [],
  closeUrls: [],
};

export const noMist: MistSettings = {
  rtmpPushRewriteUrls: [],
  pushRewriteUrls: [],
  userNewUrls: [],
  userEndUrls: [],
  streamBufferUrls: [],
};

/** Hooks of a gateway that is nothing but its streams. */
export class HookRig {
  readonly hooks: Hooks;
  readonly access: Access;
  readonly registry: Registry;

  constructor(options: Partial<HooksOptions>) {
    this.hooks = new Hooks({
      settings: {
        ...{ publishUrl: "", playUrl: "", callUrl: "", eventUrls: [], secrets: [] },
        ...{ timeoutSeconds: 10, playCacheSeconds: 60 },
      },
      clock: systemClock,
      log: silentLog,
      ...options,
    });
    this.access = this.hooks.behind({ authorize: async () => undefined });
    this.registry = new Registry({ clock: systemClock, log: silentLog, limits: { graceMs: 0 } });
    this.hooks.watch(this.registry);
  }

  async publish(request: Partial<AccessRequest> = {}): Promise<Publisher> {
    const asked = { ...anybody, action: "publish", transport: "rtmp", ...request } as const;
    const grant = await admit(this.access, asked);
    const { address, transport } = asked;
    const publisher: Publisher = this.registry.publish({
      ...{ stream: grant.stream, grant, address, transport },
      stats: () => ({ bytesReceived: 5000, bytesSent: 50 }),
      onKick: (reason) => publisher.close(reason),
    });
    return publisher;
  }

  async play(request: Partial<AccessRequest> = {}): Promise<Viewer> {
    const asked = { ...anybody, action: "play", transport: "http-flv", ...request } as const;
    const grant = await admit(this.access, asked);
    const { address, transport } = asked;
    const stats = () => ({ bytesSent: 7000, bytesReceived: 70 });
    const stream = this.registry.get(grant.stream);
    if (stream === undefined) throw new Error(`no stream ${grant.stream}`);
    return stream.addViewer({ grant, address, transport, stats });
  }

  async close(): Promise<void> {
    this.registry.close("SERVER_CLOSING");
    await this.hooks.close();
  }
}

const anybody = {
  stream: "live/cam",
  token: "shown",
  address: "192.0.2.7",
  userAgent: "test",
  host: "media.example:1935",
} as const;

/** The code with which something is refused, or `ok`. */
export async function codeOf(asked: Promise<unknown>): Promise<string> {
  try {
    await asked;
    return "ok";
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}
