import { z } from "zod";
import { amount, count, documentOf, text } from "./schema.ts";

/** What every answer in SRS's words begins with. */
export interface SrsHead {
  readonly code: 0;
  readonly server: string;
  readonly service: string;
  readonly pid: string;
}
/** What is not there, told with status 200. */
export interface SrsFailure {
  readonly code: number;
}
export interface SrsKbps {
  readonly recv_30s: number;
  readonly send_30s: number;
}
export interface SrsVersions extends SrsHead {
  readonly data: {
    readonly major: number;
    readonly minor: number;
    readonly revision: number;
    readonly version: string;
  };
}
export interface SrsSelf {
  readonly version: string;
  readonly pid: number;
  readonly ppid: number;
  readonly argv: string;
  readonly cwd: string;
  readonly mem_kbyte: number;
  readonly mem_percent: number;
  readonly cpu_percent: number;
  readonly srs_uptime: number;
}
export interface SrsSystem {
  readonly cpu_percent: number;
  readonly mem_ram_kbyte: number;
  readonly mem_ram_percent: number;
  readonly cpus: number;
  readonly cpus_online: number;
  readonly uptime: number;
  readonly load_1m: number;
  readonly load_5m: number;
  readonly load_15m: number;
  readonly srs_sample_time: number;
  readonly srs_recv_bytes: number;
  readonly srs_send_bytes: number;
  readonly conn_srs: number;
}
export interface SrsSummaries extends SrsHead {
  readonly data: {
    readonly ok: true;
    readonly now_ms: number;
    readonly self: SrsSelf;
    readonly system: SrsSystem;
  };
}
export interface SrsVhost {
  readonly id: string;
  readonly name: string;
  readonly enabled: true;
  readonly clients: number;
  readonly streams: number;
  readonly send_bytes: number;
  readonly recv_bytes: number;
  readonly kbps: SrsKbps;
  readonly hls: { readonly enabled: boolean };
}
export interface SrsStream {
  readonly id: string;
  readonly name: string;
  readonly vhost: string;
  readonly app: string;
  readonly tcUrl: string;
  readonly url: string;
  readonly live_ms: number;
  readonly clients: number;
  readonly frames: number;
  readonly send_bytes: number;
  readonly recv_bytes: number;
  readonly kbps: SrsKbps;
  readonly publish: { readonly active: boolean; readonly cid: string };
  readonly video: {
    readonly codec: string;
    readonly profile: string;
    readonly level: string;
    readonly width: number;
    readonly height: number;
  } | null;
  readonly audio: {
    readonly codec: string;
    readonly sample_rate: number;
    readonly channel: number;
    readonly profile: string;
  } | null;
}
export interface SrsClient {
  readonly id: string;
  readonly vhost: string;
  readonly stream: string;
  readonly ip: string;
  readonly pageUrl: string;
  readonly swfUrl: string;
  readonly tcUrl: string;
  readonly url: string;
  readonly name: string;
  readonly type: string;
  readonly publish: boolean;
  readonly alive: number;
  readonly send_bytes: number;
  readonly recv_bytes: number;
  readonly kbps: SrsKbps;
}
export interface SrsVhosts extends SrsHead {
  readonly vhosts: readonly SrsVhost[];
}
export interface SrsOneVhost extends SrsHead {
  readonly vhost: SrsVhost;
}
export interface SrsStreams extends SrsHead {
  readonly streams: readonly SrsStream[];
}
export interface SrsOneStream extends SrsHead {
  readonly stream: SrsStream;
}
export interface SrsClients extends SrsHead {
  readonly clients: readonly SrsClient[];
}
export interface SrsOneClient extends SrsHead {
  readonly client: SrsClient;
}

const head = {
  code: z.literal(0),
  server: text.describe("Another one after each start."),
  service: text,
  pid: text,
};
const kbps = documentOf<SrsKbps>("SrsKbps", "Of the last seconds.", {
  recv_30s: count,
  send_30s: count,
});
const vhost: z.ZodType<SrsVhost> = documentOf<SrsVhost>("SrsVhost", "The one virtual host.", {
  id: text,
  name: text,
  enabled: z.literal(true),
  clients: count,
  streams: count,
  send_bytes: count,
  recv_bytes: count,
  kbps,
  hls: z.strictObject({ enabled: z.boolean() }),
});
const stream: z.ZodType<SrsStream> = documentOf<SrsStream>("SrsStream", "A stream.", {
  id: text,
  name: text,
  vhost: text,
  app: text,
  tcUrl: text,
  url: text,
  live_ms: count.describe("The time now, milliseconds since 1970."),
  clients: count.describe("Its publisher is one of them."),
  frames: count,
  send_bytes: count,
  recv_bytes: count,
  kbps,
  publish: z.strictObject({ active: z.boolean(), cid: text }),
  video: z
    .strictObject({ codec: text, profile: text, level: text, width: count, height: count })
    .nullable(),
  audio: z
    .strictObject({ codec: text, sample_rate: count, channel: count, profile: text })
    .nullable(),
});
const client: z.ZodType<SrsClient> = documentOf<SrsClient>("SrsClient", "A publisher or viewer.", {
  id: text,
  vhost: text,
  stream: text.describe("The id of its stream."),
  ip: text,
  pageUrl: text,
  swfUrl: text,
  tcUrl: text,
  url: text,
  name: text,
  type: text.describe("Such as fmle-publish, rtc-play, flv-play."),
  publish: z.boolean(),
  alive: amount.describe("Seconds."),
  send_bytes: count,
  recv_bytes: count,
  kbps,
});

export const srsVersionsSchema: z.ZodType<SrsVersions> = documentOf<SrsVersions>(
  "SrsVersions",
  "The version.",
  {
    ...head,
    data: z.strictObject({ major: count, minor: count, revision: count, version: text }),
  },
);
export const srsSummariesSchema: z.ZodType<SrsSummaries> = documentOf<SrsSummaries>(
  "SrsSummaries",
  "The process and its machine.",
  {
    ...head,
    data: z.strictObject({
      ok: z.literal(true),
      now_ms: count,
      self: documentOf<SrsSelf>("SrsSelf", "The process.", {
        version: text,
        pid: count,
        ppid: count,
        argv: text,
        cwd: text,
        mem_kbyte: count,
        mem_percent: amount.describe("From 0 to 1."),
        cpu_percent: amount.describe("Of one core since the start, from 0 to the number of cores."),
        srs_uptime: amount.describe("Seconds."),
      }),
      system: documentOf<SrsSystem>("SrsSystem", "The machine, and all traffic of the process.", {
        cpu_percent: amount.describe("Of all cores since the machine began, from 0 to 1."),
        mem_ram_kbyte: count,
        mem_ram_percent: amount.describe("From 0 to 1."),
        cpus: count,
        cpus_online: count,
        uptime: amount,
        load_1m: amount,
        load_5m: amount,
        load_15m: amount,
        srs_sample_time: count,
        srs_recv_bytes: count,
        srs_send_bytes: count,
        conn_srs: count,
      }),
    }),
  },
);
export const srsVhostsSchema: z.ZodType<SrsVhosts> = documentOf<SrsVhosts>("SrsVhosts", "All.", {
  ...head,
  vhosts: z.array(vhost),
});
export const srsOneVhostSchema: z.ZodType<SrsOneVhost> = documentOf<SrsOneVhost>(
  "SrsOneVhost",
  "One of them.",
  { ...head, vhost },
);
export const srsStreamsSchema: z.ZodType<SrsStreams> = documentOf<SrsStreams>(
  "SrsStreams",
  "A part of the streams.",
  { ...head, streams: z.array(stream) },
);
export const srsOneStreamSchema: z.ZodType<SrsOneStream> = documentOf<SrsOneStream>(
  "SrsOneStream",
  "One of them.",
  { ...head, stream },
);
export const srsClientsSchema: z.ZodType<SrsClients> = documentOf<SrsClients>(
  "SrsClients",
  "A part of the publishers and viewers.",
  { ...head, clients: z.array(client) },
);
export const srsOneClientSchema: z.ZodType<SrsOneClient> = documentOf<SrsOneClient>(
  "SrsOneClient",
  "One of them.",
  { ...head, client },
);
export const srsHeadSchema: z.ZodType<SrsHead> = documentOf<SrsHead>(
  "SrsDone",
  "It is done.",
  head,
);
export const srsFailureSchema: z.ZodType<SrsFailure> = documentOf<SrsFailure>(
  "SrsFailure",
  "It is not there: 2014 virtual host, 2048 stream, 2049 client.",
  { code: z.int().positive() },
);
