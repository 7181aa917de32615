import { need } from "../pages/decorate.ts";
import { setText } from "../ui/dom.ts";
import { formatBitrate, formatDuration, formatShare } from "../ui/figures.ts";
import { showFindings } from "./finding-list.ts";
import type { Finding } from "./findings.ts";
import { Graph } from "./graph.ts";
import { type HistoryWindow, stacked } from "./history-window.ts";
import { addressText, type ServerFacts } from "./server-facts.ts";
import { countText, plural, shortBitrateText, sizeText, spanText } from "./text.ts";
import { showFacts, showTiles } from "./tiles.ts";
import { presentTransports, transportColour, transportName } from "./transports.ts";

const spanSeconds = 900;
/** Findings that are shown here; the doctor has all of them. */
const maxFindings = 6;

/** How the server is: figures, graphs, what needs attention. */
export class Overview {
  readonly #tiles = need<HTMLElement>('[data-testid="tiles"]');
  readonly #server = need<HTMLElement>('[data-testid="server"]');
  readonly #attention = need<HTMLElement>('[data-testid="attention"]');
  readonly #attentionCount = need<HTMLElement>('[data-testid="attention-count"]');
  readonly #viewers = new Graph({
    ...{ id: "viewers", title: "Viewers", filled: true, least: 4, spanSeconds, text: countText },
  });
  readonly #bits = new Graph({
    ...{ id: "bits", title: "Bandwidth", filled: false, least: 1e6, spanSeconds },
    text: formatBitrate,
    axisText: shortBitrateText,
  });
  readonly #cpu = new Graph({
    ...{ id: "cpu", title: "CPU", filled: false, least: 0.1, spanSeconds, text: formatShare },
  });

  constructor() {
    const { element } = this.#viewers;
    need('[data-testid="graphs"]').append(element, this.#bits.element, this.#cpu.element);
  }

  show(
    server: ServerFacts | undefined,
    history: HistoryWindow,
    findings: readonly Finding[],
    nowMs: number,
  ): void {
    this.#showTiles(server, history, nowMs);
    this.#showGraphs(history);
    showFindings(this.#attention, findings.slice(0, maxFindings), "Nothing needs attention.");
    const more = findings.length - maxFindings;
    setText(this.#attentionCount, more > 0 ? `${more} more under Doctor` : "");
    if (server !== undefined) showFacts(this.#server, serverFacts(server, nowMs));
  }

  #showTiles(server: ServerFacts | undefined, history: HistoryWindow, nowMs: number): void {
    const { cores, now } = history;
    const present = presentTransports(now?.viewers ?? {});
    const viewers = present.reduce((sum, [, count]) => sum + count, 0);
    const waiting = (now?.streams ?? 0) - (now?.live ?? 0);
    const cpu = history.last("cpu");
    const uptimeMs = server?.startedMs === undefined ? undefined : nowMs - server.startedMs;
    showTiles(this.#tiles, [
      {
        ...{ id: "streams", name: "Streams live", value: countText(now?.live) },
        more: waiting > 0 ? `${countText(waiting)} without publisher` : "all publishing",
      },
      {
        ...{ id: "viewers", name: "Viewers", value: countText(viewers) },
        more: plural(present.length, "way to watch", "ways to watch"),
      },
      {
        id: "in",
        name: "In",
        value: formatBitrate(history.last("inBps")),
        more: "from publishers",
      },
      { id: "out", name: "Out", value: formatBitrate(history.last("outBps")), more: "to viewers" },
      {
        ...{ id: "cpu", name: "CPU", value: formatShare(cpu === undefined ? cpu : cpu / cores) },
        more: `of ${plural(cores, "core")}`,
      },
      {
        id: "memory",
        name: "Memory",
        value: sizeText(history.last("memoryBytes")),
        more: "resident",
      },
      {
        ...{ id: "lag", name: "Event loop", value: formatDuration(history.last("lagMs")) },
        more: "late, 1 turn in 100",
      },
      {
        ...{ id: "uptime", name: "Up for", value: spanText(uptimeMs) },
        more: `version ${server?.version ?? "–"}`,
      },
    ]);
  }

  #showGraphs(history: HistoryWindow): void {
    const { now, times, transports } = history;
    const rows = transports.map((transport) => history.viewers(transport));
    const sums = stacked(rows);
    const total = Object.values(now?.viewers ?? {}).reduce((sum, count) => sum + count, 0);
    this.#viewers.show(
      times,
      transports.map((transport, at) => ({
        ...{ id: transport, label: transportName(transport), values: sums[at] ?? [] },
        colour: `--t${transportColour(transport)}`,
        told: rows[at] ?? [],
      })),
      countText(total),
    );
    const [inBps, outBps] = [history.column("inBps"), history.column("outBps")];
    this.#bits.show(
      times,
      [
        { id: "out", label: "Out", colour: "--water", values: outBps },
        { id: "in", label: "In", colour: "--wood", values: inBps },
      ],
      formatBitrate(history.last("outBps")),
    );
    const shares = history.column("cpu").map((cores) => cores / history.cores);
    this.#cpu.show(
      times,
      [
        { id: "cpu", label: "CPU", colour: "--water", values: shares },
        {
          ...{ id: "lag", label: "Event loop late", colour: "--wood", right: true },
          values: history.column("lagMs"),
        },
      ],
      formatShare(shares.at(-1)),
    );
  }
}

function serverFacts(server: ServerFacts, nowMs: number): readonly (readonly [string, string])[] {
  const { certificates, egress, node, publicUrls, startedMs, transcoder, version } = server;
  const started = startedMs === undefined ? [] : [["Started", timeText(startedMs)] as const];
  return [
    ["Version", node === undefined ? version : `${version}, Node ${node}`],
    ...started,
    ["Media sealed by", egress === undefined ? "–" : `${egress} tier`],
    ["Transcoder", transcoder === undefined || transcoder === "none" ? "none" : transcoder],
    ...server.addresses.map(
      (address) =>
        [
          `${protocolNames[address.protocol] ?? address.protocol} (${address.transport.toUpperCase()})`,
          addressText(address),
        ] as const,
    ),
    ...publicUrls.map((url) => ["Public address", url] as const),
    ...certificates.map(
      ({ endsMs, names, selfSigned }) =>
        [
          selfSigned ? "Certificate (made here)" : "Certificate",
          `${names.join(", ")}: ends ${dayText(endsMs)}, ${daysText(endsMs - nowMs)}`,
        ] as const,
    ),
  ];
}

const protocolNames: Readonly<Record<string, string>> = {
  http: "HTTP",
  https: "HTTPS",
  rtmp: "RTMP",
  rtmps: "RTMPS",
  flv: "FLV",
  webrtc: "WebRTC",
  turn: "TURN",
  turns: "TURN over TLS",
};

function timeText(ms: number): string {
  return new Date(ms).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" });
}

function dayText(ms: number): string {
  return new Date(ms).toLocaleDateString("en-GB", { dateStyle: "medium" });
}

function daysText(ms: number): string {
  return ms <= 0 ? "over" : `in ${plural(Math.ceil(ms / 86_400_000), "day")}`;
}
