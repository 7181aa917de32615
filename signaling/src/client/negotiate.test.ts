import { describe, expect, test } from "vitest";
import { type Description, SignalingError } from "../protocol/index.ts";
import { negotiate } from "./negotiate.ts";
import { FakeChannel, FakePeer } from "./testing/index.ts";

const answering = (): FakeChannel =>
  new FakeChannel((description) =>
    Promise.resolve({ type: "answer", sdp: `to ${description.sdp}` } as const),
  );

/** Lets everything that is on its way arrive. */
async function quiet(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

function failures(): { errors: unknown[]; failed: (error: unknown) => void } {
  const errors: unknown[] = [];
  return { errors, failed: (error) => void errors.push(error) };
}

describe("with the server", () => {
  test("a peer connection that has been waiting is offered at once, exactly once", async () => {
    const pc = new FakePeer("viewer", []);
    pc.transceivers = ["video", "audio"];
    const { errors, failed } = failures();
    negotiate(pc, answering(), { failed });
    pc.need();
    await quiet();
    expect(pc.trace).toEqual([
      "viewer createOffer",
      "viewer setLocal offer",
      "viewer setRemote answer",
    ]);
    expect(errors).toEqual([]);
  });

  test("what is sent is what was prepared", async () => {
    const pc = new FakePeer("viewer", []);
    const sent: string[] = [];
    const channel = new FakeChannel(async ({ sdp }) => {
      sent.push(sdp);
      return { type: "answer", sdp: "a" };
    });
    const { failed } = failures();
    negotiate(pc, channel, { failed, prepareOffer: (sdp) => `${sdp} stereo` });
    pc.need();
    await quiet();
    expect(sent).toEqual(["viewer offer 1 stereo"]);
  });

  test("an ICE restart is one more offer", async () => {
    const pc = new FakePeer("viewer", []);
    const { failed } = failures();
    negotiate(pc, answering(), { failed });
    pc.need();
    await quiet();
    pc.need();
    await quiet();
    expect(pc.trace.filter((step) => step.endsWith("setRemote answer"))).toHaveLength(2);
  });

  test("a refused offer is withdrawn, told once, and not repeated until asked", async () => {
    const pc = new FakePeer("viewer", []);
    const refusal = new SignalingError("SDP_UNSUPPORTED", "No H.264.");
    const channel = new FakeChannel(() => Promise.reject(refusal));
    const { errors, failed } = failures();
    const negotiating = negotiate(pc, channel, { failed });
    pc.need();
    await quiet();
    // The rollback makes the browser ask again.
    pc.need();
    await quiet();
    expect(errors).toEqual([refusal]);
    expect(pc.state).toBe("stable");
    expect(pc.trace).toEqual([
      "viewer createOffer",
      "viewer setLocal offer",
      "viewer setLocal rollback",
    ]);
    channel.answer = () => Promise.resolve({ type: "answer", sdp: "a" });
    negotiating.retry();
    await quiet();
    expect(pc.trace.at(-1)).toBe("viewer setRemote answer");
  });

  test.each(["createOffer", "setLocal offer", "setRemote answer"])(
    "when the browser refuses %s, that is told and the next offer goes out",
    async (step) => {
      const pc = new FakePeer("viewer", []);
      pc.refuse = step;
      const { errors, failed } = failures();
      const negotiating = negotiate(pc, answering(), { failed });
      pc.need();
      await quiet();
      expect(errors).toEqual([new Error(`refused ${step}`)]);
      pc.refuse = "";
      negotiating.retry();
      await quiet();
      expect(pc.trace.at(-1)).toBe("viewer setRemote answer");
      expect(errors).toHaveLength(1);
    },
  );

  test("candidates go out as they come, and those that come wait for the answer", async () => {
    const pc = new FakePeer("viewer", []);
    let answer = (_description: Description): void => {};
    const channel = new FakeChannel(
      () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
    );
    const { errors, failed } = failures();
    negotiate(pc, channel, { failed });
    pc.need();
    await quiet();
    pc.gather({ candidate: "mine", sdpMid: "0" });
    pc.gather(null);
    for (const line of ["a", "bad", "b"]) channel.events.emit("candidate", { candidate: line });
    await quiet();
    expect(pc.added).toEqual([]);
    answer({ type: "answer", sdp: "x" });
    await quiet();
    channel.events.emit("candidate", null);
    await quiet();
    expect(pc.added).toEqual(["a", "b", null]);
    expect(channel.sent).toMatchObject([{ candidate: "mine", sdpMid: "0" }, null]);
    expect(errors).toEqual([]);
  });

  test("nothing happens after close or bye, and no listener stays", async () => {
    for (const end of ["close", "bye"] as const) {
      const pc = new FakePeer("viewer", []);
      let answer = (_description: Description): void => {};
      const channel = new FakeChannel(
        () =>
          new Promise((resolve) => {
            answer = resolve;
          }),
      );
      const { errors, failed } = failures();
      const negotiating = negotiate(pc, channel, { failed });
      pc.need();
      await quiet();
      if (end === "close") negotiating.close();
      else channel.events.emit("bye", { reason: "X" });
      negotiating.close();
      answer({ type: "answer", sdp: "late" });
      channel.events.emit("description", { type: "offer", sdp: "late" });
      await quiet();
      expect(pc.trace).toEqual(["viewer createOffer", "viewer setLocal offer"]);
      expect([pc.listeners, errors]).toEqual([0, []]);
    }
  });
});

describe("asked to renegotiate", () => {
  const offersOf = (pc: FakePeer): number =>
    pc.trace.filter((step) => step.endsWith("createOffer")).length;

  test("an offer goes out, though the peer connection needs none", async () => {
    const pc = new FakePeer("viewer", []);
    const channel = answering();
    const { errors, failed } = failures();
    negotiate(pc, channel, { failed });
    channel.events.emit("renegotiate", undefined);
    await quiet();
    expect(pc.trace.at(-1)).toBe("viewer setRemote answer");
    expect([offersOf(pc), errors]).toEqual([1, []]);
  });

  test("while an offer is out, another follows its answer", async () => {
    const pc = new FakePeer("viewer", []);
    const answers: ((answer: Description) => void)[] = [];
    const channel = new FakeChannel(() => new Promise((resolve) => void answers.push(resolve)));
    const { errors, failed } = failures();
    negotiate(pc, channel, { failed });
    pc.need();
    await quiet();
    channel.events.emit("renegotiate", undefined);
    await quiet();
    expect(offersOf(pc)).toBe(1);
    answers[0]?.({ type: "answer", sdp: "a" });
    await quiet();
    expect([offersOf(pc), errors]).toEqual([2, []]);
  });

  test("and the other side offers first: the offer that was withdrawn is made up for", async () => {
    const pc = new FakePeer("polite", []);
    const channel = new FakeChannel(() => Promise.resolve(undefined));
    const { errors, failed } = failures();
    negotiate(pc, channel, { failed });
    channel.events.emit("renegotiate", undefined);
    await quiet();
    channel.events.emit("description", { type: "offer", sdp: "theirs" });
    await quiet();
    expect(pc.trace).toEqual([
      "polite createOffer",
      "polite setLocal offer",
      "polite setRemote offer",
      "polite createAnswer",
      "polite setLocal answer",
      "polite createOffer",
      "polite setLocal offer",
    ]);
    expect(errors).toEqual([]);
  });
});

describe("who begins", () => {
  test("the one who awaits the other's offer makes none before it", async () => {
    const pc = new FakePeer("polite", []);
    pc.transceivers = ["video"];
    const channel = answering();
    const { errors, failed } = failures();
    negotiate(pc, channel, { failed, opening: "await" });
    pc.need();
    await quiet();
    expect(pc.trace).toEqual([]);
    channel.events.emit("description", { type: "offer", sdp: "theirs" });
    await quiet();
    pc.need();
    await quiet();
    expect(pc.trace).toEqual([
      "polite setRemote offer",
      "polite createAnswer",
      "polite setLocal answer",
      "polite createOffer",
      "polite setLocal offer",
      "polite setRemote answer",
    ]);
    expect(errors).toEqual([]);
  });

  test("the one who has to begin offers even with nothing to send", async () => {
    const pc = new FakePeer("impolite", []);
    const { failed } = failures();
    negotiate(pc, answering(), { failed, opening: "offer", politeness: "impolite" });
    await quiet();
    expect(pc.trace.at(-1)).toBe("impolite setRemote answer");
  });
});

describe("between two browsers", () => {
  test("row 46: the eight steps in their order", async () => {
    const trace: string[] = [];
    const alice = new FakePeer("Alice", trace);
    const bob = new FakePeer("Bob", trace);
    const [toBob, toAlice] = FakeChannel.relay();
    for (const [channel, name] of [
      [toBob, "Alice"],
      [toAlice, "Bob"],
    ] as const) {
      const send = channel.answer;
      channel.answer = (description) => {
        trace.push(`${name} sends ${description.type}`);
        return send(description);
      };
    }
    const { errors, failed } = failures();
    negotiate(alice, toBob, { failed, politeness: "polite" });
    negotiate(bob, toAlice, { failed, politeness: "impolite" });
    alice.need();
    await quiet();
    expect(trace).toEqual([
      "Alice createOffer",
      "Alice setLocal offer",
      "Alice sends offer",
      "Bob setRemote offer",
      "Bob createAnswer",
      "Bob setLocal answer",
      "Bob sends answer",
      "Alice setRemote answer",
    ]);
    expect(errors).toEqual([]);
  });

  test("when both offer at once, the polite one gives way and both end stable", async () => {
    const trace: string[] = [];
    const polite = new FakePeer("polite", trace);
    const impolite = new FakePeer("impolite", trace);
    const [left, right] = FakeChannel.relay();
    const { errors, failed } = failures();
    negotiate(polite, left, { failed, politeness: "polite" });
    negotiate(impolite, right, { failed, politeness: "impolite" });
    polite.need();
    impolite.need();
    await quiet();
    expect([polite.state, impolite.state]).toEqual(["stable", "stable"]);
    expect(trace).toContain("polite createAnswer");
    expect(trace).not.toContain("impolite createAnswer");
    expect(errors).toEqual([]);
    polite.need();
    await quiet();
    expect(trace).toContain("impolite createAnswer");
  });

  test("an offer that comes while ours is being made replaces it", async () => {
    const pc = new FakePeer("polite", []);
    const [left, right] = FakeChannel.relay();
    const { errors, failed } = failures();
    negotiate(pc, left, { failed });
    pc.need();
    await Promise.resolve();
    left.events.emit("description", { type: "offer", sdp: "theirs" });
    const answers: Description[] = [];
    right.on("description", (description) => void answers.push(description));
    await quiet();
    expect(pc.trace).not.toContain("polite setLocal offer");
    expect(answers).toEqual([{ type: "answer", sdp: "polite answer" }]);
    expect(errors).toEqual([]);
  });
});
