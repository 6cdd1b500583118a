"""What a Linux binary says of itself: its processor, and the newest glibc that it asks for."""

import re
import struct
from dataclasses import dataclass

# As Lambda calls them, by the number in the ELF header.
ARCHITECTURES = {0x3E: "x86_64", 0xB7: "arm64"}
# The section that lists the versions of other libraries' symbols.
VERSIONS_NEEDED = 0x6FFFFFFE
GLIBC = re.compile(rb"GLIBC_(\d+)\.(\d+)")


class Unreadable(Exception):
    """It is no binary of the kind that Lambda runs."""


@dataclass(frozen=True)
class Binary:
    architecture: str
    # (2, 34) for 2.34; (0, 0) for one that asks for none.
    glibc: tuple


def read(content):
    """Reads the header and, where there is one, the list of versions needed."""
    try:
        if content[:6] != b"\x7fELF\x02\x01":
            raise Unreadable("is no 64-bit Linux binary")
        machine = struct.unpack_from("<H", content, 18)[0]
        if machine not in ARCHITECTURES:
            raise Unreadable(f"is for a processor that Lambda does not have ({machine:#x})")
        return Binary(ARCHITECTURES[machine], max(_glibc_versions(content), default=(0, 0)))
    except struct.error:
        raise Unreadable("is cut off") from None


def _glibc_versions(content):
    sections = list(_sections(content))
    for kind, offset, _, link in sections:
        if kind == VERSIONS_NEEDED:
            names = sections[link][1]
            for name in _version_names(content, offset, names):
                if found := GLIBC.fullmatch(name):
                    yield int(found[1]), int(found[2])


def _sections(content):
    """Type, offset, size and link of each section."""
    (table,) = struct.unpack_from("<Q", content, 40)
    size, count = struct.unpack_from("<HH", content, 58)
    for number in range(count):
        kind, _, _, offset, length, link = struct.unpack_from("<IQQQQI", content, table + number * size + 4)
        yield kind, offset, length, link


def _version_names(content, offset, names):
    """Each library's entry (Verneed) leads to the next, and to its versions (Vernaux), which are chained likewise."""
    while True:
        _, count, _, first, following = struct.unpack_from("<HHIII", content, offset)
        auxiliary = offset + first
        for _ in range(count):
            _, _, _, name, next_one = struct.unpack_from("<IHHII", content, auxiliary)
            yield content[names + name : content.index(b"\0", names + name)]
            auxiliary += next_one
        if not following:
            return
        offset += following
