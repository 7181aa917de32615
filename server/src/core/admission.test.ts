import { expect, test } from "vitest";
import { admit } from "./admission.ts";
import { RefusedError } from "./errors.ts";
import type { Access, AccessRequest, Grant } from "./ports.ts";

const asked: AccessRequest = {
  action: "publish",
  stream: "live/key",
  token: undefined,
  address: "192.0.2.1",
  transport: "rtmp",
  userAgent: undefined,
};

const giving = (grant: Grant | undefined): Access => ({ authorize: async () => grant });

test("what the seam does not say is as asked", async () => {
  expect(await admit(giving(undefined), asked)).toEqual({
    stream: "live/key",
    session: expect.stringMatching(/^[\w-]{16,}$/),
  });
});

test("a publisher goes on under the name that it is given", async () => {
  const grant = { stream: "live/cam", user: "eva", expiresWallMs: 5 };
  expect(await admit(giving(grant), asked)).toMatchObject(grant);
});

test("a new name that is none is refused", async () => {
  await expect(admit(giving({ stream: "../etc" }), asked)).rejects.toMatchObject({
    code: "STREAM_NAME_INVALID",
  });
});

test("a viewer keeps the name that it asked for", async () => {
  const grant = await admit(giving({ stream: "live/cam", user: "eva" }), {
    ...asked,
    action: "play",
  });
  expect(grant).toMatchObject({ stream: "live/key", user: "eva" });
});

test("a refusal goes through", async () => {
  const access: Access = {
    authorize: async () => {
      throw new RefusedError("FORBIDDEN", 403, "no");
    },
  };
  await expect(admit(access, asked)).rejects.toMatchObject({ code: "FORBIDDEN" });
});

test("a session keeps the id that it has, or that whoever allowed it knows it by", async () => {
  const own = await admit(giving(undefined), { ...asked, id: "the-connection" });
  expect(own.session).toBe("the-connection");
  const known = await admit(giving({ stream: "live/cam", session: "the-first" }), {
    ...asked,
    id: "another",
  });
  expect(known.session).toBe("the-first");
});
