import type { ConfigPath } from "./config.ts";

type HookPath = Extract<ConfigPath, `${"hooks" | "srsHooks" | "mistTriggers"}.${string}`>;

/** For each key a text as in the environment, and the value that it stands for. */
export const hookSamples: Record<HookPath, readonly [text: string, value: unknown]> = {
  "hooks.publishUrl": ["https://a.example/ask?key=k", "https://a.example/ask?key=k"],
  "hooks.playUrl": ["http://10.0.0.1:3000/play", "http://10.0.0.1:3000/play"],
  "hooks.callUrl": ["https://a.example/call", "https://a.example/call"],
  "hooks.eventUrls": [
    "https://a.example/1,https://b.example/2",
    ["https://a.example/1", "https://b.example/2"],
  ],
  "hooks.secrets": ["a-secret-of-hooks", ["a-secret-of-hooks"]],
  "hooks.timeoutSeconds": ["30", 30],
  "hooks.playCacheSeconds": ["0", 0],
  "hooks.caFile": ["ca.pem", "ca.pem"],
  "srsHooks.connectUrls": ["https://a.example/x?key=k", ["https://a.example/x?key=k"]],
  "srsHooks.publishUrls": ["https://a.example/x?key=k", ["https://a.example/x?key=k"]],
  "srsHooks.playUrls": ["https://a.example/x?key=k", ["https://a.example/x?key=k"]],
  "srsHooks.unpublishUrls": ["https://a.example/x?key=k", ["https://a.example/x?key=k"]],
  "srsHooks.stopUrls": ["https://a.example/x?key=k", ["https://a.example/x?key=k"]],
  "srsHooks.closeUrls": ["https://a.example/x?key=k", ["https://a.example/x?key=k"]],
  "mistTriggers.rtmpPushRewriteUrls": ["https://a.example/x?key=k", ["https://a.example/x?key=k"]],
  "mistTriggers.pushRewriteUrls": ["https://a.example/x?key=k", ["https://a.example/x?key=k"]],
  "mistTriggers.userNewUrls": ["https://a.example/x?key=k", ["https://a.example/x?key=k"]],
  "mistTriggers.userEndUrls": ["https://a.example/x?key=k", ["https://a.example/x?key=k"]],
  "mistTriggers.streamBufferUrls": ["https://a.example/x?key=k", ["https://a.example/x?key=k"]],
};
