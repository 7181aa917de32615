import { z } from "zod";
import type { Documents } from "./documents.ts";
import { type Operation, operation, simple, told } from "./operation.ts";
import { srsPageQuery } from "./schemas/queries.ts";
import {
  srsClientsSchema,
  srsFailureSchema,
  srsHeadSchema,
  srsOneClientSchema,
  srsOneVhostSchema,
  srsSummariesSchema,
  srsVersionsSchema,
  srsVhostsSchema,
} from "./schemas/srs.ts";
import type { SrsDocuments } from "./srs-documents.ts";

const common = { group: "srs", access: "admin" } as const;
const id = { id: "The id of a list's entry." };

/** What SRS has under the same prefix. What is not there is told with status 200, as it does. */
export function srsOperations(srs: SrsDocuments, documents: Documents): readonly Operation[] {
  return [
    simple(
      {
        ...common,
        id: "getSrsVersions",
        method: "GET",
        path: "/v1/versions",
        about: "The version, in SRS's shape.",
        document: srsVersionsSchema,
      },
      () => told(srs.versions()),
    ),
    simple(
      {
        ...common,
        id: "getSrsSummaries",
        method: "GET",
        path: "/v1/summaries",
        about: "The process and its machine, in SRS's shape.",
        document: srsSummariesSchema,
      },
      () => told(srs.summaries()),
    ),
    simple(
      {
        ...common,
        id: "listSrsVhosts",
        method: "GET",
        path: "/v1/vhosts",
        about: "The one virtual host, in SRS's shape.",
        document: srsVhostsSchema,
      },
      () => told(srs.vhosts()),
    ),
    simple(
      {
        ...common,
        id: "getSrsVhost",
        method: "GET",
        path: "/v1/vhosts/{id}",
        about: "A virtual host, in SRS's shape.",
        params: id,
        document: z.union([srsOneVhostSchema, srsFailureSchema]),
      },
      ({ params }) => told(srs.vhost(params["id"] ?? "")),
    ),
    operation(
      {
        ...common,
        id: "listSrsClients",
        method: "GET",
        path: "/v1/clients",
        about: "Publishers and viewers, in SRS's shape.",
        query: srsPageQuery,
        document: srsClientsSchema,
      },
      ({ query }) => told(srs.clients(query)),
    ),
    simple(
      {
        ...common,
        id: "getSrsClient",
        method: "GET",
        path: "/v1/clients/{id}",
        about: "A publisher or viewer, in SRS's shape.",
        params: id,
        document: z.union([srsOneClientSchema, srsFailureSchema]),
      },
      ({ params }) => told(srs.client(params["id"] ?? "")),
    ),
    simple(
      {
        ...common,
        id: "endSrsClient",
        method: "DELETE",
        path: "/v1/clients/{id}",
        about: "Ends the session of a publisher or viewer.",
        params: id,
        document: z.union([srsHeadSchema, srsFailureSchema]),
      },
      ({ params }) => {
        const ended = params["id"] ?? "";
        if (!documents.kick(ended)) return told(srs.clientNotFound);
        return { type: "document", document: srs.done, ended };
      },
    ),
  ];
}
