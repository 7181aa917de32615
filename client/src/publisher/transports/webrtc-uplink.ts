import type { Scheduler } from "../../player/scheduler.ts";
import type { SendSample } from "../send-stats.ts";
import type { PublishLink, PublishLinkEvents } from "./publish-link.ts";
import { PublishSession } from "./publish-session.ts";
import { noMedia, type SentMedia, type Uplink, type UplinkEvents } from "./uplink.ts";

export interface WebRtcUplinkOptions {
  readonly createLink: (events: PublishLinkEvents) => PublishLink;
  readonly createPeer: (configuration: RTCConfiguration) => RTCPeerConnection;
  readonly scheduler: Scheduler;
  readonly events: UplinkEvents;
}

/** Sends over WebRTC, negotiated by the signaling link. */
export class WebRtcUplink implements Uplink {
  readonly #options: WebRtcUplinkOptions;
  readonly #link: PublishLink;
  #media: SentMedia = noMedia;
  #session: PublishSession | undefined;
  #closed = false;

  constructor(options: WebRtcUplinkOptions) {
    this.#options = options;
    this.#link = options.createLink({
      link: (up) => {
        if (!this.#closed) options.events.link(up);
      },
    });
  }

  open(): void {
    this.#link.open();
  }

  begin(takeOver: boolean): void {
    if (this.#closed) return;
    this.#session?.close();
    const { scheduler, createPeer, events } = this.#options;
    /** Only the session of now is heard. */
    const heard = (tell: () => void) => {
      if (session === this.#session) tell();
    };
    const session: PublishSession = new PublishSession(
      {
        link: this.#link,
        takeOver,
        scheduler,
        createPeer,
        events: {
          status: (status) => heard(() => events.status(status)),
          connected: () => heard(() => events.connected()),
          interrupted: () => heard(() => events.interrupted()),
          failed: (code, message) => heard(() => events.failed(code, message)),
          lost: () => heard(() => events.lost()),
        },
      },
      this.#media,
    );
    this.#session = session;
    void session.start();
  }

  leave(): void {
    const session = this.#session;
    this.#session = undefined;
    session?.close();
  }

  setMedia(media: SentMedia): void {
    this.#media = media;
    this.#session?.setMedia(media);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.leave();
    this.#link.close();
  }

  async sample(): Promise<SendSample | undefined> {
    return this.#session?.sample();
  }
}
