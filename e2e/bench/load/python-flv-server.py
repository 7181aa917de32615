"""A small HTTP-FLV server to compare with: bare FLV comes in over TCP, players read HTTP-FLV.

    python3 python-flv-server.py

Says where it listens as one line of JSON on standard output, and ends when its standard input does. Publishers get
the lowest free number: /live/0.flv, /live/1.flv ... Each tag is one bytes object that all players are written; a
player begins with the configurations and the group of pictures so far; one that is behind goes on at a key frame.
It uses protocols instead of asyncio's streams, for those copy and switch tasks, and would make it look slow.
"""

import asyncio
import json
import resource
import sys

MAX_TAG_BYTES = 8 << 20
MAX_HEAD_BYTES = 16 << 10
MAX_BEHIND_BYTES = 4 << 20
MAX_GROUP_BYTES = 16 << 20
FILE_HEADER = b"FLV\x01\x05\x00\x00\x00\x09\x00\x00\x00\x00"
ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: video/x-flv\r\nCache-Control: no-cache\r\n"
    b"Access-Control-Allow-Origin: *\r\nConnection: close\r\n\r\n"
)
NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

AUDIO, VIDEO, SCRIPT = 8, 9, 18

streams = {}


class Stream:
    """What one publisher sends, and who watches it."""

    def __init__(self):
        self.metadata = None
        self.configs = {}
        self.group = []
        self.group_bytes = 0
        self.players = set()

    def tag(self, kind, tag):
        key = False
        if kind == SCRIPT:
            self.metadata = tag
        elif kind == VIDEO and tag[12] == 0 or kind == AUDIO and tag[11] >> 4 == 10 and tag[12] == 0:
            self.configs[kind] = tag
        else:
            key = kind == VIDEO and tag[11] >> 4 == 1
            if key or self.group_bytes > MAX_GROUP_BYTES:
                self.group = []
                self.group_bytes = 0
            if key or self.group:
                self.group.append(tag)
                self.group_bytes += len(tag)
        for player in self.players:
            player.give(tag, key)

    def beginning(self):
        parts = [ANSWER, FILE_HEADER]
        if self.metadata is not None:
            parts.append(self.metadata)
        parts.extend(self.configs.values())
        parts.extend(self.group)
        return parts


class Publisher(asyncio.Protocol):
    """Takes FLV apart as it comes."""

    def __init__(self):
        self.rest = bytearray()
        self.begun = False
        self.number = None
        self.stream = Stream()

    def connection_made(self, transport):
        self.transport = transport
        self.number = next(n for n in range(len(streams) + 1) if n not in streams)
        streams[self.number] = self.stream

    def data_received(self, data):
        rest = self.rest
        rest += data
        at = 0
        if not self.begun:
            if len(rest) < 13:
                return
            if rest[:3] != b"FLV":
                self.transport.abort()
                return
            self.begun = True
            at = 13
        while len(rest) - at >= 11:
            size = int.from_bytes(rest[at + 1 : at + 4], "big")
            if size > MAX_TAG_BYTES or size < 2:
                self.transport.abort()
                return
            end = at + 11 + size + 4
            if len(rest) < end:
                break
            self.stream.tag(rest[at] & 31, bytes(memoryview(rest)[at:end]))
            at = end
        if at > 0:
            del rest[:at]

    def connection_lost(self, error):
        streams.pop(self.number, None)
        for player in list(self.stream.players):
            player.transport.close()


class Player(asyncio.Protocol):
    """One request and its endless answer."""

    def __init__(self):
        self.head = b""
        self.stream = None
        self.skipping = False

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        if self.stream is not None:
            return
        self.head += data
        if len(self.head) > MAX_HEAD_BYTES:
            self.transport.abort()
        if b"\r\n\r\n" not in self.head:
            return
        target = self.head.split(b" ", 2)[1:2]
        name = target[0].decode("latin-1") if target else ""
        number = name.removeprefix("/live/").removesuffix(".flv")
        stream = streams.get(int(number)) if number.isdigit() else None
        if stream is None:
            self.transport.write(NOT_FOUND)
            self.transport.close()
            return
        self.stream = stream
        self.transport.writelines(stream.beginning())
        stream.players.add(self)

    def give(self, tag, key):
        behind = self.transport.get_write_buffer_size()
        if self.skipping:
            if not key or behind > 0:
                return
            self.skipping = False
        elif behind > MAX_BEHIND_BYTES:
            self.skipping = True
            return
        self.transport.write(tag)

    def connection_lost(self, error):
        if self.stream is not None:
            self.stream.players.discard(self)


async def main():
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    loop = asyncio.get_running_loop()
    tcp = await loop.create_server(Publisher, "127.0.0.1", 0, backlog=1024)
    http = await loop.create_server(Player, "127.0.0.1", 0, backlog=1024)
    ports = {"tcp": tcp.sockets[0].getsockname()[1], "http": http.sockets[0].getsockname()[1]}
    print(json.dumps(ports), flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


asyncio.run(main())
