import { beforeEach, describe, expect, test } from "vitest";
import { DEFAULT_SCTP_LIMITS } from "../data/sctp.ts";
import { type DataFields, DataFlag, readSack } from "./sctp-read.ts";
import { MAX_DUPLICATES, MAX_GAPS, SctpReceiver } from "./sctp-receiver.ts";
import { add32 } from "./serial.ts";

const LIMITS = {
  ...DEFAULT_SCTP_LIMITS,
  maxStreams: 4,
  maxMessageBytes: 1000,
  receiveWindowBytes: 4000,
  maxChunksAhead: 300,
};
/** So that numbers wrap, and their count of digits changes, within a few chunks. */
const INITIAL = 0xfffffffd;

let told: string[];
let receiver: SctpReceiver;

beforeEach(() => {
  told = [];
  receiver = new SctpReceiver(LIMITS, {
    message: (id, ppid, bytes) => void told.push(`${id}/${ppid}/${bytes.length}`),
    messageTooLong: (id) => void told.push(`${id} too long`),
  });
  receiver.begin(INITIAL);
});

/** A chunk that is a whole unordered message. */
function whole(n: number, fields: Partial<DataFields> = {}): DataFields {
  return {
    tsn: add32(INITIAL, n),
    streamId: 1,
    ssn: 0,
    ppid: 53,
    flags: DataFlag.begin | DataFlag.end | DataFlag.unordered,
    payload: new Uint8Array(10),
    ...fields,
  };
}

function sack() {
  const { bytes } = receiver.takeSack();
  const body = bytes.subarray(4);
  const read = readSack({ type: 3, flags: 0, body });
  return { ...read, duplicates: body.readUInt16BE(10) };
}

describe("what came is told", () => {
  test("in order, across the wrap", () => {
    for (let n = 0; n < 10; n++) receiver.data(whole(n));
    expect(told).toHaveLength(10);
    expect(sack()).toMatchObject({ cumulativeTsn: add32(INITIAL, 9), gaps: [], duplicates: 0 });
    expect(receiver.ackDue).toBe(false);
  });

  test("with gaps counted as numbers, not as text", () => {
    receiver.begin(998);
    const at = (tsn: number): DataFields => whole(0, { tsn });
    for (const tsn of [998, 1000, 1001, 1010, 999, 1005]) receiver.data(at(tsn));
    expect(sack()).toMatchObject({
      cumulativeTsn: 1001,
      gaps: [
        [4, 4],
        [9, 9],
      ],
    });
  });

  test("repeated chunks are told and change nothing", () => {
    receiver.data(whole(0));
    receiver.data(whole(2));
    receiver.data(whole(0));
    receiver.data(whole(2));
    expect(told).toHaveLength(2);
    expect(sack().duplicates).toBe(2);
    expect(sack().duplicates).toBe(0);
    for (let i = 0; i < MAX_DUPLICATES + 5; i++) receiver.data(whole(0));
    expect(sack().duplicates).toBe(MAX_DUPLICATES);
  });

  test("at most so many gaps", () => {
    for (let n = 1; n < 300; n += 2) receiver.data(whole(n));
    expect(sack().gaps).toHaveLength(MAX_GAPS);
  });
});

describe("limits", () => {
  test("a chunk too far ahead is left to be sent again", () => {
    receiver.data(whole(299));
    expect(told).toHaveLength(1);
    receiver.data(whole(300));
    expect(told).toHaveLength(1);
    expect(sack().gaps).toEqual([[300, 300]]);
  });

  test("streams beyond those agreed on are acknowledged and dropped", () => {
    receiver.data(whole(0, { streamId: 3 }));
    receiver.data(whole(1, { streamId: 4 }));
    expect(told).toEqual(["3/53/10"]);
    expect(sack().cumulativeTsn).toBe(add32(INITIAL, 1));
  });

  test("a message too long mutes its stream until it is reset", () => {
    const part = (n: number, flags: number): DataFields =>
      whole(n, { flags: flags | DataFlag.unordered, payload: new Uint8Array(500) });
    receiver.data(part(0, DataFlag.begin));
    receiver.data(part(1, 0));
    receiver.data(part(2, 0));
    receiver.data(part(3, DataFlag.end));
    receiver.data(whole(4));
    expect(told).toEqual(["1 too long"]);
    expect(receiver.bufferedBytes).toBe(0);
    expect(sack().cumulativeTsn).toBe(add32(INITIAL, 4));
    receiver.reset([1]);
    receiver.data(whole(5));
    expect(told).toEqual(["1 too long", "1/53/10"]);
  });

  test("the window shrinks with what is kept; beyond it only the missing chunk is taken", () => {
    const ahead = (n: number): DataFields =>
      whole(n, { flags: 0, payload: new Uint8Array(900), streamId: n % 3 });
    for (const n of [1, 3, 5, 7]) receiver.data(ahead(n));
    const { advertisedRwnd } = sack();
    expect(advertisedRwnd).toBe(4000 - receiver.bufferedBytes);
    receiver.data(ahead(9));
    expect(sack().gaps).toHaveLength(4);
    expect(receiver.data(ahead(0))).toBe(true);
    expect(sack()).toMatchObject({ cumulativeTsn: add32(INITIAL, 1), advertisedRwnd: 0 });
  });

  test("a peer that fills the window with what never ends has to go", () => {
    let n = 0;
    // Fragments without a beginning, none missing, never two of one message.
    const part = (): DataFields =>
      whole(n, { flags: 0, payload: new Uint8Array(100), streamId: n % 3 });
    while (n < 1000 && receiver.data(part())) n++;
    expect(receiver.bufferedBytes).toBeLessThanOrEqual(LIMITS.receiveWindowBytes);
    expect(n).toBeLessThan(40);
  });
});

test("what the peer gives up is skipped on its streams", () => {
  const ordered = (n: number, ssn: number): DataFields =>
    whole(n, { flags: DataFlag.begin | DataFlag.end, ssn });
  receiver.data(ordered(0, 0));
  receiver.data(ordered(3, 2));
  receiver.data(whole(2, { flags: DataFlag.end, ssn: 1, payload: new Uint8Array(500) }));
  expect(told).toHaveLength(1);
  receiver.forward({ cumulativeTsn: add32(INITIAL, 2), streams: [[1, 1]] });
  expect(told).toHaveLength(2);
  expect(receiver.bufferedBytes).toBe(0);
  expect(sack()).toMatchObject({ cumulativeTsn: add32(INITIAL, 3), gaps: [] });
  receiver.forward({ cumulativeTsn: add32(INITIAL, 1), streams: [[1, 0]] });
  expect(sack().cumulativeTsn).toBe(add32(INITIAL, 3));
});

test("a reset without streams is one of all", () => {
  const ordered = (n: number, streamId: number, ssn: number): DataFields =>
    whole(n, { flags: DataFlag.begin | DataFlag.end, streamId, ssn });
  receiver.data(ordered(0, 1, 0));
  receiver.data(ordered(1, 2, 0));
  receiver.reset([]);
  receiver.data(ordered(2, 1, 0));
  receiver.data(ordered(3, 2, 0));
  expect(told).toHaveLength(4);
});
