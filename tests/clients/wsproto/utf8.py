"""What is UTF-8 and what is not: Markus Kuhn's sequences, under the numbers that Autobahn gives them."""

KOSME = bytes.fromhex("cebae1bdb9cf83cebcceb5")
WITHOUT_LAST = ["c0", "e080", "f08080", "f8808080", "fc80808080", "df", "efbf", "f7bfbf", "fbbfbfbf", "fdbfbfbfbf"]


def lonely(first, last):
    return "20".join(f"{octet:02x}" for octet in range(first, last)) + "20"


def nonsense_but_valid():
    yield from ("efbfbe", "efbfbf")
    for plane in range(1, 17):
        for last in (0xFFFE, 0xFFFF):
            yield chr(plane << 16 | last).encode().hex()


# Group by group from 6.5 on.
GROUPS = [
    [b"hello$world".hex(), "hello¢world".encode().hex(), "hello€world".encode().hex(), "hello𤭢world".encode().hex(), KOSME.hex()],
    [KOSME[:length].hex() for length in range(1, len(KOSME) + 1)],
    ["00", "c280", "e0a080", "f0908080"],
    ["f888808080", "fc8480808080"],
    ["7f", "dfbf", "efbfbf", "f48fbfbf"],
    ["f7bfbfbf", "fbbfbfbfbf", "fdbfbfbfbfbf"],
    ["ed9fbf", "ee8080", "efbfbd", "f48fbfbf", "f4908080"],
    ["80", "bf", "80bf", "80bf80", "80bf80bf", "80bf80bf80", "80bf80bf80bf", bytes(range(0x80, 0xBF)).hex()],
    [lonely(*ends) for ends in [(0xC0, 0xDF), (0xE0, 0xEF), (0xF0, 0xF7), (0xF8, 0xFB), (0xFC, 0xFD)]],
    WITHOUT_LAST,
    ["".join(WITHOUT_LAST)],
    ["fe", "ff", "fefeffff"],
    ["c0af", "e080af", "f08080af", "f8808080af", "fc80808080af"],
    ["c1bf", "e09fbf", "f08fbfbf", "f887bfbfbf", "fc83bfbfbfbf"],
    ["c080", "e08080", "f0808080", "f880808080", "fc8080808080"],
    ["eda080", "edadbf", "edae80", "edafbf", "edb080", "edbe80", "edbfbf"],
    [high + low for high in ["eda080", "edadbf", "edae80", "edafbf"] for low in ["edb080", "edbfbf"]],
    list(nonsense_but_valid()),
    ["efbfb9", "efbfba", "efbfbb", "efbfbc", "efbfbd", "efbfbe", "efbfbf"],
]


def is_utf8(octets):
    try:
        octets.decode()
    except UnicodeDecodeError:
        return False
    return True


def sequences():
    """Each with its number."""
    for group, members in enumerate(GROUPS, start=5):
        for number, member in enumerate(members, start=1):
            yield f"6.{group}.{number}", bytes.fromhex(member)
