"""An SMTP server: prints each mail that it takes as a line of JSON. `server.py PORT FOLDER`; while FOLDER holds a file
`refuse` it takes none for now (451), while it holds `hang` it answers nothing."""
import asyncio
import email
import email.policy
import json
import pathlib
import sys

from aiosmtpd.controller import Controller

PORT, FOLDER = int(sys.argv[1]), pathlib.Path(sys.argv[2])


def say(event):
    print(json.dumps(event), flush=True)


class Sink:
    async def handle_DATA(self, server, session, envelope):
        if (FOLDER / "refuse").exists():
            say({"event": "refused"})
            return "451 4.3.2 come back later"
        if (FOLDER / "hang").exists():
            say({"event": "hanging"})
            await asyncio.sleep(600)
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        say({
            "event": "mail",
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "headers": [[name, str(value)] for name, value in mail.items()],
            "subject": mail["subject"],
            "id": mail["message-id"],
            "text": mail.get_content().replace("\r\n", "\n"),
        })
        return "250 taken"


controller = Controller(Sink(), hostname="127.0.0.1", port=PORT)
controller.start()
say({"event": "ready"})
sys.stdin.read()
