#!/usr/bin/python3
"""A WHIP and WHEP client on GStreamer's webrtcbin: a WebRTC stack (libnice, OpenSSL, libsrtp) that is not a browser's.

    gstreamer-webrtc.py publish|watch URL [--token TOKEN] [--video h264|vp8] [--width W] [--height H] [--fps F]

It says what happens as lines of JSON on standard output: what it counts are packets when it publishes, decoded
pictures and blocks of sound when it watches. SIGTERM ends the session by DELETE.
Needs of Debian: python3-gi, gir1.2-gst-plugins-bad-1.0, gstreamer1.0-nice, -plugins-{base,good,bad,ugly}, -libav.
"""

import argparse
import json
import signal
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstSdp", "1.0")
gi.require_version("GstWebRTC", "1.0")
from gi.repository import GLib, Gst, GstSdp, GstWebRTC  # noqa: E402

HTTP_TIMEOUT_S = 10
REPORT_INTERVAL_MS = 500
FRAGMENT_TYPE = "application/trickle-ice-sdpfrag"

ENCODERS = {
    "h264": "x264enc tune=zerolatency speed-preset=ultrafast threads=1 bitrate=1500 key-int-max={gop} bframes=0"
    " ! video/x-h264,profile=constrained-baseline"
    " ! rtph264pay pt=96 config-interval=-1 aggregate-mode=zero-latency"
    " ! application/x-rtp,media=video,encoding-name=H264,payload=96,clock-rate=90000",
    "vp8": "vp8enc deadline=1 cpu-used=8 threads=1 target-bitrate=1500000 keyframe-max-dist={gop}"
    " ! rtpvp8pay pt=96 picture-id-mode=15-bit"
    " ! application/x-rtp,media=video,encoding-name=VP8,payload=96,clock-rate=90000",
}
DECODERS = {
    "H264": "rtph264depay ! h264parse ! avdec_h264",
    "VP8": "rtpvp8depay ! vp8dec",
    "OPUS": "rtpopusdepay ! opusdec",
}


def say(event, **fields):
    print(json.dumps({"event": event, **fields}), flush=True)


class Session:
    """The HTTP side: one POST, PATCHes of candidates, one DELETE."""

    def __init__(self, url, token):
        self.endpoint = url
        self.token = token
        self.location = None
        self.entity_tag = None

    def ask(self, method, url, headers=None, body=None):
        request = urllib.request.Request(url, method=method, data=body, headers=headers or {})
        if self.token:
            request.add_header("Authorization", f"Bearer {self.token}")
        try:
            with urllib.request.urlopen(request, timeout=HTTP_TIMEOUT_S) as response:
                return response.status, response.headers, response.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read().decode()

    def open(self, offer):
        headers = {"Content-Type": "application/sdp"}
        status, headers, body = self.ask("POST", self.endpoint, headers, offer.encode())
        say("answered", status=status, body="" if status == 201 else body)
        if status != 201:
            return None
        self.location = urllib.parse.urljoin(self.endpoint, headers["Location"])
        self.entity_tag = headers["ETag"]
        return body

    def trickle(self, fragment):
        headers = {"Content-Type": FRAGMENT_TYPE, "If-Match": self.entity_tag or "*"}
        status, _, _ = self.ask("PATCH", self.location, headers, fragment.encode())
        say("trickled", status=status)

    def close(self):
        if self.location is not None:
            status, _, _ = self.ask("DELETE", self.location)
            say("deleted", status=status)


class Client:
    def __init__(self, args):
        self.args = args
        self.session = Session(args.url, args.token)
        self.loop = GLib.MainLoop()
        self.counts = {"video": 0, "audio": 0}
        self.size = None
        self.video_codec = None
        # Candidates wait until the session has an address; both sides of that are GStreamer's threads.
        self.lock = threading.Lock()
        self.waiting = []
        self.gathered = False
        self.fragment_head = None
        self.pipeline = Gst.Pipeline.new(None)
        self.pipeline.add(Gst.parse_bin_from_description(self.description(), False))
        self.webrtc = self.pipeline.get_by_name("webrtc")

    def description(self):
        webrtc = "webrtcbin name=webrtc bundle-policy=max-bundle latency=50 "
        if self.args.action == "watch":
            return webrtc
        encoder = ENCODERS[self.args.video].format(gop=self.args.fps * 2)
        picture = f"width={self.args.width},height={self.args.height},framerate={self.args.fps}/1"
        return (
            f"{webrtc} videotestsrc is-live=true pattern=ball ! video/x-raw,{picture} ! {encoder} ! webrtc. "
            "audiotestsrc is-live=true wave=sine freq=440 ! audio/x-raw,rate=48000,channels=2 ! opusenc "
            "! rtpopuspay pt=111 ! application/x-rtp,media=audio,encoding-name=OPUS,payload=111,clock-rate=48000 "
            "! webrtc."
        )

    def run(self):
        self.webrtc.connect("on-negotiation-needed", self.on_negotiation_needed)
        self.webrtc.connect("on-ice-candidate", self.on_candidate)
        self.webrtc.connect("notify::ice-gathering-state", self.on_gathering)
        self.webrtc.connect("notify::connection-state", self.on_connection)
        self.webrtc.connect("pad-added", self.on_pad)
        bus = self.pipeline.get_bus()
        bus.add_signal_watch()
        bus.connect("message::error", self.on_error)
        direction = GstWebRTC.WebRTCRTPTransceiverDirection
        if self.args.action == "watch":
            codec = "H264" if self.args.video == "h264" else "VP8"
            h264 = ",packetization-mode=(string)1,profile-level-id=(string)42e01f" if codec == "H264" else ""
            for caps in (
                f"application/x-rtp,media=video,encoding-name={codec},payload=96,clock-rate=90000{h264},rtcp-fb-nack-pli=true",
                "application/x-rtp,media=audio,encoding-name=OPUS,payload=111,clock-rate=48000,encoding-params=(string)2",
            ):
                added = self.webrtc.emit("add-transceiver", direction.RECVONLY, Gst.Caps.from_string(caps))
                added.set_property("do-nack", True)
        else:
            index = 0
            while (transceiver := self.webrtc.emit("get-transceiver", index)) is not None:
                transceiver.set_property("direction", direction.SENDONLY)
                transceiver.set_property("do-nack", True)
                index += 1
            # In the order of the description.
            self.count_packets("video", self.webrtc.get_static_pad("sink_0"))
            self.count_packets("audio", self.webrtc.get_static_pad("sink_1"))
        for number in (signal.SIGTERM, signal.SIGINT):
            GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, number, self.stop)
        GLib.timeout_add(REPORT_INTERVAL_MS, self.report)
        self.pipeline.set_state(Gst.State.PLAYING)
        self.loop.run()
        self.session.close()
        self.pipeline.set_state(Gst.State.NULL)

    def stop(self):
        self.loop.quit()
        return GLib.SOURCE_REMOVE

    def report(self):
        say("media", **self.counts, size=self.size, codec=self.video_codec)
        return GLib.SOURCE_CONTINUE

    def on_error(self, _bus, message):
        error, debug = message.parse_error()
        say("error", message=error.message, debug=debug)
        self.loop.quit()

    def on_negotiation_needed(self, webrtc):
        webrtc.emit("create-offer", None, Gst.Promise.new_with_change_func(self.on_offer))

    def on_offer(self, promise):
        promise.wait()
        # The offer belongs to the reply.
        reply = promise.get_reply()
        offer = reply.get_value("offer")
        self.webrtc.emit("set-local-description", offer, None)
        text = offer.sdp.as_text()
        answer = self.session.open(text)
        if answer is None:
            GLib.idle_add(self.stop)
            return
        _, sdp = GstSdp.SDPMessage.new_from_text(answer)
        description = GstWebRTC.WebRTCSessionDescription.new(GstWebRTC.WebRTCSDPType.ANSWER, sdp)
        self.webrtc.emit("set-remote-description", description, None)
        lines = text.replace("\r\n", "\n").split("\n")
        head = [line for line in lines if line.startswith(("a=ice-ufrag:", "a=ice-pwd:"))][:2]
        media = next(line for line in lines if line.startswith("m="))
        mid = next(line for line in lines if line.startswith("a=mid:"))
        with self.lock:
            self.fragment_head = [*head, media, mid]
        self.send_candidates()

    def on_candidate(self, _webrtc, _line, candidate):
        with self.lock:
            self.waiting.append(f"a={candidate}")

    def on_gathering(self, webrtc, _property):
        if webrtc.get_property("ice-gathering-state") == GstWebRTC.WebRTCICEGatheringState.COMPLETE:
            with self.lock:
                self.gathered = True
            self.send_candidates()

    def send_candidates(self):
        """One PATCH with all candidates, once there are all of them and somewhere to send them to."""
        with self.lock:
            if self.fragment_head is None or not self.gathered or not self.waiting:
                return
            lines = [*self.fragment_head, *self.waiting, "a=end-of-candidates", ""]
            self.waiting = []
        body = "\r\n".join(lines)
        threading.Thread(target=self.session.trickle, args=(body,), daemon=True).start()

    def on_connection(self, webrtc, _property):
        say("connection", state=webrtc.get_property("connection-state").value_nick)

    def on_pad(self, _webrtc, pad):
        if pad.direction != Gst.PadDirection.SRC:
            return
        caps = pad.get_current_caps().get_structure(0)
        name = caps.get_string("encoding-name")
        kind = caps.get_string("media")
        if kind == "video":
            self.video_codec = name.lower()
        decoder = Gst.parse_bin_from_description(
            f"queue ! {DECODERS[name]} ! fakesink name=sink sync=false signal-handoffs=true", True
        )
        decoder.get_by_name("sink").connect("handoff", self.on_decoded, kind)
        self.webrtc.get_parent().add(decoder)
        decoder.sync_state_with_parent()
        pad.link(decoder.get_static_pad("sink"))

    def on_decoded(self, _sink, _buffer, pad, kind):
        self.counts[kind] += 1
        if kind == "video" and self.size is None:
            caps = pad.get_current_caps().get_structure(0)
            self.size = f"{caps.get_int('width').value}x{caps.get_int('height').value}"

    def count_packets(self, kind, pad):
        def counted(_pad, info):
            is_list = info.type & Gst.PadProbeType.BUFFER_LIST
            self.counts[kind] += info.get_buffer_list().length() if is_list else 1
            return Gst.PadProbeReturn.OK

        pad.add_probe(Gst.PadProbeType.BUFFER | Gst.PadProbeType.BUFFER_LIST, counted)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("action", choices=["publish", "watch"])
    parser.add_argument("url")
    parser.add_argument("--token")
    parser.add_argument("--video", choices=sorted(ENCODERS), default="h264")
    parser.add_argument("--width", type=int, default=640)
    parser.add_argument("--height", type=int, default=360)
    parser.add_argument("--fps", type=int, default=30)
    args = parser.parse_args()
    Gst.init(None)
    Client(args).run()


if __name__ == "__main__":
    sys.exit(main())
