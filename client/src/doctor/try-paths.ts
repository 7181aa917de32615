import { indexStats, milliseconds, type StatsEntry, selectedPair } from "../player/stats-entry.ts";
import { onlyBy, placesOf } from "./answer.ts";
import type { PathName, PathOutcome } from "./judge-paths.ts";
import type { ServerFacts } from "./server-facts.ts";

/** How long a path may take; players have given up on it by then. */
const pathMs = 6000;
/** How long answers of the server may take. */
const requestMs = 5000;

export interface PathPlace {
  /** Absolute URL of the server; ends with a slash. */
  readonly base: string;
  readonly stream: string | undefined;
  readonly token: string | undefined;
}

/** Tries to connect by one path alone, with a peer of the server's that sends nothing. Never rejects. */
export async function tryPath(
  name: PathName,
  place: PathPlace,
  iceServers: ServerFacts["iceServers"],
): Promise<PathOutcome> {
  const startedMs = performance.now();
  const took = (): number => performance.now() - startedMs;
  if (!("RTCPeerConnection" in globalThis)) return { state: "unsupported", tookMs: 0 };
  if (name === "relay" && !hasTurn(iceServers)) return { state: "absent", tookMs: 0 };
  const attempt = new PathAttempt(name, iceServers);
  try {
    const outcome = await attempt.run(place);
    return { ...outcome, found: attempt.found, errors: attempt.errors, tookMs: took() };
  } catch {
    return { state: "refused", code: "SERVER_UNREACHABLE", found: attempt.found, tookMs: took() };
  } finally {
    attempt.close();
  }
}

type Outcome = Omit<PathOutcome, "tookMs" | "found" | "errors">;

class PathAttempt {
  readonly #name: PathName;
  readonly #peer: RTCPeerConnection;
  readonly #found = new Set<string>();
  readonly #errors = new Set<number>();
  #session: string | undefined;
  #iceConnected = false;

  constructor(name: PathName, iceServers: ServerFacts["iceServers"]) {
    this.#name = name;
    this.#peer = new RTCPeerConnection({
      iceTransportPolicy: name === "relay" ? "relay" : "all",
      iceServers:
        name === "relay" ? iceServers.map((server) => ({ ...server, urls: [...server.urls] })) : [],
    });
    this.#peer.addEventListener("icecandidate", ({ candidate }) => {
      if (candidate?.type) this.#found.add(candidate.type);
    });
    this.#peer.addEventListener("icecandidateerror", ({ errorCode }) => {
      this.#errors.add(errorCode);
    });
    this.#peer.addEventListener("iceconnectionstatechange", () => {
      const state = this.#peer.iceConnectionState;
      if (state === "connected" || state === "completed") this.#iceConnected = true;
    });
  }

  get found(): readonly string[] {
    return [...this.#found];
  }

  get errors(): readonly number[] {
    return [...this.#errors];
  }

  async run(place: PathPlace): Promise<Outcome> {
    const peer = this.#peer;
    // A line as a viewer has it; nothing will ever be sent on it.
    peer.addTransceiver("audio", { direction: "recvonly" });
    await peer.setLocalDescription();
    const answered = await this.#offer(place, peer.localDescription?.sdp ?? "");
    if (typeof answered !== "string") return answered;
    const places = placesOf(answered);
    const transport = this.#name === "relay" ? undefined : this.#name;
    if (places.every((candidate) => candidate.transport !== (transport ?? candidate.transport))) {
      return { state: "absent", places };
    }
    const sdp = transport === undefined ? answered : onlyBy(transport, answered);
    await peer.setRemoteDescription({ type: "answer", sdp });
    const state = await this.#settled();
    return { state, places, rttMs: state === "connected" ? await this.#roundTrip() : undefined };
  }

  close(): void {
    this.#peer.close();
    if (this.#session === undefined) return;
    fetch(this.#session, { method: "DELETE", keepalive: true }).catch(() => {});
  }

  async #offer({ base, stream, token }: PathPlace, sdp: string): Promise<string | Outcome> {
    const query = stream === undefined ? "" : `?stream=${encodeURIComponent(stream)}`;
    const response = await fetch(`${base}doctor/peer${query}`, {
      method: "POST",
      headers: {
        "Content-Type": "application/sdp",
        ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
      },
      body: sdp,
      signal: AbortSignal.timeout(requestMs),
    });
    if (response.status !== 201) {
      const problem = (await response.json().catch(() => ({}))) as { readonly code?: unknown };
      const code = typeof problem.code === "string" ? problem.code : `HTTP_${response.status}`;
      return { state: "refused", code };
    }
    const location = response.headers.get("Location");
    if (location !== null) this.#session = new URL(location, base).href;
    return response.text();
  }

  #settled(): Promise<"connected" | "silent" | "handshake" | "no-relay"> {
    const peer = this.#peer;
    return new Promise((resolve) => {
      const gaveUp = () => (this.#iceConnected ? "handshake" : "silent");
      const timer = setTimeout(() => settle(this.#hasNoRelay() ? "no-relay" : gaveUp()), pathMs);
      const settle = (state: "connected" | "silent" | "handshake" | "no-relay"): void => {
        clearTimeout(timer);
        resolve(state);
      };
      const look = (): void => {
        if (peer.connectionState === "connected") settle("connected");
        else if (peer.connectionState === "failed") {
          settle(this.#hasNoRelay() ? "no-relay" : gaveUp());
        } else if (peer.iceGatheringState === "complete" && this.#hasNoRelay()) settle("no-relay");
      };
      peer.addEventListener("connectionstatechange", look);
      peer.addEventListener("icegatheringstatechange", look);
      look();
    });
  }

  #hasNoRelay(): boolean {
    return this.#name === "relay" && !this.#found.has("relay");
  }

  async #roundTrip(): Promise<number | undefined> {
    const byId = indexStats((await this.#peer.getStats()).values() as Iterable<StatsEntry>);
    const pair = selectedPair([...byId.values()], byId);
    return milliseconds(pair?.["currentRoundTripTime"]);
  }
}

function hasTurn(servers: ServerFacts["iceServers"]): boolean {
  return servers.some(({ urls }) => urls.some((url) => /^turns?:/i.test(url)));
}
