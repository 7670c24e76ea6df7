"""A guest of an open broker: stomp.py. Ends well if a large message comes back as it was sent, with its receipt, and a wrong
passcode, and none, are refused.

python guest.py ws|tcp HOST PORT
"""

import queue
import sys

import stomp

WAY, HOST, PORT = sys.argv[1:4]
DESTINATION = "/exchange/of/stomp.py"
LARGE = "가나다 100%\n🙂" * 40_000


class Listener(stomp.ConnectionListener):
    def __init__(self):
        self.heard = {name: queue.Queue() for name in ("message", "receipt", "error")}

    def on_message(self, frame):
        self.heard["message"].put(frame)

    def on_receipt(self, frame):
        self.heard["receipt"].put(frame)

    def on_error(self, frame):
        self.heard["error"].put(frame)

    def next(self, name):
        return self.heard[name].get(timeout=20)


def connect(*who):
    options = {"heartbeats": (1000, 1000), "reconnect_attempts_max": 1}
    if WAY == "ws":
        connection = stomp.WSStompConnection([(HOST, int(PORT))], ws_path="/ws", **options)
    else:
        connection = stomp.Connection12([(HOST, int(PORT))], **options)
    listener = Listener()
    connection.set_listener("", listener)
    connection.connect(*who, wait=False)
    return connection, listener


connection, heard = connect("guest", "guest")
connection.subscribe(DESTINATION, id="echo")
connection.send(DESTINATION, LARGE, headers={"colour": "pine", "receipt": "large"})
echoed = heard.next("message")
assert echoed.body == LARGE and echoed.headers["colour"] == "pine"
assert heard.next("receipt").headers["receipt-id"] == "large"
connection.disconnect()

for who in (("guest", "wrong"), ()):
    _, refused = connect(*who)
    refused.next("error")
