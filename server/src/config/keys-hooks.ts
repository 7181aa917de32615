import { isHookUrl, isSigningSecret } from "./checks.ts";
import { integer, type KeySpec, list, type SpecsOf, text } from "./kinds.ts";

const urlWords = {
  allowed: "an http or https address",
  placeholder: "<url>",
  // Back ends put keys into addresses.
  secret: true,
};

const askUrl = (about: string): KeySpec<string> =>
  text({ ...urlWords, default: "", check: (value) => value === "" || isHookUrl(value), about });

const urls = (about: string): KeySpec<readonly string[]> =>
  list({ ...urlWords, placeholder: "<url,…>", default: [], max: 4, check: isHookUrl, about });

export const hookKeys: SpecsOf<"hooks" | "srsHooks" | "mistTriggers"> = {
  "hooks.publishUrl": askUrl(
    "Is asked by POST before somebody publishes, and may refuse, rename and limit; see hooks.md. Without a publish token, auth.publishWithoutToken auto is anybody then.",
  ),
  "hooks.playUrl": askUrl("Is asked by POST before somebody watches, and may refuse and limit."),
  "hooks.callUrl": askUrl("Is asked by POST before a browser takes a place in a direct call."),
  "hooks.eventUrls": list({
    ...urlWords,
    placeholder: "<url,…>",
    default: [],
    max: 4,
    check: isHookUrl,
    about: "Are told by POST what begins, changes and ends.",
  }),
  "hooks.secrets": list({
    default: [],
    max: 2,
    check: isSigningSecret,
    allowed: "16 to 512 characters",
    placeholder: "<secret,…>",
    secret: true,
    about: "What requests to hooks are signed with (header Millrace-Signature), each of them.",
  }),
  "hooks.timeoutSeconds": integer({
    default: 3,
    min: 1,
    max: 30,
    unit: "seconds",
    about: "How long an answer is waited for; then it is no.",
  }),
  "hooks.playCacheSeconds": integer({
    default: 60,
    min: 0,
    max: 86_400,
    unit: "seconds",
    about:
      "How long the answer about a viewer counts for the same address, token and way to watch.",
  }),
  "hooks.caFile": text({
    default: "",
    check: (value) => value.length <= 4096,
    allowed: "the path of a file",
    placeholder: "<file>",
    about:
      "Certificates of authorities of your own, in PEM, for https addresses of hooks; the public ones count as well.",
  }),
  "srsHooks.connectUrls": urls(
    "Asked as SRS's on_connect before anybody publishes or watches; for back ends that were written for SRS, see hooks.md.",
  ),
  "srsHooks.publishUrls": urls("Asked as on_publish before somebody publishes."),
  "srsHooks.playUrls": urls("Asked as on_play before somebody watches."),
  "srsHooks.unpublishUrls": urls("Told as on_unpublish that a publisher is gone."),
  "srsHooks.stopUrls": urls("Told as on_stop that a viewer is gone."),
  "srsHooks.closeUrls": urls("Told as on_close that a client is gone, and what it sent and took."),
  "mistTriggers.rtmpPushRewriteUrls": urls(
    "Asked as MistServer's RTMP_PUSH_REWRITE before somebody publishes, and may refuse and rename; for back ends that were written for MistServer, see hooks.md.",
  ),
  "mistTriggers.pushRewriteUrls": urls("The same as PUSH_REWRITE."),
  "mistTriggers.userNewUrls": urls("Asked as USER_NEW before somebody watches."),
  "mistTriggers.userEndUrls": urls("Told as USER_END that a viewer is gone."),
  "mistTriggers.streamBufferUrls": urls("Told as STREAM_BUFFER how well streams are fed."),
};
