"""The template as CloudFormation has it in a region: expanded by SAM, its conditions decided.

`make lint-infra` lints what this writes, region by region; the tests read the same.
"""

import argparse
import copy
import json
import os
from pathlib import Path

import boto3
import yaml

INFRA = Path(__file__).resolve().parents[1]
TEMPLATE = INFRA / "template.yaml"
CODE = {"Bucket": "code", "Key": "code.zip"}
# Stands for a part of a template that is left out.
NOTHING = object()


def written():
    """The template as it is written."""
    return yaml.safe_load(TEMPLATE.read_text())


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


def expanded(document=None, region="us-east-1"):
    """The template as CloudFormation gets it."""
    # Only now: a deployment decides conditions and expands nothing itself.
    from samtranslator.translator.arn_generator import ArnGenerator
    from samtranslator.translator.transform import transform

    ArnGenerator.BOTO_SESSION_REGION_NAME = region
    document = document or template()
    defaults = {name: parameter.get("Default", "") for name, parameter in document["Parameters"].items()}
    return transform(copy.deepcopy(document), defaults | pseudo_parameters(region), NoManagedPolicies())


def pseudo_parameters(region):
    """What CloudFormation knows of a region by itself."""
    partition = boto3.session.Session().get_partition_for_region(region)
    suffix = "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com"
    return {"AWS::Region": region, "AWS::Partition": partition, "AWS::URLSuffix": suffix}


def conditions(document, region, parameters=None):
    """Which of the template's conditions hold in a region, with parameters in place of their defaults."""
    values = {name: parameter.get("Default", "") for name, parameter in document["Parameters"].items()}
    values |= pseudo_parameters(region) | (parameters or {})

    def value(node):
        if not isinstance(node, dict):
            return node
        (kind, of), *_ = node.items()
        match kind:
            case "Ref":
                return values[of]
            case "Condition":
                return value(document["Conditions"][of])
            case "Fn::Join":
                return of[0].join(value(of[1]).split(",") if isinstance(of[1], dict) else map(value, of[1]))
            case "Fn::Equals":
                return value(of[0]) == value(of[1])
            case "Fn::Not":
                return not value(of[0])
            case "Fn::And":
                return all(map(value, of))
            case "Fn::Or":
                return any(map(value, of))
        raise ValueError(f"a condition has {kind}")

    return {name: value(condition) for name, condition in document["Conditions"].items()}


def decided(document, region, parameters=None):
    """What is left of an expanded template where its conditions are decided: no condition, and no Fn::If."""
    holds = conditions(document, region, parameters)

    def left(node):
        if isinstance(node, list):
            return [kept for kept in map(left, node) if kept is not NOTHING]
        if not isinstance(node, dict):
            return node
        if node == {"Ref": "AWS::NoValue"}:
            return NOTHING
        if "Fn::If" in node:
            condition, then, otherwise = node["Fn::If"]
            return left(then if holds[condition] else otherwise)
        kept = {name: left(of) for name, of in node.items()}
        return {name: of for name, of in kept.items() if of is not NOTHING}

    document = {name: of for name, of in document.items() if name != "Conditions"}
    for section in ("Resources", "Outputs"):
        document[section] = {
            name: {key: of for key, of in described.items() if key != "Condition"}
            for name, described in document[section].items()
            if holds.get(described.get("Condition"), True)
        }
    return left(document)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--into", type=Path, required=True)
    parser.add_argument("regions", nargs="+")
    given = parser.parse_args()
    # SAM asks for one, and then goes by what it was given.
    os.environ.setdefault("AWS_DEFAULT_REGION", given.regions[0])
    given.into.mkdir(parents=True, exist_ok=True)
    for region in given.regions:
        document = decided(expanded(region=region), region)
        (given.into / f"{region}.json").write_text(json.dumps(document, indent=1))


if __name__ == "__main__":
    main()
