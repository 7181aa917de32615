"""A back end as SRS's documents ("HTTP Callback") ask for it: JSON comes by POST, and {"code": 0} lets somebody in.

Publishers need ?token=studio, viewers ?token=ticket. What happened is printed as lines of JSON, the first one says the port.
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

RIGHT = {"on_publish": "?token=studio", "on_play": "?token=ticket"}


def say(message):
    # One write, for requests come side by side.
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


class Callbacks(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        request = json.loads(body)
        wanted = RIGHT.get(request["action"])
        code = 0 if wanted is None or request["param"] == wanted else 403
        say({"path": self.path, "code": code, **request})
        answer = json.dumps({"code": code, "data": None}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format, *args):
        print(format % args, file=sys.stderr)


server = ThreadingHTTPServer(("127.0.0.1", 0), Callbacks)
say({"port": server.server_port})
server.serve_forever()
