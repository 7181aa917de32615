import { once } from "node:events";
import { WebSocket } from "ws";

/** Viewers of a running gateway's `live/demo`, by several transports, and what their players tell. */
export class TestAudience {
  readonly #site: string;
  readonly #open = new Set<() => void>();
  #turn = 0;

  constructor(site: string) {
    this.#site = site;
  }

  /** Comes once more by every way, is refused, tells how it is, and most of it goes again. */
  async act(adminToken: string): Promise<void> {
    this.#turn++;
    const clients = ["flv", "ws", "sse"].map((name) => `${name}${this.#turn}`.padEnd(22, "x"));
    const [flv = "", ws = "", sse = ""] = clients;
    await Promise.all([
      this.#stream("/live/demo.flv", flv),
      this.#stream("/live/demo.sse?media=1", sse),
      this.#socket("/live/demo.flv", ws),
      fetch(`${this.#site}/live/demo.poll?media=1&hold=0`).then((answer) => answer.arrayBuffer()),
      // Refused.
      fetch(`${this.#site}/live/nobody.flv`).then((answer) => answer.arrayBuffer()),
    ]);
    await Promise.all([
      this.#tell(flv, "http-flv", []),
      this.#tell(sse, "sse", [{ from: "webrtc", to: "sse", reason: "ICE_FAILED" }]),
      this.#tell(ws, "ws-flv", [{ from: "webrtc", to: "ws-flv", reason: "FROZEN" }]),
    ]);
    await this.#kickOne(adminToken);
    while (this.#open.size > 6) this.#leave();
  }

  /** All go. */
  close(): void {
    while (this.#open.size > 0) this.#leave();
  }

  #leave(): void {
    const [first] = this.#open;
    if (first === undefined) return;
    this.#open.delete(first);
    first();
  }

  async #stream(path: string, client: string): Promise<void> {
    const abort = new AbortController();
    const { body } = await fetch(this.#site + path, {
      signal: abort.signal,
      headers: cookie(client),
    });
    const reader = body?.getReader();
    await reader?.read();
    void (async () => {
      while (!(await reader?.read())?.done);
    })().catch(() => {});
    this.#open.add(() => abort.abort());
  }

  async #socket(path: string, client: string): Promise<void> {
    const socket = new WebSocket(this.#site.replace("http", "ws") + path, {
      headers: cookie(client),
    });
    socket.on("error", () => {});
    await once(socket, "message");
    this.#open.add(() => socket.terminate());
  }

  async #tell(client: string, transport: string, switches: readonly object[]): Promise<void> {
    const report = {
      transport,
      firstFrameMs: 300,
      latencyMs: 700,
      freezes: 1,
      frozenSeconds: 0.5,
      playedSeconds: 10,
      framesDropped: 2,
      framesShown: 250,
      switches,
      path: "udp",
    };
    await fetch(`${this.#site}/api/v1/beacons`, {
      method: "POST",
      headers: { "Content-Type": "text/plain", ...cookie(client) },
      body: JSON.stringify({ stream: "live/demo", reports: [report] }),
    });
  }

  async #kickOne(token: string): Promise<void> {
    const headers = { Authorization: `Bearer ${token}` };
    const answer = await fetch(`${this.#site}/api/v1/viewers?transport=http-flv`, { headers });
    const { viewers } = (await answer.json()) as { viewers: readonly { readonly id: string }[] };
    const url = `${this.#site}/api/v1/sessions/${viewers[0]?.id}`;
    if (viewers.length > 2) await fetch(url, { method: "DELETE", headers });
  }
}

/** Browsers show it by themselves. */
function cookie(client: string): { readonly Cookie: string } {
  return { Cookie: `millrace_client=${client}` };
}
