"""The stack: infra/template.yaml as SAM expands it, and as moto deploys it.

moto (a kept imitation of AWS) holds tables, bucket, queues, roles and state machines, all on one port; what its own
Lambda would run in Docker is run by our binaries, on a Runtime API of our own.
"""

import copy
import json
import os
import tomllib
from pathlib import Path

import yaml
from samtranslator.translator.transform import transform

TOP = Path(__file__).resolve().parents[2]
INFRA = TOP / "infra"
# Where the binaries are: those of a plain build, or others.
TARGET = Path(
    os.environ.get("WAYMARK_BINARIES") or Path(os.environ.get("CARGO_TARGET_DIR", TOP / "target")) / "debug"
)
REGION = "us-east-1"
os.environ.setdefault("AWS_DEFAULT_REGION", REGION)
CODE = {"Bucket": "code", "Key": "code.zip"}


def version():
    """The workspace's version, which every package has."""
    return tomllib.loads((TOP / "Cargo.toml").read_text())["workspace"]["package"]["version"]


def written():
    """The template as it is written."""
    return yaml.safe_load((INFRA / "template.yaml").read_text())


def template():
    """The same with its state machines read in, its code anywhere at all."""
    document = written()
    for resource in document["Resources"].values():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::Serverless::Function":
            properties["CodeUri"] = CODE
        if resource["Type"] == "AWS::Serverless::StateMachine":
            properties["Definition"] = json.loads((INFRA / properties.pop("DefinitionUri")).read_text())
    return document


class NoManagedPolicies:
    """Our roles name none."""

    @staticmethod
    def load():
        return {}


def expanded(document=None):
    """The template as CloudFormation gets it."""
    document = document or template()
    defaults = {name: parameter.get("Default", "") for name, parameter in document["Parameters"].items()}
    return transform(copy.deepcopy(document), defaults, NoManagedPolicies())


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
