"""A WebSocket client on wsproto, which shakes hands and reads what comes. What it sends may be any octets."""

import os
import socket
import struct
import time
from urllib.parse import urlsplit

from wsproto import ConnectionType, WSConnection
from wsproto.connection import ConnectionState
from wsproto.events import AcceptConnection, BytesMessage, CloseConnection, Pong, Request, TextMessage

PATIENCE_S = 30
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


def frame(opcode, payload=b"", fin=True, rsv=0):
    """The octets of a frame, which need not be one that may be sent."""
    length = len(payload)
    head = bytes([fin << 7 | rsv << 4 | opcode])
    if length < 126:
        head += bytes([0x80 | length])
    elif length < 1 << 16:
        head += bytes([0x80 | 126]) + struct.pack(">H", length)
    else:
        head += bytes([0x80 | 127]) + struct.pack(">Q", length)
    mask = os.urandom(4)
    keys = (mask * (length // 4 + 1))[:length]
    masked = int.from_bytes(payload, "big") ^ int.from_bytes(keys, "big")
    return head + mask + masked.to_bytes(length, "big")


def close(code, reason=b""):
    return frame(CLOSE, struct.pack(">H", code) + reason)


class Peer:
    def __init__(self, url):
        self.heard = []
        self.is_over = False
        self._accepted = False
        self._parts = []
        at = urlsplit(url)
        self._socket = socket.create_connection((at.hostname, at.port), PATIENCE_S)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._reader = WSConnection(ConnectionType.CLIENT)
        self._socket.sendall(self._reader.send(Request(host=at.netloc, target=at.path)))
        self.listen_until(lambda: self._accepted)

    def send(self, octets, chop=None):
        """Sends in pieces of so many octets. The server may have gone meanwhile."""
        self._socket.settimeout(PATIENCE_S)
        try:
            for start in range(0, len(octets), chop or max(len(octets), 1)):
                self._socket.sendall(octets[start : start + (chop or len(octets))])
        except ConnectionError:
            pass

    def listen_until(self, enough, for_s=PATIENCE_S):
        """Reads until there is enough, the connection is over, or the time is."""
        deadline = time.monotonic() + for_s
        while not enough() and not self.is_over and (left := deadline - time.monotonic()) > 0:
            self._socket.settimeout(left)
            try:
                octets = self._socket.recv(1 << 16)
            except TimeoutError:
                return
            except ConnectionError:
                octets = b""
            if not octets:
                self.is_over = True
                return
            self._reader.receive_data(octets)
            for event in self._reader.events():
                self._hear(event)

    def end(self):
        self._socket.close()

    def _hear(self, event):
        match event:
            case AcceptConnection():
                self._accepted = True
            case TextMessage() | BytesMessage():
                self._parts.append(event.data.encode() if isinstance(event, TextMessage) else event.data)
                if event.message_finished:
                    kind = "text" if isinstance(event, TextMessage) else "binary"
                    self.heard.append((kind, b"".join(self._parts)))
                    self._parts = []
            case Pong():
                self.heard.append(("pong", bytes(event.payload)))
            case CloseConnection():
                # wsproto makes one of frames that it does not understand, too.
                is_said = self._reader.state is ConnectionState.REMOTE_CLOSING
                self.heard.append(("close", event.code) if is_said else ("nonsense", event.reason))
            case _:
                self.heard.append((type(event).__name__, None))
