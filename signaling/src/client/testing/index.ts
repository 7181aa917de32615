export { FakeChannel, FakePeer } from "./fake-peer.ts";
