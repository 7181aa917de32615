import type { DatagramSocket } from "./datagram-socket.ts";
import type { IceHandler, IceSession } from "./ice-session.ts";
import { type TestCheck, writeTestCheck } from "./test-check.ts";

/** Keeps what is sent. */
export class RecordingSocket implements DatagramSocket {
  readonly family: 4 | 6 = 4;
  readonly sent: { bytes: Buffer; port: number; address: string }[] = [];
  send(datagram: Uint8Array, port: number, address: string): void {
    this.sent.push({ bytes: Buffer.from(datagram), port, address });
  }
}

/** Keeps what comes from validated addresses. */
export class RecordingHandler implements IceHandler {
  readonly dtls: Buffer[] = [];
  readonly media: Buffer[] = [];
  checks: number = 0;
  onDtls(datagram: Buffer): void {
    this.dtls.push(Buffer.from(datagram));
  }
  onMedia(datagram: Buffer): void {
    this.media.push(Buffer.from(datagram));
  }
  onCheck(): void {
    this.checks++;
  }
}

/** A check for a session, as a browser sends it or wrongly. */
export function checkFor(of: IceSession, extra: Partial<TestCheck> = {}): Buffer {
  const { ufrag, pwd } = of.credentials;
  return writeTestCheck({ username: `${ufrag}:them`, password: pwd, ...extra });
}

/** An RTP packet and a DTLS record, as far as telling them apart needs. */
export const RTP: Buffer = Buffer.from("80600001000000010102030401020304", "hex");
export const DTLS: Buffer = Buffer.from("16fefd0000000000000000000100", "hex");
