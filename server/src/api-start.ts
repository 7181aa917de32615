import {
  apiOperations,
  Documents,
  EventFeed,
  History,
  type Operation,
  type ServerFacts,
  SrsDocuments,
  watchMachine,
} from "./api/index.ts";
import type { Config } from "./config/index.ts";
import type { Clock, Registry } from "./core/index.ts";
import { version } from "./version.ts";

/** What the API tells is made from this. */
export interface ApiSurroundings
  extends Pick<
    ServerFacts,
    "addresses" | "transcoder" | "egress" | "isReady" | "certificates" | "experienceOf"
  > {
  readonly registry: Registry;
  readonly clock: Clock;
}

/** The API of a gateway. Whoever made it closes it. */
export interface Api {
  readonly documents: Documents;
  readonly operations: readonly Operation[];
  readonly events: EventFeed;
  /** Ends what listens to events, and takes no more samples. May be called twice. */
  close(): void;
}

export function createApi(config: Config, surroundings: ApiSurroundings): Api {
  const { registry, clock, ...facts } = surroundings;
  const { publicUrls, basePath } = config.http;
  const documents = new Documents(registry, {
    ...facts,
    version,
    startedWallMs: clock.wallMs(),
    publicUrls,
    basePath,
  });
  const events = new EventFeed(() => clock.wallMs());
  const { srsStreams } = config.api;
  const srs = new SrsDocuments(registry, clock, version);
  const history = new History({ registry, clock, machine: watchMachine() });
  const operations = apiOperations({ documents, srs, events, history, srsStreams });
  const close = (): void => {
    events.close();
    history.close();
  };
  return { documents, events, operations, close };
}
