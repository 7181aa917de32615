import type { CaptureCode, Source } from "./capture-failure.ts";
import type { DeviceInfo } from "./devices.ts";

const lostCodes: Readonly<Record<Source, CaptureCode>> = {
  camera: "CAMERA_LOST",
  microphone: "MICROPHONE_LOST",
  screen: "SCREEN_ENDED",
};

/** Which sources are being opened, and why others give nothing. */
export class SourceStates {
  readonly #failures = new Map<Source, CaptureCode>();
  readonly #opening = new Set<Source>();

  /** Something that is wanted could not be had. */
  get lacksSomething(): boolean {
    return this.#failures.size > 0;
  }

  /** Why a source that is wanted gives nothing; undefined when it does, or is not wanted. */
  failure(source: Source): CaptureCode | undefined {
    return this.#failures.get(source);
  }

  /** The person is being asked, or the device starts. */
  isOpening(source: Source): boolean {
    return this.#opening.has(source);
  }

  /** A source is asked for: what was wrong with it before does not count any more. */
  begin(source: Source): void {
    this.#opening.add(source);
    this.#failures.delete(source);
  }

  /** The question is answered. */
  end(source: Source): void {
    this.#opening.delete(source);
  }

  fail(source: Source, code: CaptureCode): void {
    this.#failures.set(source, code);
  }

  /** It ended by itself; gives the code for that. */
  lose(source: Source): CaptureCode {
    const code = lostCodes[source];
    this.fail(source, code);
    return code;
  }

  /** The source is not wanted any more. */
  forget(source: Source): void {
    this.#failures.delete(source);
    this.#opening.delete(source);
  }

  /** Whether the device that is missed has just come; `id` empty: any of its kind will do. */
  isBack(
    source: "camera" | "microphone",
    id: string,
    before: readonly DeviceInfo[],
    now: readonly DeviceInfo[],
  ): boolean {
    if (!/_(LOST|NOT_FOUND)$/.test(this.failure(source) ?? "")) return false;
    const kind = source === "camera" ? "videoinput" : "audioinput";
    const suiting = (devices: readonly DeviceInfo[]) =>
      devices.filter((device) => device.kind === kind && (id === "" || device.deviceId === id));
    return suiting(now).length > suiting(before).length;
  }
}
