import { z } from "zod";
import type { Audience, Described } from "./operation.ts";
import { problemSchema } from "./schemas/problem.ts";
import { components } from "./schemas/schema.ts";

type Json = Record<string, unknown>;

const refusals: Readonly<Record<number, { readonly name: string; readonly about: string }>> = {
  400: { name: "Invalid", about: "The address or a parameter is not valid." },
  401: { name: "Unauthorized", about: "A valid token is needed." },
  403: { name: "Forbidden", about: "That is not allowed, and no other token would help." },
  404: { name: "NotFound", about: "There is no such thing now." },
  408: { name: "TooLate", about: "What was sent took too long." },
  413: { name: "TooLarge", about: "What was sent is larger than it may be." },
  429: { name: "TooMany", about: "Too many requests, or wrong tokens, came from this address." },
  503: {
    name: "Unavailable",
    about: "Not at the moment: a limit is reached, or keys are missing.",
  },
};

const groups: Readonly<Record<Described["group"], string>> = {
  server: "The server itself.",
  streams: "Streams and who publishes them.",
  sessions: "Publishers and viewers.",
  events: "What happens, as it happens.",
  srs: "The shapes of SRS, for consoles and back ends that were made for it.",
};

const byAudience: Readonly<Record<Audience, readonly number[]>> = {
  anybody: [],
  viewer: [400, 401, 403, 503],
  admin: [401, 403, 429, 503],
};

const security: Readonly<Record<Audience, readonly Json[]>> = {
  anybody: [{}],
  viewer: [{ bearer: [] }, { token: [] }, { basic: [] }, { admin: [] }, { pass: [] }, {}],
  admin: [{ bearer: [] }, { token: [] }, { basic: [] }, { admin: [] }, {}],
};

/** OpenAPI 3.1 of what is served below `base`, made from the schemas that the documents are typed by. */
export function openApiDocument(operations: readonly Described[], base: string): object {
  const paths: Record<string, Json> = {};
  for (const operation of operations) {
    const path = `/api${operation.path}`;
    paths[path] = { ...paths[path], [operation.method.toLowerCase()]: operationObject(operation) };
  }
  return {
    openapi: "3.1.1",
    info: {
      title: "Millrace",
      version: "1",
      summary: "A low-latency live gateway.",
      description:
        "Documents may get more members; what is here stays. Every refusal is a problem document with a stable code.",
    },
    servers: [{ url: base === "" ? "/" : base }],
    tags: Object.entries(groups).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      schemas: componentSchemas(),
      responses: Object.fromEntries(
        Object.values(refusals).map(({ name, about }) => [name, refusalObject(about)]),
      ),
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer" },
        token: { type: "apiKey", in: "query", name: "token" },
        basic: {
          type: "http",
          scheme: "basic",
          description: "Any user name; an administrator's token as password.",
        },
        admin: {
          type: "apiKey",
          in: "cookie",
          name: "millrace_admin",
          description: "Of the administrators' page.",
        },
        pass: {
          type: "apiKey",
          in: "cookie",
          name: "millrace_pass",
          description: "Of a stream's page.",
        },
      },
    },
  };
}

function operationObject(operation: Described): Json {
  const { id, about, access, group, document, isEvents = false, method } = operation;
  const statuses = new Set([
    ...byAudience[access],
    ...(operation.query === undefined ? [] : [400]),
    ...(operation.refusals ?? []),
  ]);
  const content = { schema: document === undefined ? undefined : schemaOf(document) };
  const answers: Record<string, unknown> =
    document === undefined
      ? { 204: { description: "It is done." } }
      : isEvents
        ? {
            200: {
              description: "Server-sent events; the schema is that of their data.",
              content: { "text/event-stream": content },
            },
          }
        : {
            200: {
              description: about,
              ...(method === "GET" && { headers: { ETag: { schema: { type: "string" } } } }),
              content: { "application/json": content },
            },
            ...(method === "GET" && {
              304: { description: "It is still what `If-None-Match` says." },
            }),
          };
  for (const status of [...statuses].sort()) {
    answers[status] = { $ref: `#/components/responses/${refusals[status]?.name}` };
  }
  return {
    operationId: id,
    summary: about,
    tags: [group],
    security: security[access],
    parameters: [...pathParameters(operation), ...queryParameters(operation)],
    ...(operation.body !== undefined && { requestBody: bodyObject(operation.body) }),
    responses: answers,
  };
}

/** Scripts send JSON as text where a type of its own would need a preflight. */
function bodyObject(body: z.ZodType): Json {
  const content = { schema: schemaOf(body) };
  return { required: true, content: { "application/json": content, "text/plain": content } };
}

function pathParameters({ params = {} }: Described): readonly Json[] {
  return Object.entries(params).map(([name, description]) => ({
    name,
    in: "path",
    required: true,
    description,
    schema: { type: "string" },
  }));
}

function queryParameters({ query, isEvents }: Described): readonly Json[] {
  const lastEventId = {
    name: "Last-Event-ID",
    in: "header",
    description: "The id of the last event that came.",
    schema: { type: "string" },
  };
  const known = query === undefined ? {} : (schemaOf(query)["properties"] as Record<string, Json>);
  const parameters = Object.entries(known).map(([name, { description, ...schema }]) => ({
    name,
    in: "query",
    ...(description !== undefined && { description }),
    schema,
  }));
  return isEvents === true ? [...parameters, lastEventId] : parameters;
}

function refusalObject(description: string): Json {
  return {
    description,
    headers: { "Retry-After": { schema: { type: "string" } } },
    content: { "application/problem+json": { schema: schemaOf(problemSchema) } },
  };
}

/** As it stands in the description: what has a name there by its name. */
function schemaOf(schema: z.ZodType): Json {
  const named = components.get(schema);
  if (named !== undefined) return { $ref: refOf(named.id) };
  const options = (schema as { readonly options?: readonly z.ZodType[] }).options;
  if (schema instanceof z.ZodUnion && options !== undefined) {
    return { anyOf: options.map(schemaOf) };
  }
  return cleaned(z.toJSONSchema(schema, { override: open }));
}

let made: Record<string, Json> | undefined;

function componentSchemas(): Record<string, Json> {
  if (made === undefined) {
    const { schemas } = z.toJSONSchema(components, { uri: refOf, override: open });
    made = Object.fromEntries(Object.entries(schemas).map(([id, one]) => [id, cleaned(one)]));
  }
  return made;
}

function refOf(id: string): string {
  return `#/components/schemas/${id}`;
}

/** Clients must not refuse what a later version adds. */
function open({ jsonSchema }: { readonly jsonSchema: z.core.JSONSchema.BaseSchema }): void {
  if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
}

/** Without what only whole JSON Schema documents say. */
function cleaned({ $schema: _schema, $id: _id, id: _name, ...schema }: Json): Json {
  return schema;
}
