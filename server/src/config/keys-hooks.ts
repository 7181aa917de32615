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

export const hookKeys: SpecsOf<"hooks"> = {
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
};
