import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { createCertificate, type LocalCertificate } from "./dtls/certificate.ts";
import { ContentType } from "./dtls/record.ts";
import { TestDtlsClient } from "./dtls/test-client.ts";
import { writeTestCheck } from "./net/test-check.ts";
import type { Peer } from "./peer.ts";
import { credentialsOf, until } from "./test-peers.ts";

/** The other end of a peer for tests, on 127.0.0.1: one check, a DTLS client, and any datagram. */
export class TestRemote {
  readonly dtls: TestDtlsClient;
  readonly #certificate: LocalCertificate = createCertificate(0);
  readonly #socket: Socket = createSocket("udp4");
  readonly #port: number;
  /** Bytes of datagrams that came and went. */
  receivedBytes = 0;
  sentBytes = 0;

  constructor(port: number) {
    this.#port = port;
    const { der, privateKey } = this.#certificate;
    this.dtls = new TestDtlsClient({ der, privateKey });
    this.#socket.on("message", (datagram) => {
      this.receivedBytes += datagram.length;
      this.dtls.receive(datagram, 0);
      this.#flush();
    });
  }

  /** The offer with this end's fingerprint. */
  sign(offer: string): string {
    const line = `a=fingerprint:sha-256 ${this.#certificate.fingerprint}`;
    return offer.replaceAll(/a=fingerprint:.*/g, line);
  }

  /** Offers, lets the peer validate this address, and shakes hands. Gives the answer. */
  async join(peer: Pick<Peer, "answer">, offer: string): Promise<string> {
    const answer = await peer.answer(this.sign(offer));
    const { ufrag, pwd } = credentialsOf(answer);
    this.send(writeTestCheck({ username: `${ufrag}:x`, password: pwd, useCandidate: true }));
    await once(this.#socket, "message");
    this.dtls.start(0);
    this.#flush();
    await until(() => this.dtls.connected);
    return answer;
  }

  /** Its own port. */
  get port(): number {
    return this.#socket.address().port;
  }

  send(datagram: Uint8Array): void {
    this.sentBytes += datagram.length;
    this.#socket.send(datagram, this.#port, "127.0.0.1");
  }

  sendData(content: Uint8Array): void {
    this.send(this.dtls.sealed(ContentType.applicationData, content));
  }

  close(): void {
    this.#socket.close();
  }

  #flush(): void {
    for (let next = this.dtls.shiftOutput(); next !== undefined; next = this.dtls.shiftOutput()) {
      this.send(next);
    }
  }
}
