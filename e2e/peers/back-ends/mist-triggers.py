"""A handler of MistServer's triggers as its documents ask for it: lines come by POST, X-Trigger says which trigger it is.

Each key of KEYS belongs to a user, whose stream it becomes. Viewers need ?token=ticket. What happened is printed as lines of
JSON, the first one says the port.
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

KEYS = {"evas-secret-key": "eva", "adams-secret-key": "adam"}


def say(message):
    # One write, for requests come side by side.
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def rewrite(lines):
    address = urlsplit(lines[0])
    _, app, key = address.path.split("/")
    user = KEYS.get(key)
    return "" if user is None else f"rtmp://{address.netloc}/{app}/{user}"


def admit(lines):
    query = parse_qs(urlsplit(lines[4]).query)
    return "true" if query.get("token") == ["ticket"] else "false"


class Triggers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        payload = self.rfile.read(int(self.headers["Content-Length"])).decode()
        trigger = self.headers["X-Trigger"]
        lines = payload.split("\n")
        decide = {"RTMP_PUSH_REWRITE": rewrite, "USER_NEW": admit}.get(trigger)
        answer = "" if decide is None else decide(lines)
        say({"trigger": trigger, "lines": lines, "answer": answer})
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(answer.encode())))
        self.end_headers()
        self.wfile.write(answer.encode())

    def log_message(self, format, *args):
        print(format % args, file=sys.stderr)


server = ThreadingHTTPServer(("127.0.0.1", 0), Triggers)
say({"port": server.server_port})
server.serve_forever()
