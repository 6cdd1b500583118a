"""Zips the built functions for Lambda: `make package` builds them and calls this.

A zip holds `bootstrap`, which Lambda runs, and `version.txt`, which says what it is. The same binary gives the same bytes, so
what has not changed is not deployed again. What could not start on Lambda, or has grown beyond its limit, is refused before
anything is written.
"""

import argparse
import sys
import zipfile
from pathlib import Path

from elf import ARCHITECTURES, Unreadable, read

# The newest glibc that Lambda's provided.al2023 has.
GLIBC_MAX = (2, 34)
# Zipped, in bytes. The report brings Polars and is as small as it gets: 12.3 MB.
ZIP_BYTES_MAX = {
    "stall-scan": 6_000_000,
    "signoff-scan": 6_000_000,
    "night-close": 6_000_000,
    "diagnosis": 6_000_000,
    "morning-digest": 8_000_000,
    "upload-validation": 8_000_000,
    "order-history": 8_000_000,
    "eligibility-report": 13_000_000,
}


class Refused(Exception):
    """Why nothing was packaged, for whoever typed `make package`."""


def checked(path, architecture):
    """The binary's bytes, once it is sure that Lambda can start them."""
    try:
        content = path.read_bytes()
        binary = read(content)
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror}") from None
    except Unreadable as error:
        raise Refused(f"{path} {error}") from None
    if binary.architecture != architecture:
        raise Refused(f"{path} was built for {binary.architecture}, not for {architecture}")
    if binary.glibc > GLIBC_MAX:
        needed, found = (".".join(map(str, version)) for version in (binary.glibc, GLIBC_MAX))
        raise Refused(f"{path} needs glibc {needed}, but Lambda's provided.al2023 has {found}")
    return content


def write(path, binary, version):
    """Writes a zip whose bytes depend on the binary and the version alone, in place whole."""
    partial = path.with_suffix(".partial")
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as zipped:
        for name, mode, content in (("bootstrap", 0o755, binary), ("version.txt", 0o644, f"{version}\n".encode())):
            # The earliest time that a zip can tell, and a regular file of Unix wherever this runs.
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.create_system = 3
            entry.external_attr = (0o100000 | mode) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            zipped.writestr(entry, content)
    partial.replace(path)
    return path.stat().st_size


def package(functions, binaries, into, architecture, version):
    """Zips `functions`, found in `binaries`, and tells their sizes. All of them or none, but for the sizes."""
    found = {name: checked(binaries / name, architecture) for name in functions}
    into.mkdir(parents=True, exist_ok=True)
    print(f"waymark {version} for {architecture}")
    print(f"{'':20} {'binary':>9} {'zip':>9} {'at most':>9}")
    too_large = []
    for name, content in found.items():
        size, limit = write(into / f"{name}.zip", content, version), ZIP_BYTES_MAX[name]
        print(f"{name:20} {megabytes(len(content))} {megabytes(size)} {megabytes(limit)}")
        if size > limit:
            too_large.append(name)
    if too_large:
        raise Refused(f"larger than they may be: {', '.join(too_large)}")


def megabytes(size):
    return f"{size / 1_000_000:6.2f} MB"


def main():
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--architecture", choices=ARCHITECTURES.values(), required=True)
    arguments.add_argument("--binaries", type=Path, required=True)
    arguments.add_argument("--into", type=Path, required=True)
    arguments.add_argument("--version", required=True)
    arguments.add_argument("functions", nargs="+", choices=ZIP_BYTES_MAX)
    given = arguments.parse_args()
    try:
        package(given.functions, given.binaries, given.into, given.architecture, given.version)
    except Refused as refused:
        sys.exit(f"make package: {refused}")


if __name__ == "__main__":
    main()
