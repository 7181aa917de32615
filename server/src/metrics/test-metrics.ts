import { FakeClock } from "../core/fake-clock.ts";
import {
  noFigures,
  Registry,
  silentLog,
  type Transport,
  type Viewer,
  type ViewerFigures,
} from "../core/index.ts";
import { Metrics, type MetricsOptions } from "./metrics.ts";

/** A registry, and the metrics of it. */
export class TestMetrics {
  readonly clock: FakeClock = new FakeClock();
  readonly registry: Registry;
  readonly metrics: Metrics;

  constructor(options: Partial<MetricsOptions> & { readonly maxViewers?: number } = {}) {
    const { maxViewers = 10_000, ...rest } = options;
    const { clock } = this;
    const limits = { maxStreams: 10_000, maxViewersPerStream: maxViewers };
    this.registry = new Registry({ clock, log: silentLog, limits });
    this.metrics = new Metrics({
      registry: this.registry,
      clock,
      version: "1.2.3",
      streams: [],
      egress: () => "native",
      rtc: () => ({ growing: { stunAnswered: 7 }, present: { tcpConnections: 2 } }),
      native: () => undefined,
      transcoder: () => undefined,
      relay: () => undefined,
      certificates: () => [],
      logLines: () => ({}),
      ...rest,
    });
  }

  publish(stream: string, stats?: () => object): ReturnType<Registry["publish"]> {
    const who = { transport: "rtmp", address: "192.0.2.1", onKick: () => {} } as const;
    return this.registry.publish({ stream, ...who, ...(stats && { stats }) });
  }

  /** `told` is what the transport tells besides, or instead. */
  watch(stream: string, transport: Transport, told?: () => object): Viewer {
    const found = this.registry.get(stream);
    if (found === undefined) throw new Error(`no stream ${stream}`);
    const stats = (): ViewerFigures => ({ ...noFigures, ...told?.() });
    return found.addViewer({ transport, address: "192.0.2.2", stats });
  }

  /** The sample with that name and labels. */
  async value(sample: string): Promise<number | undefined> {
    const lines = (await this.metrics.text()).split("\n");
    const line = lines.find((one) => one.startsWith(`${sample} `));
    return line === undefined ? undefined : Number(line.slice(sample.length + 1));
  }

  /** How many series there are, those of prom-client left out: they come and go with what the process has open. */
  async series(): Promise<number> {
    return (await this.metrics.text()).split("\n").filter((line) => line.startsWith("millrace_"))
      .length;
  }
}
