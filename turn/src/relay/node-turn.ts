import NodeTurn from "node-turn";

/** What node-turn's constructor makes and this relay does without. */
const unusedParts = [
  "network",
  "authentification",
  "allocate",
  "refresh",
  "createPermission",
  "send",
  "channelBind",
  "allocations",
  "reservations",
] as const;

export { NodeTurn };

export interface NodeTurnConfig {
  readonly realm: string;
  readonly minPort: number;
  readonly maxPort: number;
  readonly listeningPort: number;
  readonly listeningIps: readonly string[];
  readonly relayIps: readonly string[];
  readonly maxAllocateLifetime: number;
  readonly defaultAllocatetLifetime: number;
}

/**
 * node-turn's server without its insides: its name, configuration and events stay; its parser, authentication,
 * allocations and sockets are removed before they have run once. Users are none of its business either.
 */
export abstract class NodeTurnShell extends NodeTurn {
  constructor(config: NodeTurnConfig) {
    super({
      ...config,
      listeningIps: [...config.listeningIps],
      relayIps: [...config.relayIps],
      authMech: "long-term",
      credentials: Object.create(null),
      debugLevel: "OFF",
      log: () => {},
    });
    this.removeAllListeners();
    const parts = this as unknown as Record<string, unknown>;
    for (const part of unusedParts) delete parts[part];
  }
}
