import { describe, expect, it } from "vitest";
import { clientId } from "../client-id.ts";
import { failureOf, failureOfResponse, isCode } from "./media-failure.ts";
import { mediaRequest, plainMediaUrl } from "./media-request.ts";

const address = { base: "https://mill.example/video/", stream: "live/c+m", token: "s&cret" };

describe("addresses", () => {
  it("carry the token in a header on pages of the same origin", () => {
    expect(mediaRequest(address, ".poll", { media: "1" }, "https://mill.example")).toEqual({
      url: "https://mill.example/video/live/c+m.poll?media=1",
      headers: { Authorization: "Bearer s&cret" },
    });
  });

  it("carry it themselves elsewhere, so that nothing is asked for twice", () => {
    const { url, headers } = mediaRequest(address, ".flv", {}, "https://page.example");
    expect(new URL(url).searchParams.get("token")).toBe("s&cret");
    expect(headers).toEqual({});
  });

  it("say there by which name the viewer is known again, where no cookie does", () => {
    const client = clientId();
    const page = "https://page.example";
    const { url } = mediaRequest({ ...address, token: undefined }, ".flv", {}, page);
    expect(url).toBe(`https://mill.example/video/live/c+m.flv?client=${client}`);
    const socket = new URL(plainMediaUrl(address, ".flv", "ws", page));
    expect(socket.searchParams.get("client")).toBe(client);
    expect(plainMediaUrl(address, ".flv", "ws", "https://mill.example")).not.toContain("client");
  });

  it("carry nothing without a token", () => {
    const open = { ...address, token: undefined };
    const { url, headers } = mediaRequest(open, ".flv", {}, "https://mill.example");
    expect([url, headers]).toEqual(["https://mill.example/video/live/c+m.flv", {}]);
  });

  it("are as secure for WebSockets as for the page", () => {
    expect(plainMediaUrl(address, ".flv", "ws")).toBe(
      "wss://mill.example/video/live/c+m.flv?token=s%26cret",
    );
    const open = { base: "http://mill/", stream: "live/cam", token: undefined };
    expect(plainMediaUrl(open, ".flv", "ws")).toBe("ws://mill/live/cam.flv");
    expect(plainMediaUrl(open, ".m3u8")).toBe("http://mill/live/cam.m3u8");
  });
});

describe("refusals", () => {
  it("have the code of the problem document", () => {
    const body = JSON.stringify({ code: "VIEWERS_FULL", detail: "Too many." });
    expect(failureOf(503, body)).toEqual({ code: "VIEWERS_FULL", message: "Too many." });
  });

  it.each([
    [401, "", "UNAUTHORIZED"],
    [403, "{", "FORBIDDEN"],
    [404, "null", "STREAM_NOT_FOUND"],
    [404, '{"code":"<script>"}', "STREAM_NOT_FOUND"],
    [429, "[]", "RATE_LIMITED"],
    [504, "", "TIMEOUT"],
    [502, "<html>", "HTTP_502"],
    [418, "", "HTTP_REFUSED"],
    [404, `{"code":"A_CODE","x":"${"x".repeat(20_000)}"}`, "STREAM_NOT_FOUND"],
  ])("without one have a code for the status %i", (status, body, code) => {
    expect(failureOf(status, body).code).toBe(code);
  });

  it("are read from answers, of which only documents are read", async () => {
    const headers = { "Content-Type": "application/problem+json" };
    const body = '{"code":"KICKED","detail":"Go."}';
    expect(await failureOfResponse(new Response(body, { status: 403, headers }))).toEqual({
      code: "KICKED",
      message: "Go.",
    });
    const page = new Response("<html>", { status: 404, headers: { "Content-Type": "text/html" } });
    expect((await failureOfResponse(page)).code).toBe("STREAM_NOT_FOUND");
  });

  it("tell codes from other reasons", () => {
    expect(isCode("STREAM_ENDED")).toBe(true);
    for (const other of ["", "a", "A", "a reason", 7, undefined, `A${"B".repeat(64)}`]) {
      expect(isCode(other)).toBe(false);
    }
  });
});
