import { embedSnippets, publishSnippets, type Snippet, shareSnippets } from "../pages/snippets.ts";
import type { ServerFacts } from "./server-facts.ts";

/** What people copy of a stream. No text has a key or a token in it. */
export interface StreamSnippets {
  readonly share: readonly Snippet[];
  readonly obs: readonly Snippet[];
  readonly whip: readonly Snippet[];
  readonly ffmpeg: readonly Snippet[];
}

/**
 * Addresses begin with the first of `http.publicUrls`, else with where this page came from. `base` ends with a slash.
 */
export function streamSnippets(
  base: string,
  server: ServerFacts | undefined,
  stream: string,
): StreamSnippets {
  const outside = outsideBase(base, server);
  const rtmp = server?.addresses.find(({ protocol }) => protocol === "rtmp");
  const { ffmpeg, obs } = publishSnippets(new URL(outside).hostname, rtmp?.port ?? 1935, stream);
  return {
    share: [...shareSnippets(outside, stream), ...embedSnippets(outside, stream)],
    obs: server !== undefined && rtmp === undefined ? [] : obs,
    whip: [
      {
        id: "whip-server",
        label: "Server (OBS: Service WHIP)",
        text: `${outside}whip/${stream}`,
        long: false,
      },
    ],
    ffmpeg: server !== undefined && rtmp === undefined ? [] : ffmpeg,
  };
}

/** Where others reach this server; ends with a slash. */
export function outsideBase(base: string, server: ServerFacts | undefined): string {
  const [url] = server?.publicUrls ?? [];
  if (url === undefined || !URL.canParse(url)) return base;
  const path = `${new URL(url).pathname.replace(/\/+$/, "")}/`;
  return new URL(path, url).href;
}
