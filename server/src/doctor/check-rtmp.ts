import { randomBytes } from "node:crypto";
import { connect } from "node:net";
import { type Check, fail, ok } from "./report.ts";

/** Adobe RTMP specification 1.0 section 5.2: C0 and S0, C1 and S1, C2 and S2. */
const rtmpVersion = 3;
const handshakeBytes = 1536;

/** Shakes hands up to S1, and hangs up. RTMP specification 1.0 section 5.2.1. */
export async function checkRtmp(host: string, port: number, timeoutMs: number): Promise<Check> {
  const id = "rtmp";
  const outcome = await shakeHands(host, port, timeoutMs);
  if (outcome === "rtmp") return ok(id, `RTMP answers at ${host} port ${port}.`);
  if (outcome === "foreign") {
    return fail(
      id,
      "DOCTOR_RTMP_FOREIGN",
      `What answers at ${host} port ${port} does not speak RTMP.`,
      "Pass TCP through unchanged: RTMP is not HTTP, and no HTTP proxy can carry it.",
    );
  }
  return fail(
    id,
    "DOCTOR_RTMP_UNREACHABLE",
    `RTMP does not answer at ${host} port ${port}: ${outcome}.`,
    "Open that TCP port in the firewall, and publish it from the container.",
  );
}

/** `rtmp`, `foreign`, or in words why there was no answer. */
function shakeHands(host: string, port: number, timeoutMs: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    let received = 0;
    const finish = (outcome: string): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(outcome);
    };
    const timer = setTimeout(
      () => finish(received > 0 ? "foreign" : `no answer within ${timeoutMs} ms`),
      timeoutMs,
    );
    socket.on("connect", () => {
      const c1 = randomBytes(handshakeBytes);
      c1.fill(0, 0, 8);
      socket.write(Buffer.concat([Uint8Array.of(rtmpVersion), c1]));
    });
    socket.on("data", (bytes) => {
      if (received === 0 && bytes[0] !== rtmpVersion) finish("foreign");
      received += bytes.length;
      if (received > handshakeBytes) finish("rtmp");
    });
    socket.on("error", (error) => finish(error.message));
    socket.on("close", () => finish(received > 0 ? "foreign" : "the connection was closed"));
  });
}
