import { expect, it } from "vitest";
import { embedSnippets, publishSnippets, shareSnippets } from "./snippets.ts";

it("splits app and key as OBS wants them", () => {
  const { obs, ffmpeg, gstreamer } = publishSnippets("mill.example", 1935, "live/cam");
  expect(obs.map(({ text }) => text)).toEqual(["rtmp://mill.example/live", "cam"]);
  expect(ffmpeg[0]?.text).toMatch(/-f flv rtmp:\/\/mill\.example\/live\/cam$/);
  expect(gstreamer[0]?.text).toContain("location=rtmp://mill.example/live/cam \\\n");
});

it("names the port where it is not RTMP's own, and keeps deeper apps", () => {
  const { obs } = publishSnippets("mill.example", 19350, "a/b/cam");
  expect(obs.map(({ text }) => text)).toEqual(["rtmp://mill.example:19350/a/b", "cam"]);
  expect(publishSnippets("h", 1935, "cam").obs[0]?.text).toBe("rtmp://h/live");
});

it("shares and embeds below the server's path", () => {
  const base = "https://mill.example/tv/";
  expect(shareSnippets(base, "live/cam")[0]?.text).toBe("https://mill.example/tv/live/cam");
  const [element, frame] = embedSnippets(base, "live/cam");
  expect(element?.text).toContain('src="https://mill.example/tv/player.js"');
  expect(element?.text).toContain('<millrace-player src="https://mill.example/tv/live/cam"');
  expect(frame?.text).toContain('src="https://mill.example/tv/embed/live/cam"');
});

it("embeds nothing over http into a page that came over https", () => {
  const schemes = (base: string) =>
    embedSnippets(base, "live/cam").flatMap(({ text }) =>
      [...text.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, address]) =>
        address?.startsWith("//mill.example:8080/tv/")
          ? new URL(address, "https://page.example").protocol
          : address?.replace(/\/\/.*/, ""),
      ),
    );
  expect(new Set(schemes("http://mill.example:8080/tv/"))).toEqual(new Set(["https:"]));
  expect(new Set(schemes("https://mill.example/tv/"))).toEqual(new Set(["https:"]));
  // Browsers take what comes from the machine itself for safe.
  for (const host of ["localhost", "127.0.0.1", "[::1]", "mill.localhost"]) {
    expect(new Set(schemes(`http://${host}:8080/`))).toEqual(new Set(["http:"]));
  }
  expect(shareSnippets("http://mill.example/", "live/cam")[0]?.text).toMatch(/^http:/);
});
