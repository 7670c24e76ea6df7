"""A client as its documentation shows it: stomp.py over WebSocket or TCP. Prints a line of JSON for each thing that
happens; a line on its input lets it go on.

python client.py ws|tcp HOST PORT TOKEN SESSION NAME
"""

import json
import sys
import threading

import stomp

WAY, HOST, PORT, TOKEN, SESSION, NAME = sys.argv[1:7]
TOPIC = f"/topic/chat/{SESSION}"
PRINTING = threading.Lock()


def say(event, **more):
    with PRINTING:
        print(json.dumps({"event": event, **more}, ensure_ascii=False), flush=True)


class Listener(stomp.ConnectionListener):
    def __init__(self):
        self.seq = 0
        self.receipts = {}

    def on_connected(self, frame):
        say("connected", version=frame.headers.get("version"), heartBeat=frame.headers.get("heart-beat"))

    def on_message(self, frame):
        event = json.loads(frame.body)
        if event["type"] == "MESSAGE":
            self.seq = event["seq"]
        say("message", type=event["type"], content=event.get("content"), seq=event.get("seq"))

    def on_receipt(self, frame):
        self.receipt(frame.headers["receipt-id"]).set()
        if "seq" in frame.headers:
            say("stored", seq=int(frame.headers["seq"]))

    def on_error(self, frame):
        say("error", message=frame.headers.get("message"), code=frame.headers.get("code"))

    def on_disconnected(self):
        say("closed")

    def receipt(self, name):
        return self.receipts.setdefault(name, threading.Event())


def connect():
    options = {"heartbeats": (1000, 1000), "reconnect_attempts_max": 1}
    if WAY == "ws":
        connection = stomp.WSStompConnection([(HOST, int(PORT))], ws_path="/ws", **options)
    else:
        connection = stomp.Connection12([(HOST, int(PORT))], **options)
    listener = Listener()
    connection.set_listener("", listener)
    connection.connect(headers={"Authorization": f"Bearer {TOKEN}"}, wait=True)
    return connection, listener


# Connect, subscribe, send, receive.
first, heard = connect()
first.subscribe(TOPIC, id="room", headers={"receipt": "subscribed"})
assert heard.receipt("subscribed").wait(30)
say("subscribed")
body = json.dumps({"sessionId": int(SESSION), "content": f"{NAME}: 안녕하세요 🙂"})
first.send("/app/chat.sendMessage", body, content_type="application/json", headers={"receipt": "sent"})
assert heard.receipt("sent").wait(30)

# It is cut, and comes back behind what was seen.
sys.stdin.readline()
second, _ = connect()
second.subscribe(TOPIC, id="room", headers={"after-seq": str(heard.seq)})
sys.stdin.readline()
second.disconnect()

# A subscription that is not for customers.
third, _ = connect()
third.subscribe("/topic/chat/sessions", id="leak")
sys.stdin.readline()
