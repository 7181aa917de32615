import { once } from "node:events";
import { connect } from "node:net";
import { describe, expect, it } from "vitest";
import { HlsRig, resolvePath, urisOf } from "./test-hls.ts";

describe("a client that takes nothing", () => {
  it("is cut off after some time, and others go on", { timeout: 30_000 }, async () => {
    // More than the kernel keeps for a connection of loopback.
    const rig = new HlsRig({ limits: { stallMs: 1500 }, core: { gopMaxBytes: 64 * 1024 * 1024 } });
    await rig.listen();
    rig.announce().play(3500, { size: 600_000 });
    const path = await rig.join();
    const uris = urisOf(await rig.text(path)).map((uri) => resolvePath(path, uri));
    const segment = uris.find((uri) => uri.includes("-seg")) ?? "";
    const { hostname, port } = new URL(rig.url);
    const socket = connect(Number(port), hostname);
    socket.pause();
    socket.on("error", () => {});
    await once(socket, "connect");
    await rig.until(() => rig.connections === 2);
    socket.write(`GET ${segment} HTTP/1.1\r\nHost: test\r\n\r\n`);
    const whole = await rig.bytes(segment);
    expect(whole.byteLength).toBeGreaterThan(20_000_000);
    await rig.until(() => rig.connections === 1);
    socket.resume();
    await once(socket, "close");
    expect(socket.bytesRead).toBeLessThan(whole.byteLength);
    const [viewer] = rig.stream.viewers.values();
    const stats = viewer?.info.stats?.() as { readonly bytesSent: number } | undefined;
    expect(stats?.bytesSent).toBeGreaterThanOrEqual(whole.byteLength);
    expect(stats?.bytesSent).toBeLessThan(2 * whole.byteLength);
    await rig.close();
  });
});
