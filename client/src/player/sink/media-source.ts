/** Media Source Extensions as this browser has them. */
export interface MediaSourceKind {
  /** `ManagedMediaSource`: all that iPhones have; the browser evicts by itself. */
  readonly managed: boolean;
  create(): MediaSource;
  isTypeSupported(mime: string): boolean;
}

interface MediaSourceConstructor {
  new (): MediaSource;
  isTypeSupported(mime: string): boolean;
}

/** Undefined where the browser has none. */
export function findMediaSource(
  scope: Readonly<Record<string, unknown>> = globalThis as unknown as Record<string, unknown>,
): MediaSourceKind | undefined {
  const plain = scope["MediaSource"] as MediaSourceConstructor | undefined;
  const managed = scope["ManagedMediaSource"] as MediaSourceConstructor | undefined;
  const found = plain ?? managed;
  if (found === undefined) return undefined;
  return {
    managed: plain === undefined,
    create: () => new found(),
    isTypeSupported: (mime) => found.isTypeSupported(mime),
  };
}

/** The part of a `<video>` by which a source is attached. */
export interface SourceElement {
  src: string;
  srcObject: MediaProvider | null;
  disableRemotePlayback: boolean;
  removeAttribute(name: string): void;
  load(): void;
}

/** Shows `source` on the element; returns how to let go of it, which clears the element. */
export function attachSource(
  element: SourceElement,
  source: MediaSource,
  managed: boolean,
): () => void {
  if (managed) {
    // Without AirPlay as an alternative source a managed one opens only when that is switched off.
    element.disableRemotePlayback = true;
    element.srcObject = source;
    return () => {
      element.srcObject = null;
      element.load();
    };
  }
  const url = URL.createObjectURL(source);
  if (element.srcObject !== null) element.srcObject = null;
  element.src = url;
  return () => {
    URL.revokeObjectURL(url);
    element.removeAttribute("src");
    element.load();
  };
}

/** Which kinds of tracks a MIME type with codecs names: `va`, `v`, `a` or nothing. RFC 6381. */
export function trackKinds(mime: string): string {
  const codecs = /codecs="?([^"]*)"?/.exec(mime)?.[1]?.split(",") ?? [];
  const kinds = codecs.map((codec) =>
    /^\s*(mp4a|opus|flac|mp3|ac-3|ec-3)/i.test(codec) ? "a" : codec.trim() === "" ? "" : "v",
  );
  return [...kinds].sort().reverse().join("");
}
