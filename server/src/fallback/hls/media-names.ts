/** What a client asks for below `.hls/`. */
export type HlsResource =
  | { readonly type: "playlist" }
  | { readonly type: "init" | "part" | "segment"; readonly epoch: string; readonly number: number };

export const playlistName = "index.m3u8";

const pattern = /^([\w-]{4,16})-(init|part|seg)(\d{1,15})\.(mp4|m4s)$/;
const types = { init: "init", part: "part", seg: "segment" } as const;

/**
 * Names of one stream's media. They carry the stream's epoch, so that a cache never takes the media of
 * an earlier stream of the same name for this one's.
 */
export class MediaNames {
  readonly #epoch: string;

  /** 4 to 16 characters of letters, digits, `_` and `-`. */
  constructor(epoch: string) {
    this.#epoch = epoch;
  }

  get epoch(): string {
    return this.#epoch;
  }

  init(id: number): string {
    return `${this.#epoch}-init${id}.mp4`;
  }

  part(sequence: number): string {
    return `${this.#epoch}-part${sequence}.m4s`;
  }

  segment(msn: number): string {
    return `${this.#epoch}-seg${msn}.m4s`;
  }
}

/** Undefined for what is none of ours. */
export function parseResource(rest: string): HlsResource | undefined {
  if (rest === playlistName) return { type: "playlist" };
  const [, epoch = "", kind = "", digits = "", extension] = pattern.exec(rest) ?? [];
  if (epoch === "" || (extension === "mp4") !== (kind === "init")) return undefined;
  return { type: types[kind as keyof typeof types], epoch, number: Number(digits) };
}
