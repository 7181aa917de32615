import { Socket } from "node:net";
import { setPriority } from "node:os";
import { AV_LOG_QUIET } from "node-av/constants";
import { Codec, Log } from "node-av/lib";
import { type Hello, MessageType, protocolVersion, writeJson } from "../process/message.ts";
import { ChildSession } from "./child-session.ts";
import type { OpenJob } from "./codec-job.ts";
import { audioDecoders, encoders, videoDecoders } from "./codec-names.ts";
import { SoundJob } from "./sound-job.ts";
import { VideoInOrder } from "./video-in-order.ts";
import { VideoToJpeg } from "./video-to-jpeg.ts";

// The program of a codec process. It talks on file descriptor 3 and ends when that is closed.

/** The gateway bounds what it sends; this only keeps a bug from filling the memory. */
const maxMessageBytes = 64 * 1024 * 1024;
/** The gateway's own event loop goes first. */
const niceness = 5;

const [maxBytesText] = process.argv.slice(2);
const pipe = new Socket({ fd: 3, readable: true, writable: true });
const session = new ChildSession(openJob, send, Number(maxBytesText) || maxMessageBytes);

function openJob(...[request, output]: Parameters<OpenJob>): ReturnType<OpenJob> {
  switch (request.target) {
    case "opus":
    case "aac":
      return SoundJob.open(request, output);
    case "h264":
      return VideoInOrder.open(request, output);
    case "jpeg":
      return VideoToJpeg.open(request, output);
  }
}

/** What is made in one turn of the event loop leaves in one system call. */
function send(bytes: Uint8Array): void {
  if (pipe.writableCorked === 0) {
    pipe.cork();
    process.nextTick(() => pipe.uncork());
  }
  pipe.write(bytes);
}

// Ctrl-C and a service manager's stop reach the whole group; the gateway decides when we end.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => {});
pipe.on("error", () => process.exit(0));
pipe.on("close", () => process.exit(0));
pipe.on("end", () => process.exit(0));

try {
  setPriority(niceness);
} catch {
  // Not allowed in some containers, and not needed.
}
Log.setLevel(AV_LOG_QUIET);

const hello: Hello = {
  protocol: protocolVersion,
  decoders: [...audioDecoders, ...videoDecoders]
    .filter(([, name]) => Codec.findDecoderByName(name) !== null)
    .map(([codec]) => codec),
  encoders: [...encoders]
    .filter(([, name]) => Codec.findEncoderByName(name) !== null)
    .map(([codec]) => codec),
};
pipe.on("data", (bytes: Buffer) => session.receive(bytes));
pipe.write(writeJson(MessageType.hello, 0, hello));
