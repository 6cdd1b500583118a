"""The stack: infra/template.yaml as SAM expands it, and as moto deploys it.

moto (a kept imitation of AWS) holds tables, bucket, queues, roles and state machines, all on one port; what its own
Lambda would run in Docker is run by our binaries, on a Runtime API of our own.
"""

import copy
import os
import re
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


ACCOUNT = "123456789012"


def resolved(document, region, parameters):
    """A decided document with its parameters and the names of its resources filled in, as far as policies need them."""
    values = {name: parameter.get("Default", "") for name, parameter in document["Parameters"].items()}
    values |= pseudo_parameters(region) | {"AWS::AccountId": ACCOUNT, "AWS::StackId": "arn:aws:cloudformation:::stack"} | parameters
    partition = values["AWS::Partition"]
    made = {"AWS::S3::Bucket": "s3:::{}", "AWS::DynamoDB::Table": "dynamodb:{region}:{account}:table/{}"}

    def arn(name):
        resource = document["Resources"][name]
        bucket = f"waymark-{values['Stage']}-{ACCOUNT}-{region}"
        called = bucket if resource["Type"] == "AWS::S3::Bucket" else name
        if resource["Type"] == "AWS::Lambda::Function":
            called = f"function:{resolve(resource['Properties']['FunctionName'])}"
        of_type = made.get(resource["Type"], "{type}:{region}:{account}:{}")
        kind = resource["Type"].split("::")[1].lower()
        return f"arn:{partition}:" + of_type.format(called, region=region, account=ACCOUNT, type=kind)

    def filled(text):
        def value(match):
            name = match[1]
            if name.startswith("!"):
                return f"${{{name[1:]}}}"
            resource, _, attribute = name.partition(".")
            return arn(resource) if attribute else str(values.get(name, name))

        return re.sub(r"\$\{([^}]+)\}", value, text)

    def resolve(node):
        if isinstance(node, list):
            return [resolve(each) for each in node]
        if not isinstance(node, dict):
            return node
        if "Fn::Sub" in node and isinstance(node["Fn::Sub"], str):
            return filled(node["Fn::Sub"])
        if "Fn::GetAtt" in node:
            return arn(node["Fn::GetAtt"][0])
        if "Ref" in node:
            name = node["Ref"]
            is_list = document["Parameters"].get(name, {}).get("Type") == "CommaDelimitedList"
            value = values.get(name) or name
            return value.split(",") if is_list else value
        return {name: resolve(of) for name, of in node.items()}

    return resolve(document)
