import { z } from "zod";
import { RefusedError } from "../core/errors.ts";
import { parseStreamName } from "../core/stream-name.ts";
import type { Documents } from "./documents.ts";
import type { EventFeed } from "./event-feed.ts";
import type { History } from "./history.ts";
import { openApiDocument } from "./openapi.ts";
import { type Described, type Operation, operation, simple, told } from "./operation.ts";
import { beaconSchema } from "./schemas/beacons.ts";
import { eventSchema } from "./schemas/events.ts";
import { historySchema } from "./schemas/history.ts";
import {
  eventsQuery,
  figureNames,
  figuresQuery,
  historyQuery,
  type Shape,
  sessionsQuery,
  streamQuery,
  streamsQuery,
} from "./schemas/queries.ts";
import { serverSchema } from "./schemas/server.ts";
import { publishersSchema, sessionSchema, viewersSchema } from "./schemas/sessions.ts";
import { srsFailureSchema, srsOneStreamSchema, srsStreamsSchema } from "./schemas/srs.ts";
import { figuresSchema, streamSchema, streamsSchema } from "./schemas/streams.ts";
import type { SrsDocuments } from "./srs-documents.ts";
import { srsOperations } from "./srs-operations.ts";

export interface ApiParts {
  readonly documents: Documents;
  readonly srs: SrsDocuments;
  readonly events: EventFeed;
  readonly history: History;
  /** `/streams` speaks as SRS does when it is not told how. */
  readonly srsStreams: boolean;
}

const name = { name: "The stream's name, such as `live/cam`, its slashes as they are." };
const id = { id: "The session's id." };

/** Taken by `beacons/`, before requests come here. */
const tellExperience: Described = {
  id: "tellExperience",
  method: "POST",
  path: "/v1/beacons",
  group: "sessions",
  about:
    "Players tell what their viewers see. The answer is the same whether or not somebody of that name watches.",
  access: "anybody",
  body: beaconSchema,
  refusals: [400, 403, 408, 413, 429],
};

/** Every address of the API: what is served, and what `openapi.json` describes. */
export function apiOperations({
  documents,
  srs,
  events,
  history,
  srsStreams,
}: ApiParts): readonly Operation[] {
  const isSrs = (shape: Shape | undefined): boolean =>
    (shape ?? (srsStreams ? "srs" : "millrace")) === "srs";
  const list: Operation[] = [
    simple(
      {
        id: "getServer",
        method: "GET",
        path: "/v1/server",
        group: "server",
        about: "What the server is and where it listens.",
        access: "admin",
        document: serverSchema,
      },
      () => told(documents.server()),
    ),
    operation(
      {
        id: "listStreams",
        method: "GET",
        path: "/v1/streams",
        group: "streams",
        about: "Streams by name, a page at a time.",
        access: "admin",
        query: streamsQuery,
        document: z.union([streamsSchema, srsStreamsSchema]),
      },
      ({ query }) => told(isSrs(query.shape) ? srs.streams(query) : documents.streams(query)),
    ),
    operation(
      {
        id: "getStream",
        method: "GET",
        path: "/v1/streams/{name}",
        group: "streams",
        about: "One stream. In SRS's words, and by its id too, for administrators.",
        access: "viewer",
        params: name,
        query: streamQuery,
        document: z.union([streamSchema, srsOneStreamSchema, srsFailureSchema]),
        refusals: [404],
      },
      ({ params, query, admin }) => {
        const stream = parseStreamName(params["name"] ?? "");
        if (admin && isSrs(query.shape)) return told(srs.stream(stream));
        const document = documents.stream(stream, admin);
        if (document === undefined) throw noStream(stream);
        return told(document);
      },
    ),
    operation(
      {
        id: "getFigures",
        method: "GET",
        path: "/v1/figures",
        group: "streams",
        about:
          "Figures of the moment of streams that somebody looks at, without their viewers one by one. Who is not there is left out.",
        access: "admin",
        query: figuresQuery,
        document: figuresSchema,
      },
      ({ query }) =>
        told({
          streams: figureNames(query.streams).flatMap(
            (one) => documents.stream(one, true, false) ?? [],
          ),
        }),
    ),
    operation(
      {
        id: "getHistory",
        method: "GET",
        path: "/v1/history",
        group: "server",
        about:
          "What the server was like in the last minutes, in columns of equal length, oldest first.",
        access: "admin",
        query: historyQuery,
        document: historySchema,
      },
      ({ query }) => told(history.document(query.after)),
    ),
    simple(
      {
        id: "endPublisher",
        method: "DELETE",
        path: "/v1/streams/{name}/publisher",
        group: "streams",
        about:
          "Ends the session of whoever publishes the stream now; the stream waits for its return.",
        access: "admin",
        params: name,
        refusals: [400, 404],
      },
      ({ params }) => {
        const stream = parseStreamName(params["name"] ?? "");
        const ended = documents.kickPublisher(stream);
        if (ended === undefined) throw noSession(`Nobody publishes ${stream} now.`);
        return { type: "done", ended };
      },
    ),
    operation(
      {
        id: "listPublishers",
        method: "GET",
        path: "/v1/publishers",
        group: "sessions",
        about: "Publishers of all streams, a page at a time.",
        access: "admin",
        query: sessionsQuery,
        document: publishersSchema,
      },
      ({ query }) => told(documents.publishers(query)),
    ),
    operation(
      {
        id: "listViewers",
        method: "GET",
        path: "/v1/viewers",
        group: "sessions",
        about: "Viewers of all streams over all transports, a page at a time.",
        access: "admin",
        query: sessionsQuery,
        document: viewersSchema,
      },
      ({ query }) => told(documents.viewers(query)),
    ),
    simple(
      {
        id: "getSession",
        method: "GET",
        path: "/v1/sessions/{id}",
        group: "sessions",
        about: "One session, of a publisher or a viewer.",
        access: "admin",
        params: id,
        document: sessionSchema,
        refusals: [404],
      },
      ({ params }) => {
        const document = documents.session(params["id"] ?? "");
        if (document === undefined) throw noSession("There is no such session now.");
        return told(document);
      },
    ),
    simple(
      {
        id: "endSession",
        method: "DELETE",
        path: "/v1/sessions/{id}",
        group: "sessions",
        about: "Ends a session with the reason KICKED.",
        access: "admin",
        params: id,
        refusals: [404],
      },
      ({ params }) => {
        const ended = params["id"] ?? "";
        if (!documents.kick(ended)) throw noSession("There is no such session now.");
        return { type: "done", ended };
      },
    ),
    operation(
      {
        id: "listenToEvents",
        method: "GET",
        path: "/v1/events",
        group: "events",
        about:
          "What happens, as it happens: server-sent events, each with an id and one JSON document as data. Whoever comes back with `Last-Event-ID` is told what it missed, or how much of it is lost.",
        access: "admin",
        query: eventsQuery,
        document: eventSchema,
        isEvents: true,
        refusals: [503],
      },
      ({ query, lastEventId }) => {
        const { stream, after = lastEventId } = query;
        return { type: "events", listen: (listener) => events.listen({ stream, after }, listener) };
      },
    ),
    ...srsOperations(srs, documents),
    simple(
      {
        id: "getDescription",
        method: "GET",
        path: "/v1/openapi.json",
        group: "server",
        about: "This description, OpenAPI 3.1.",
        access: "anybody",
        document: z.looseObject({}).describe("OpenAPI 3.1."),
      },
      ({ base }) => ({
        type: "document",
        document: openApiDocument([...list, tellExperience], base),
        cacheControl: "public, max-age=60",
      }),
    ),
  ];
  return list;
}

function noStream(name: string): RefusedError {
  return new RefusedError("STREAM_NOT_FOUND", 404, `There is no stream ${name}.`);
}

function noSession(message: string): RefusedError {
  return new RefusedError("SESSION_NOT_FOUND", 404, message);
}
