"""The stack: infra/template.yaml as SAM expands it, and as moto deploys it.

moto (a kept imitation of AWS) holds tables, bucket, queues, roles and state machines, all on one port; what its own
Lambda would run in Docker is run by our binaries, on a Runtime API of our own.
"""

import copy
import os
import sys
import tomllib
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
INFRA = TOP / "infra"
sys.path.append(str(INFRA / "deploy"))

from expanded import CODE, conditions, decided, expanded, pseudo_parameters, template, written  # noqa: E402, F401

# Where the binaries are: those of a plain build, or others.
TARGET = Path(
    os.environ.get("WAYMARK_BINARIES") or Path(os.environ.get("CARGO_TARGET_DIR", TOP / "target")) / "debug"
)
REGION = "us-east-1"
os.environ.setdefault("AWS_DEFAULT_REGION", REGION)


def version():
    """The workspace's version, which every package has."""
    return tomllib.loads((TOP / "Cargo.toml").read_text())["workspace"]["package"]["version"]


def resources(document, kind):
    """Logical names and properties of the resources of a type."""
    found = document["Resources"].items()
    return {name: resource["Properties"] for name, resource in found if resource["Type"] == kind}


def with_substitutions(document):
    """The expanded template that also tells, as outputs, what its state machines' substitutions come to."""
    document = copy.deepcopy(document)
    for machine, properties in resources(document, "AWS::StepFunctions::StateMachine").items():
        for name, value in properties["DefinitionSubstitutions"].items():
            document["Outputs"][f"{machine}{name}"] = {"Value": value}
    return document
