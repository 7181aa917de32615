/** Something that people copy. */
export interface Snippet {
  /** Stable. */
  readonly id: string;
  readonly label: string;
  readonly text: string;
  /** Shown over several lines. */
  readonly long: boolean;
}

const defaultRtmpPort = 1935;

/** What an encoder needs to publish to `stream` (such as `live/cam`) on `host`. */
export function publishSnippets(
  host: string,
  rtmpPort: number,
  stream: string,
): Readonly<Record<"obs" | "ffmpeg" | "gstreamer", readonly Snippet[]>> {
  const slash = stream.lastIndexOf("/");
  const app = slash < 0 ? "live" : stream.slice(0, slash);
  const key = stream.slice(slash + 1);
  const server = `rtmp://${host}${rtmpPort === defaultRtmpPort ? "" : `:${rtmpPort}`}/${app}`;
  const url = `${server}/${key}`;
  return {
    obs: [
      { id: "obs-server", label: "Server", text: server, long: false },
      { id: "obs-key", label: "Stream key", text: key, long: false },
    ],
    ffmpeg: [
      {
        id: "ffmpeg",
        label: "Command",
        text: shell([
          "ffmpeg -re -i input.mp4",
          "-c:v libx264 -preset veryfast -tune zerolatency",
          "-g 60 -pix_fmt yuv420p",
          "-c:a aac -b:a 128k -ar 48000",
          `-f flv ${url}`,
        ]),
        long: true,
      },
    ],
    gstreamer: [
      {
        id: "gstreamer",
        label: "Command",
        text: shell([
          "gst-launch-1.0 -e",
          "videotestsrc is-live=true",
          "! video/x-raw,width=1280,height=720",
          "! x264enc tune=zerolatency key-int-max=60",
          "! h264parse ! flvmux name=mux streamable=true",
          `! rtmpsink location=${url}`,
          "audiotestsrc is-live=true ! voaacenc ! aacparse ! mux.",
        ]),
        long: true,
      },
    ],
  };
}

/** The address of a stream's page, for passing on. Never with a token. */
export function shareSnippets(base: string, stream: string): readonly Snippet[] {
  return [{ id: "share-link", label: "Link", text: `${base}${stream}`, long: false }];
}

/** Ways to put a stream into another page. Never with a token. */
export function embedSnippets(base: string, stream: string): readonly Snippet[] {
  const from = embedBase(base);
  return [
    {
      id: "embed-element",
      label: "Element",
      text: [
        `<script type="module" src="${from}player.js"></script>`,
        `<millrace-player src="${from}${stream}"`,
        "  autoplay muted controls></millrace-player>",
        `<noscript><a href="${from}${stream}">Watch ${stream}</a></noscript>`,
      ].join("\n"),
      long: true,
    },
    {
      id: "embed-iframe",
      label: "Frame",
      text: [
        `<iframe src="${from}embed/${stream}"`,
        `  width="960" height="540" title="${stream}"`,
        '  allow="autoplay; fullscreen; picture-in-picture"></iframe>',
      ].join("\n"),
      long: true,
    },
  ];
}

/**
 * What other pages load from. A page that came over https is not let load over http (W3C Mixed Content), so a server that
 * was reached by http is asked for by the page's own scheme. Over https, and from this machine, everybody may load.
 */
function embedBase(base: string): string {
  const { protocol, hostname } = new URL(base);
  const trusted = /^(?:localhost|.*\.localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname);
  return protocol === "http:" && !trusted ? base.slice(protocol.length) : base;
}

/** One command over several lines. */
function shell(lines: readonly string[]): string {
  return lines.join(" \\\n  ");
}
