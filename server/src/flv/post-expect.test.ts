import { connect } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import { flvFile } from "./test-flv.ts";
import { createPostRig, type PostRig } from "./test-rig.ts";

vi.setConfig({ testTimeout: 60_000 });

let rig: PostRig;
afterEach(() => rig.close());

const until = (condition: () => unknown): Promise<unknown> =>
  vi.waitFor(
    () => {
      if (!condition()) throw new Error("not yet");
    },
    { timeout: 30_000, interval: 2 },
  );

describe("what is somebody else's", () => {
  it.each([
    ["GET", "/live/cam.flv"],
    ["POST", "/live/cam"],
    ["POST", "/whip/cam.flv"],
    ["POST", "/api/v1/cam.flv"],
    ["OPTIONS", "/live/cam.flv"],
  ])("%s %s", async (method, path) => {
    rig = await createPostRig();
    const response = await fetch(rig.url + path, { method });
    expect(await response.text()).toBe("not ours");
    expect(rig.asked).toEqual([]);
  });
});

describe("Expect: 100-continue", () => {
  const head = (path: string): string =>
    `POST ${path} HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n`;

  function raw(path: string) {
    const socket = connect(rig.port, "127.0.0.1");
    const seen = { text: "" };
    socket.on("data", (bytes) => {
      seen.text += String(bytes);
    });
    socket.on("error", () => {});
    socket.write(head(path));
    return { socket, seen };
  }

  it("is answered once, after access is granted", async () => {
    rig = await createPostRig();
    let grant = (): void => {};
    rig.gate = new Promise<void>((resolve) => {
      grant = resolve;
    });
    const { socket, seen } = raw("/live/cam.flv");
    await until(() => rig.asked.length === 1);
    expect(seen.text).toBe("");
    grant();
    await until(() => seen.text.includes("100 Continue\r\n\r\n"));
    socket.write(`${flvFile.length.toString(16)}\r\n`);
    socket.write(flvFile);
    socket.write("\r\n0\r\n\r\n");
    await until(() => seen.text.includes("truncated"));
    expect(seen.text.match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 100", "HTTP/1.1 201"]);
    socket.destroy();
  });

  it("is answered with the refusal alone", async () => {
    rig = await createPostRig();
    const { socket, seen } = raw("/live/cam.flv?token=wrong");
    await until(() => seen.text.includes("UNAUTHORIZED"));
    expect(seen.text).toMatch(/^HTTP\/1\.1 401 /);
    socket.destroy();
  });
});
