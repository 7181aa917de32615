import type { MachineFacts } from "./machine.ts";

interface ListenSettings {
  readonly enabled: boolean;
  readonly host: string;
  readonly port: number;
  readonly maxConnections: number;
}

/** What of the configuration matters here; a whole `Config` will do. */
export interface DoctorSettings {
  readonly http: {
    readonly host: string;
    readonly port: number;
    readonly basePath: string;
    readonly publicUrls: readonly string[];
    readonly trustProxy: readonly string[];
    readonly maxConnections: number;
  };
  readonly https?: Pick<ListenSettings, "enabled" | "host" | "port">;
  readonly rtmp: ListenSettings;
  readonly rtmps?: Pick<ListenSettings, "enabled" | "host" | "port">;
  readonly flvTcp?: ListenSettings;
  readonly rtc: {
    readonly host: string;
    readonly port: number;
    readonly tcp: boolean;
    readonly announcedIps: readonly string[];
  };
  readonly transcode: { readonly engine: string };
}

/** A TURN server as a browser would be told it. */
export interface TurnServer {
  /** `turn:` and `turns:` addresses; others are passed over. */
  readonly urls: readonly string[];
  readonly username: string;
  /** Secret. */
  readonly credential: string;
}

/** A certificate as it is configured: what it is for and when it ends, or what is wrong with it. */
export interface ExaminedCertificate {
  /** The file. */
  readonly path: string;
  readonly problem?: string;
  readonly names?: readonly string[];
  /** Its own key signed it: nobody believes it unasked. */
  readonly selfSigned?: boolean;
  /** Milliseconds since 1970. Absent: another is made in time. */
  readonly expiresAtMs?: number;
}

/** What other parts of the server know, given by whoever knows them all. */
export interface DoctorPorts {
  /** Whether the pages are built. */
  readonly pagesBuilt?: () => boolean;
  /** What to tell of the addresses that browsers are told (`RTC_ADDRESS_…`); undefined when they are good. */
  readonly announcedHint?: () => { readonly code: string; readonly message: string } | undefined;
  /** Certificates of HTTPS, or what is wrong with their files; empty where none are configured. */
  readonly certificates?: () => readonly ExaminedCertificate[];
  /** What transcodes here: `node-av`, `ffmpeg` or `none`. */
  readonly transcoder?: () => Promise<string>;
  /** TURN servers with credentials that are valid now. */
  readonly turnServers?: () => readonly TurnServer[];
}

export interface DoctorOptions {
  /** Of this program. */
  readonly version: string;
  /**
   * A running server, with its base path, such as `https://live.example.org/video`. It alone is looked at then, from
   * outside. Without it this machine and its configuration are, and the server on its ports if there is one.
   */
  readonly url?: string | undefined;
  readonly settings: DoctorSettings;
  readonly ports?: DoctorPorts;
  /** For the API of the server and to watch. Secret: never in a report. */
  readonly token?: string | undefined;
  /** A live stream to look at; default: the first that the API tells. */
  readonly stream?: string | undefined;
  /** Default: this machine. */
  readonly machine?: MachineFacts;
  /** How long each question may take. Default 3,000. */
  readonly timeoutMs?: number;
}
