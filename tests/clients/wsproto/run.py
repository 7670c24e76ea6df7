"""Runs every case against a WebSocket that sends back what it hears, and prints which failed. Ends well if none did.

python run.py URL [--any-kind] [--late-within-frames]

--any-kind: text and binary come back as either. --late-within-frames: text that is not UTF-8 may be refused when its frame is
whole.
"""

import sys

from cases import ALIVE, OVER_BETWEEN_FRAMES, OVER_WITHIN_FRAME, all_cases
from peer import Peer, close

URL, OPTIONS = sys.argv[1], sys.argv[2:]
# How long a server that should stay is watched, and one that should go is waited for.
ALIVE_S, OVER_S = 0.05, 5


def without_kinds(heard):
    return [("message" if kind in ("text", "binary") else kind, what) for kind, what in heard]


def same(heard, expected):
    if "--any-kind" in OPTIONS:
        heard, expected = without_kinds(heard), without_kinds(expected)
    return heard == expected


def take(peer, step, case):
    """Why the step failed, or nothing."""
    if step == ALIVE:
        peer.listen_until(lambda: False, ALIVE_S)
        return "over too early" if peer.is_over else None
    if step in (OVER_BETWEEN_FRAMES, OVER_WITHIN_FRAME):
        if step == OVER_WITHIN_FRAME and "--late-within-frames" in OPTIONS:
            return None
        peer.listen_until(lambda: False, OVER_S)
        return None if peer.is_over else "not over yet"
    sent = len(peer.heard)
    peer.send(step, case.chop)
    if case.by_turns:
        peer.listen_until(lambda: len(peer.heard) > sent)
    return None


def fault(peer, case):
    """Why the case failed, or nothing."""
    for step in case.steps:
        if why := take(peer, step, case):
            return why
    if case.fails:
        peer.listen_until(lambda: False, OVER_S)
        if not peer.is_over:
            return "the server did not end it"
        # It may say why.
        told = [one for one in peer.heard if one not in (("close", 1002), ("close", 1007))]
        return None if same(told, case.hears) else "another answer"
    peer.listen_until(lambda: len(peer.heard) >= len(case.hears))
    expected = case.hears
    if not case.closes:
        peer.send(close(1000))
        expected = [*case.hears, ("close", 1000)]
    peer.listen_until(lambda: False, OVER_S)
    if not peer.is_over:
        return "the server did not close"
    return None if same(peer.heard, expected) else "another answer"


def shown(heard):
    return [(kind, what if not isinstance(what, bytes) else what[:40]) for kind, what in heard[:5]]


passed = failed = 0
for case in all_cases():
    peer = Peer(URL)
    try:
        why = fault(peer, case)
    except Exception as broken:
        why = repr(broken)
    peer.end()
    passed, failed = passed + (why is None), failed + (why is not None)
    if why:
        print(f"{case.name}: {why}; heard {len(peer.heard)}: {shown(peer.heard)}", flush=True)
print(f"{passed} passed, {failed} failed")
sys.exit(failed > 0)
