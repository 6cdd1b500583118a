"""A checkout of the project as far as packaging and deploying go, with binaries that stand in for the functions."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import stack

PYTHONS = Path(sys.executable).parents[2]
# Small, of this machine's processor, and content with an old glibc; nobody starts it.
STAND_IN = Path(shutil.which("true"))
FUNCTIONS = [path.name for path in sorted((stack.TOP / "functions").iterdir()) if path.is_dir()]


class Checkout:
    """Under `folder`; `make` runs what a person would type there. Nothing is compiled: `true` is the compiler."""

    def __init__(self, folder):
        self.folder = folder
        shutil.copytree(stack.INFRA, folder / "infra", ignore=shutil.ignore_patterns("target", "__pycache__"))
        for name in ("Makefile", "Cargo.toml"):
            shutil.copy(stack.TOP / name, folder / name)
        (folder / "tests").symlink_to(stack.TOP / "tests")
        (folder / "target").mkdir()
        (folder / "target/debug").symlink_to(stack.TARGET)
        built = self.built
        built.mkdir(parents=True)
        for name in FUNCTIONS:
            shutil.copy(STAND_IN, built / name)

    @property
    def built(self):
        """Where `make package` looks for what it has built."""
        return self.folder / f"target/{os.uname().machine}-unknown-linux-gnu/lambda"

    @property
    def packages(self):
        return self.folder / "target/lambda"

    def run(self, command, **environment):
        """Runs a line of shell; the environment is nearly empty, as on a machine where nothing of AWS is set up."""
        return subprocess.run(
            ["sh", "-c", command],
            cwd=self.folder,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self.folder),
                "PYTHONS": str(PYTHONS),
                "CARGO": "true",
                "BUILD_FOR_LAMBDA": "true",
                "ARCHITECTURE": "arm64" if os.uname().machine == "aarch64" else "x86_64",
                # Nobody asks a cloud's machine for credentials here.
                "AWS_EC2_METADATA_DISABLED": "true",
                **environment,
            },
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            check=False,
        )
