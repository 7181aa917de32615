/** A STUN or TURN server that browsers are told, as `RTCIceServer`. */
export interface IceServerConfig {
  readonly urls: readonly string[];
  readonly username?: string | undefined;
  /** Secret. */
  readonly credential?: string | undefined;
}

/** Who may do something without showing a token. `auto` is resolved by `auth/`. */
export type Openness = "auto" | "nobody" | "loopback" | "private" | "anybody";

/** Access for the streams whose name matches `streams`; a key that is absent is taken from `auth`. */
export interface AccessRuleConfig {
  /** A stream name in which `*` stands for any characters within a segment. */
  readonly streams: string;
  readonly publishTokens?: readonly string[] | undefined;
  readonly playTokens?: readonly string[] | undefined;
  readonly publishWithoutToken?: Openness | undefined;
  readonly playWithoutToken?: Openness | undefined;
  readonly publishFrom?: readonly string[] | undefined;
  readonly playFrom?: readonly string[] | undefined;
}

/** A further certificate, shown to clients that name a host that it is for. */
export interface CertificateFilesConfig {
  readonly cert: string;
  readonly key: string;
}

export type LogLevel = "error" | "warn" | "info" | "debug";

/** Everything that can be configured. Units stand in the names; what each key means stands in `config/keys-*.ts`. */
export interface Config {
  readonly demo: boolean;
  readonly http: {
    readonly host: string;
    readonly port: number;
    readonly basePath: string;
    readonly publicUrls: readonly string[];
    readonly trustProxy: readonly string[];
    readonly allowedOrigins: readonly string[];
    readonly maxConnections: number;
    readonly maxHeaderBytes: number;
    readonly headersTimeoutSeconds: number;
    readonly requestTimeoutSeconds: number;
    readonly keepAliveSeconds: number;
  };
  readonly https: {
    readonly enabled: boolean;
    readonly host: string;
    readonly port: number;
    readonly cert: string;
    readonly key: string;
    readonly moreCertificates: readonly CertificateFilesConfig[];
    readonly selfSigned: boolean;
    readonly folder: string;
    readonly redirect: boolean;
    readonly hstsSeconds: number;
    readonly handshakeTimeoutSeconds: number;
    readonly maxHandshakes: number;
  };
  readonly acme: {
    readonly domains: readonly string[];
    readonly termsAgreed: boolean;
    readonly email: string;
    readonly directoryUrl: string;
    readonly caFile: string;
    readonly eabKeyId: string;
    readonly eabHmacKey: string;
  };
  readonly rtmp: {
    readonly enabled: boolean;
    readonly host: string;
    readonly port: number;
    readonly maxConnections: number;
    readonly maxConnectionsPerAddress: number;
  };
  readonly rtmps: {
    readonly enabled: boolean;
    readonly host: string;
    readonly port: number;
  };
  readonly flvTcp: {
    readonly enabled: boolean;
    readonly host: string;
    readonly port: number;
    readonly maxConnections: number;
    readonly maxConnectionsPerAddress: number;
  };
  readonly rtc: {
    readonly host: string;
    readonly port: number;
    readonly tcp: boolean;
    readonly announcedIps: readonly string[];
    readonly maxPeers: number;
    readonly egress: "auto" | "native" | "wasm" | "node";
    readonly egressThreads: number;
    readonly dataFromViewers: "publisher" | "everybody" | "nobody";
    readonly iceServers: readonly IceServerConfig[];
    readonly turnUrls: readonly string[];
    readonly turnSecret: string;
    readonly turnTtlSeconds: number;
  };
  readonly turn: {
    readonly enabled: boolean;
    readonly host: string;
    readonly port: number;
    readonly tlsPort: number;
    readonly cert: string;
    readonly key: string;
    readonly publicHosts: readonly string[];
    readonly minPort: number;
    readonly maxPort: number;
    readonly secret: string;
    readonly previousSecrets: readonly string[];
    readonly dataPath: "auto" | "native" | "node";
    readonly realm: string;
    readonly allowPeers: readonly string[];
    readonly maxAllocations: number;
    readonly maxAllocationsPerUser: number;
    readonly maxAllocationsPerAddress: number;
    readonly maxBitrateBps: number;
    readonly maxConnections: number;
    readonly maxConnectionsPerAddress: number;
  };
  readonly transcode: {
    readonly engine: "auto" | "node-av" | "ffmpeg" | "none";
    readonly maxTranscodes: number;
    readonly maxProcesses: number;
    readonly warmSpare: boolean;
    readonly opusBitrateBps: number;
    readonly aacBitrateBps: number;
    readonly ffmpegPath: string;
  };
  readonly auth: {
    readonly publishTokens: readonly string[];
    readonly playTokens: readonly string[];
    readonly adminTokens: readonly string[];
    readonly publishWithoutToken: Openness;
    readonly playWithoutToken: Openness;
    readonly adminWithoutToken: Openness;
    readonly publishFrom: readonly string[];
    readonly playFrom: readonly string[];
    readonly adminFrom: readonly string[];
    readonly signingSecrets: readonly string[];
    readonly jwtSecrets: readonly string[];
    readonly jwtPublicKeys: string;
    readonly jwksUrl: string;
    readonly jwtIssuer: string;
    readonly jwtAudience: string;
    readonly cookieSecret: string;
    readonly loginHours: number;
    readonly rules: readonly AccessRuleConfig[];
  };
  readonly hooks: {
    readonly publishUrl: string;
    readonly playUrl: string;
    readonly callUrl: string;
    readonly eventUrls: readonly string[];
    readonly secrets: readonly string[];
    readonly timeoutSeconds: number;
    readonly playCacheSeconds: number;
    readonly caFile: string;
  };
  readonly srsHooks: {
    readonly connectUrls: readonly string[];
    readonly publishUrls: readonly string[];
    readonly playUrls: readonly string[];
    readonly unpublishUrls: readonly string[];
    readonly stopUrls: readonly string[];
    readonly closeUrls: readonly string[];
  };
  readonly mistTriggers: {
    readonly rtmpPushRewriteUrls: readonly string[];
    readonly pushRewriteUrls: readonly string[];
    readonly userNewUrls: readonly string[];
    readonly userEndUrls: readonly string[];
    readonly streamBufferUrls: readonly string[];
  };
  readonly api: { readonly srsStreams: boolean };
  readonly publisher: { readonly graceSeconds: number };
  readonly gop: { readonly maxSeconds: number; readonly maxBytes: number };
  readonly limits: {
    readonly streams: number;
    readonly viewersPerStream: number;
    readonly flvGatherMs: number;
  };
  readonly metrics: { readonly streams: readonly string[] };
  readonly shutdown: { readonly drainSeconds: number };
  readonly log: { readonly level: LogLevel; readonly format: "auto" | "json" | "text" };
}

/** Dotted paths of all keys, such as `rtmp.port`. */
export type ConfigPath = {
  [S in keyof Config & string]: Config[S] extends boolean ? S : `${S}.${keyof Config[S] & string}`;
}[keyof Config & string];

/** The type of the value at a path. */
export type ConfigValue<P extends string> = P extends `${infer S}.${infer K}`
  ? S extends keyof Config
    ? K extends keyof Config[S]
      ? Config[S][K]
      : never
    : never
  : P extends keyof Config
    ? Config[P]
    : never;
