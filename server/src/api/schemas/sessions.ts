import { z } from "zod";
import type { PublisherFigures, ViewerFigures } from "../../core/index.ts";
import { amount, count, documentOf, figuresOf, named, text, time } from "./schema.ts";

/** Who publishes. */
export interface PublisherDocument {
  readonly id: string;
  readonly transport: string;
  readonly address: string;
  readonly userAgent?: string | undefined;
  readonly user?: string | undefined;
  readonly startedAt: string;
  /** Absent in the list of streams. */
  readonly stats?: PublisherFigures | undefined;
}

/** What one client saw of a stream, over all its sessions that follow or accompany each other. */
export interface VisitDocument {
  readonly firstJoinedAt: string;
  readonly sessions: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
}

/** Who watches. */
export interface ViewerDocument {
  readonly id: string;
  readonly transport: string;
  readonly address: string;
  readonly userAgent?: string | undefined;
  readonly clientId?: string | undefined;
  readonly user?: string | undefined;
  readonly joinedAt: string;
  readonly visit: VisitDocument;
  readonly stats: ViewerFigures | null;
  /** What its player told last of how it plays. */
  readonly experience?: object | undefined;
}

export interface ListedPublisher extends PublisherDocument {
  readonly stream: string;
}
export interface ListedViewer extends ViewerDocument {
  readonly stream: string;
}
export interface PublishersDocument {
  readonly publishers: readonly ListedPublisher[];
  readonly next: string | null;
}
export interface ViewersDocument {
  readonly viewers: readonly ListedViewer[];
  readonly next: string | null;
}
export type SessionDocument =
  | (ListedPublisher & { readonly role: "publisher" })
  | (ListedViewer & { readonly role: "viewer" });

const ratio = z.number().min(0).max(1);

export const viewerFiguresSchema: z.ZodType<ViewerFigures> = figuresOf<ViewerFigures>(
  "ViewerFigures",
  "What a viewer's session measures, as far as its transport knows; some add figures of their own.",
  {
    bytesSent: count.describe("To the viewer, without IP, UDP and TCP headers."),
    bytesReceived: count,
    bitrateBps: amount.describe("Towards the viewer, of the last seconds.").optional(),
    codecs: z.array(text).describe("RFC 6381, of what it is sent.").optional(),
    layer: text.describe("The simulcast layer that it is sent.").optional(),
    path: text.describe("How its media travels: udp, tcp, relay.").optional(),
    roundTripMs: amount.optional(),
    lossRatio: ratio.describe("Of packets, of the last report.").optional(),
    framesSent: count.optional(),
    framesDropped: count.describe("Not sent because it took them too slowly.").optional(),
    waitingBytes: count.describe("Wait here for it.").optional(),
  },
);

export const publisherFiguresSchema: z.ZodType<PublisherFigures> = figuresOf<PublisherFigures>(
  "PublisherFigures",
  "What a publisher's session measures, as far as its transport knows; some add figures of their own.",
  {
    bytesReceived: count
      .describe("From the publisher, without IP, UDP and TCP headers.")
      .optional(),
    bytesSent: count.optional(),
    roundTripMs: amount.optional(),
    lossRatio: ratio.optional(),
    jitterMs: amount.optional(),
    path: text.optional(),
  },
);

const transport = text.describe("Such as rtmp, whip, webrtc, http-flv, ll-hls.");
const address = text.describe("IP address without a port.");
const user = text.describe("Who it is, in the words of whoever allowed it.");

const publisherMembers = {
  id: text.describe("The session's id, the same in logs, hooks and events."),
  transport,
  address,
  userAgent: text.optional(),
  user: user.optional(),
  startedAt: time,
  stats: publisherFiguresSchema.describe("Absent in the list of streams.").optional(),
};

const visitSchema: z.ZodType<VisitDocument> = documentOf<VisitDocument>(
  "Visit",
  "What a client saw of the stream lately, over all its sessions.",
  {
    firstJoinedAt: time,
    sessions: count.describe("Those that are over included."),
    bytesSent: count,
    bytesReceived: count,
  },
);

const viewerMembers = {
  id: text.describe("The session's id, the same in logs, hooks and events."),
  transport,
  address,
  userAgent: text.optional(),
  clientId: text.describe("The same when the client comes back; told by itself.").optional(),
  user: user.optional(),
  joinedAt: time,
  visit: visitSchema,
  stats: viewerFiguresSchema.nullable(),
  experience: z
    .looseObject({})
    .describe("What its player told last: first frame, freezes, latency.")
    .optional(),
};

const stream = text.describe("The stream's name.");
const next = text.nullable().describe("Asks for the next page as `after`; null: this is the last.");

export const publisherSchema: z.ZodType<PublisherDocument> = documentOf<PublisherDocument>(
  "Publisher",
  "Who publishes a stream.",
  publisherMembers,
);
export const viewerSchema: z.ZodType<ViewerDocument> = documentOf<ViewerDocument>(
  "Viewer",
  "Who watches a stream.",
  viewerMembers,
);
const listedPublisher = documentOf<ListedPublisher>(
  "ListedPublisher",
  "A publisher with the stream that it feeds.",
  { stream, ...publisherMembers },
);
const listedViewer = documentOf<ListedViewer>("ListedViewer", "A viewer with what it watches.", {
  stream,
  ...viewerMembers,
});

export const publishersSchema: z.ZodType<PublishersDocument> = documentOf<PublishersDocument>(
  "Publishers",
  "A page of publishers, by stream.",
  { publishers: z.array(listedPublisher), next },
);
export const viewersSchema: z.ZodType<ViewersDocument> = documentOf<ViewersDocument>(
  "Viewers",
  "A page of viewers, by stream and in the order in which they came.",
  { viewers: z.array(listedViewer), next },
);
export const sessionSchema: z.ZodType<SessionDocument> = named<SessionDocument>(
  "Session",
  "One session, of a publisher or a viewer.",
  z.union([
    documentOf<ListedPublisher & { readonly role: "publisher" }>(
      "PublisherSession",
      "The session of a publisher.",
      { role: z.literal("publisher"), stream, ...publisherMembers },
    ),
    documentOf<ListedViewer & { readonly role: "viewer" }>(
      "ViewerSession",
      "The session of a viewer.",
      { role: z.literal("viewer"), stream, ...viewerMembers },
    ),
  ]),
);
