import type { BandwidthLimits } from "./limits.ts";
import { LayeredSource } from "./test-layers.ts";
import { type NetworkOptions, TestNetwork } from "./test-network.ts";
import type { ReceiverOptions } from "./test-receiver.ts";
import { simulate, TestSender } from "./test-sender.ts";

export const second = 1_000_000;

export interface LayeredRunOptions extends NetworkOptions {
  readonly seconds: number;
  readonly receiver?: ReceiverOptions;
  readonly limits?: Partial<BandwidthLimits>;
  readonly timerUs?: number;
  /** Key frames take so many frames' bytes. */
  readonly keyFactor?: number;
  /** Called every 10 ms. */
  readonly each?: (nowUs: number, run: LayeredRun) => void;
}

/** A viewer of three layers of 150, 500 and 1,700 kbit/s and sound on a simulated link. */
export class LayeredRun {
  readonly network: TestNetwork;
  readonly source: LayeredSource;
  readonly sender: TestSender;

  constructor(options: LayeredRunOptions) {
    this.network = new TestNetwork(options);
    this.source = new LayeredSource(undefined, options.keyFactor);
    this.sender = new TestSender({
      network: this.network,
      source: this.source,
      ...(options.receiver && { receiver: options.receiver }),
      ...(options.limits && { limits: options.limits }),
      ...(options.timerUs && { timerUs: options.timerUs }),
    });
    const each = options.each;
    simulate(this.network, [this.sender], 0, options.seconds * second, (nowUs) => {
      each?.(nowUs, this);
    });
  }

  get estimateBps(): number {
    return this.sender.estimator.estimateBps;
  }

  /** Layers that were shown one after the other from this second on. */
  layersFrom(seconds: number): number[] {
    return this.source.switches
      .filter((change) => change.atUs >= seconds * second)
      .map((change) => change.layer);
  }
}
