export { FakeClock } from "./fake-clock.ts";
export { FakeGateway, FakeSession, liveStatus, offlineStatus } from "./fake-gateway.ts";
