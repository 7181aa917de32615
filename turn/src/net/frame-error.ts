/** What a stream client sent is no message: its connection ends. */
export class FrameError extends Error {
  override readonly name = "FrameError";
  readonly code: "TURN_FRAME_TOO_LARGE" | "TURN_NO_FRAME";

  constructor(code: FrameError["code"], message: string) {
    super(message);
    this.code = code;
  }
}
