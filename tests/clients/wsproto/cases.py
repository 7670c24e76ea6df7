"""The cases of Autobahn's test suite (1 to 7, 9, 10), under its numbers: what is sent, what has to come back, and how it ends."""

from dataclasses import dataclass, field

from peer import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, close, frame
from utf8 import KOSME, is_utf8, sequences

# Between steps: it must not be over yet; it must be, though the message is not whole; the same within a frame.
ALIVE, OVER_BETWEEN_FRAMES, OVER_WITHIN_FRAME = "alive", "over between frames", "over within a frame"


@dataclass
class Case:
    name: str
    steps: list
    hears: list = field(default_factory=list)
    # Ends it with a close frame of its own.
    closes: bool = False
    # Is ended by the server at once.
    fails: bool = False
    chop: int | None = None
    # Waits for the answer of each step.
    by_turns: bool = False


def text(payload):
    return frame(TEXT, payload)


def fragments(opcode, parts):
    last = len(parts) - 1
    return [frame(opcode if at == 0 else CONTINUATION, part, fin=at == last) for at, part in enumerate(parts)]


def pieces(payload, size):
    return [payload[start : start + size] for start in range(0, len(payload), size)]


def octets_of(payload):
    return pieces(payload, 1)


def echoes():
    for number, size in enumerate([0, 125, 126, 127, 128, 65535, 65536], start=1):
        yield Case(f"1.1.{number}", [text(b"*" * size)], [("text", b"*" * size)])
        yield Case(f"1.2.{number}", [frame(BINARY, b"\xfe" * size)], [("binary", b"\xfe" * size)])
    yield Case("1.1.8", [text(b"*" * 65536)], [("text", b"*" * 65536)], chop=997)
    yield Case("1.2.8", [frame(BINARY, b"\xfe" * 65536)], [("binary", b"\xfe" * 65536)], chop=997)


def pings():
    for number, payload in enumerate([b"", b"Hello, world!", b"\x00\xff\xfe\xfd\xfc\xfb\x00\xff", b"\xfe" * 125], start=1):
        yield Case(f"2.{number}", [frame(PING, payload)], [("pong", payload)])
    yield Case("2.5", [frame(PING, b"\xfe" * 126)], fails=True)
    yield Case("2.6", [frame(PING, b"\xfe" * 125)], [("pong", b"\xfe" * 125)], chop=1)
    yield Case("2.7", [frame(PONG)])
    yield Case("2.8", [frame(PONG, b"unsolicited")])
    yield Case("2.9", [frame(PONG, b"unsolicited"), frame(PING, b"ping")], [("pong", b"ping")])
    ten = [b"payload-%d" % number for number in range(10)]
    for name, chop in [("2.10", None), ("2.11", 1)]:
        yield Case(name, [b"".join(frame(PING, one) for one in ten)], [("pong", one) for one in ten], chop=chop)


def reserved():
    hello, heard = text(b"Hello, world!"), [("text", b"Hello, world!")]
    yield Case("3.1", [frame(TEXT, b"Hello, world!", rsv=1)], fails=True)
    for number, rsv, chop in [(2, 2, None), (3, 3, None), (4, 4, 1)]:
        steps = [hello, frame(TEXT, b"Hello, world!", rsv=rsv), frame(PING)]
        steps = [b"".join(steps)] if number == 2 else steps
        yield Case(f"3.{number}", steps, heard, fails=True, chop=chop)
    yield Case("3.5", [frame(BINARY, b"\x00\xff" * 4, rsv=5)], fails=True)
    yield Case("3.6", [frame(PING, b"Hello, world!", rsv=6)], fails=True)
    yield Case("3.7", [frame(CLOSE, rsv=7)], fails=True)
    for family, opcodes in [(1, range(3, 8)), (2, range(11, 16))]:
        for number, opcode in enumerate(opcodes, start=1):
            bad = frame(opcode, b"" if number in (1, 3) else b"reserved opcode")
            if number < 3:
                yield Case(f"4.{family}.{number}", [bad], fails=True)
            else:
                yield Case(f"4.{family}.{number}", [hello, bad, frame(PING)], heard, fails=True)


def fragmented():
    yield Case("5.1", fragments(PING, [b"fragment1", b"fragment2"]), fails=True)
    yield Case("5.2", fragments(PONG, [b"fragment1", b"fragment2"]), fails=True)
    two, heard = fragments(TEXT, [b"fragment1", b"fragment2"]), [("text", b"fragment1fragment2")]
    chops = [(lambda steps: [b"".join(steps)], None), (lambda steps: steps, None), (lambda steps: steps, 1)]
    for number, (together, chop) in enumerate(chops):
        yield Case(f"5.{3 + number}", together(two), heard, chop=chop)
        between = [two[0], frame(PING, b"ping payload"), two[1]]
        yield Case(f"5.{6 + number}", together(between), [("pong", b"ping payload"), *heard], chop=chop)
        for base, fin in [(9, True), (12, False)]:
            nothing = frame(CONTINUATION, b"non-continuation payload", fin=fin)
            yield Case(f"5.{base + number}", together([nothing, text(b"Hello, world!")]), fails=True, chop=chop)
    nothing = [frame(CONTINUATION, b"nothing", fin=fin) for fin in (False, True)]
    yield Case("5.15", [b"".join([*two, nothing[0], text(b"Hello")])], heard, fails=True)
    yield Case("5.16", [nothing[0], *two] * 2, fails=True)
    yield Case("5.17", [nothing[1], *two] * 2, fails=True)
    yield Case("5.18", [b"".join([two[0], text(b"fragment2")])], fails=True)
    five = fragments(TEXT, [b"fragment%d" % number for number in range(1, 6)])
    steps = [*five[:2], frame(PING, b"pongme 1!"), ALIVE, *five[2:4], frame(PING, b"pongme 2!"), five[4]]
    whole = b"".join(b"fragment%d" % number for number in range(1, 6))
    for name, chop in [("5.19", None), ("5.20", 1)]:
        yield Case(name, steps, [("pong", b"pongme 1!"), ("pong", b"pongme 2!"), ("text", whole)], chop=chop)


def characters():
    yield Case("6.1.1", [text(b"")], [("text", b"")])
    yield Case("6.1.2", fragments(TEXT, [b"", b"", b""]), [("text", b"")])
    yield Case("6.1.3", fragments(TEXT, [b"", b"middle frame payload", b""]), [("text", b"middle frame payload")])
    hello = "Hello-µ@ßöäüàá-UTF-8!!".encode()
    for number, parts in enumerate([[hello], [hello[:12], hello[12:]], octets_of(hello)], start=1):
        yield Case(f"6.2.{number}", fragments(TEXT, parts), [("text", hello)])
    yield Case("6.2.4", fragments(TEXT, octets_of(KOSME)), [("text", KOSME)])
    surrogate = KOSME + b"\xed\xa0\x80" + b"edited"
    yield Case("6.3.1", [text(surrogate)], fails=True)
    yield Case("6.3.2", fragments(TEXT, octets_of(surrogate)), fails=True)
    beyond = b"\xf4\x90\x80\x80"
    for number, parts in enumerate([[KOSME, beyond, b"edited"], [KOSME + beyond[:1], beyond[1:2], b"\x80\x80edited"]]):
        first, second, third = fragments(TEXT, parts)
        yield Case(f"6.4.{1 + number}", [first, ALIVE, second, OVER_BETWEEN_FRAMES, third], fails=True)
        one, ends = text(b"".join(parts)), [len(parts[0]) + 6, len(parts[0] + parts[1]) + 6]
        steps = [one[: ends[0]], ALIVE, one[ends[0] : ends[1]], OVER_WITHIN_FRAME, one[ends[1] :]]
        yield Case(f"6.4.{3 + number}", steps, fails=True)
    for name, octets in sequences():
        if is_utf8(octets):
            yield Case(name, [text(octets)], [("text", octets)])
        else:
            yield Case(name, [text(octets)], fails=True)


def goodbyes():
    hello, heard = text(b"Hello World!"), [("text", b"Hello World!")]
    yield Case("7.1.1", [hello, close(1000)], [*heard, ("close", 1000)], closes=True)
    yield Case("7.1.2", [close(1000), close(1000)], [("close", 1000)], closes=True)
    yield Case("7.1.3", [close(1000), frame(PING)], [("close", 1000)], closes=True)
    yield Case("7.1.4", [close(1000), hello], [("close", 1000)], closes=True)
    first, second = fragments(TEXT, [b"fragment1", b"fragment2"])
    yield Case("7.1.5", [first, close(1000), second], [("close", 1000)], closes=True)
    # 1005: no code.
    yield Case("7.3.1", [frame(CLOSE)], [("close", 1005)], closes=True)
    yield Case("7.3.2", [frame(CLOSE, b"a")], fails=True)
    yield Case("7.3.3", [close(1000)], [("close", 1000)], closes=True)
    yield Case("7.3.4", [close(1000, b"Hello World!")], [("close", 1000)], closes=True)
    yield Case("7.3.5", [close(1000, b"*" * 123)], [("close", 1000)], closes=True)
    yield Case("7.3.6", [close(1000, b"*" * 124)], fails=True)
    yield Case("7.5.1", [close(1000, KOSME + b"\xed\xa0\x80edited")], fails=True)
    for number, code in enumerate([1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999], start=1):
        yield Case(f"7.7.{number}", [close(code)], [("close", code)], closes=True)
    for number, code in enumerate([0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999], start=1):
        yield Case(f"7.9.{number}", [close(code)], fails=True)


def large():
    kinds = [(0, TEXT, "text", b"BAsd7&jh23"), (1, BINARY, "binary", b"\x00\xfe\x23\xfa\xf0")]
    for at, opcode, kind, pattern in kinds:

        def case(family, number, size, steps, chop=None):
            return Case(f"9.{family + at}.{number}", steps(content(size)), [(kind, content(size))], chop=chop)

        def content(size):
            return (pattern * (size // len(pattern) + 1))[:size]

        for number, size in enumerate([1 << 16, 1 << 18, 1 << 20, 4 << 20, 8 << 20, 16 << 20], start=1):
            yield case(1, number, size, lambda payload: [frame(opcode, payload)])
        for number in range(1, 10):
            # From 65,536 fragments to one, and an empty one behind.
            size = 64 << 2 * (number - 1)
            yield case(3, number, 4 << 20, lambda payload: [b"".join(fragments(opcode, [*pieces(payload, size), b""]))])
        for number in range(1, 7):
            yield case(5, number, 1 << 20, lambda payload: [frame(opcode, payload)], chop=32 << number)
        for number, size in enumerate([0, 16, 64, 256, 1024, 4096], start=1):
            messages = [frame(opcode, content(size)) for _ in range(1000)]
            yield Case(f"9.{7 + at}.{number}", messages, [(kind, content(size))] * 1000, by_turns=True)
    yield Case("10.1.1", fragments(TEXT, pieces(b"*" * 65536, 1300)), [("text", b"*" * 65536)])


def all_cases():
    for family in (echoes, pings, reserved, fragmented, characters, goodbyes, large):
        yield from family()
