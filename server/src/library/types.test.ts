import type { IncomingMessage } from "node:http";
import type { Server as HttpsServer } from "node:https";
import express from "express";
import { expectTypeOf, it } from "vitest";
import {
  createGateway,
  type Gateway,
  type GatewayEvent,
  type GatewayOptions,
  type HookQuestion,
  loadConfig,
  type StreamReport,
  type ViewerFigures,
} from "./index.ts";

it("options are typed, functions among them", () => {
  const options = {
    http: { port: 0, basePath: "/video" },
    auth: { rules: [{ streams: "live/*", playTokens: ["a"] }] },
    hooks: {
      onPublish: (question) => {
        expectTypeOf(question).toEqualTypeOf<HookQuestion>();
        return { allow: true, stream: "live/cam", user: "anna" };
      },
      onPlay: async ({ token }) => token === "ticket",
      eventUrls: ["https://example.org/events"],
    },
    log: "debug",
  } satisfies GatewayOptions;
  expectTypeOf(options).toExtend<GatewayOptions>();
  expectTypeOf(createGateway).parameter(0).toEqualTypeOf<GatewayOptions | undefined>();
  expectTypeOf(createGateway).returns.toEqualTypeOf<Gateway>();
  // What the command reads is an option like any other.
  expectTypeOf(loadConfig().config).toExtend<GatewayOptions>();
  expectTypeOf(console).toExtend<NonNullable<GatewayOptions["log"]>>();

  // @ts-expect-error a port is a number
  createGateway.bind(undefined, { http: { port: "8080" } });
  // @ts-expect-error there is no such hook
  createGateway.bind(undefined, { hooks: { onPublsh: () => true } });
  // @ts-expect-error an answer that neither allows nor refuses
  createGateway.bind(undefined, { hooks: { onPlay: () => ({ stream: "live/cam" }) } });
});

it("events have what belongs to their type", () => {
  const gateway = createGateway({ log: false });
  gateway.on("publish.ended", (event) => {
    expectTypeOf(event.reason).toEqualTypeOf<string>();
    expectTypeOf(event.seconds).toEqualTypeOf<number>();
    expectTypeOf(event.session).toEqualTypeOf<string>();
  });
  gateway.on("stream.hint", (event) => {
    expectTypeOf(event.message).toEqualTypeOf<string>();
    // @ts-expect-error nobody published by a hint
    event.session;
  });
  expectTypeOf<GatewayEvent<"stream.live">["reason"]>().toEqualTypeOf<string>();
  // @ts-expect-error there is no such event
  gateway.off("stream.lost", () => {});
});

it("the rest is typed too", () => {
  const gateway = createGateway({ log: false });
  expectTypeOf(gateway.streams()).toEqualTypeOf<readonly StreamReport[]>();
  expectTypeOf(gateway.viewers()[0]?.figures).toEqualTypeOf<ViewerFigures | undefined>();
  expectTypeOf(gateway.addresses.rtmp?.port).toEqualTypeOf<number | undefined>();
  expectTypeOf(gateway).toExtend<AsyncDisposable>();
  expectTypeOf(gateway.mount).toBeCallableWith(express(), { path: "/video" });
  expectTypeOf(gateway.mount).toBeCallableWith(express.Router());
  expectTypeOf(gateway.mount).toBeCallableWith({} as HttpsServer);
  expectTypeOf<IncomingMessage>().not.toExtend<Parameters<Gateway["mount"]>[0]>();
});
