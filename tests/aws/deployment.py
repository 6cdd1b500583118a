"""`make deploy` against moto: what CloudFormation does with a template and a change set, and moto does not."""

import json
from urllib.parse import parse_qs, urlsplit

import stack
import yaml
from moto.cloudformation.models import ChangeSet


# Templates as sam has put them, by key.
WRITTEN = {}


def install():
    """moto's change sets change resources and nothing else that a stack tells: neither outputs, nor parameters, nor tags."""
    plain = ChangeSet.apply

    def apply(change_set):
        plain(change_set)
        stack = change_set.stack
        stack.template, stack.template_dict = change_set.template, change_set.template_dict
        stack.parameters, stack.tags = change_set.parameters, change_set.tags or {}
        stack.output_map = stack._create_output_map()

    ChangeSet.apply = apply


def parameters(asked):
    """Those that a request gives; the others have their defaults."""
    names = {name.rsplit(".", 1)[0]: value for name, value in asked.items() if name.endswith(".ParameterKey")}
    return {value: asked[f"{place}.ParameterValue"] for place, value in names.items() if f"{place}.ParameterValue" in asked}


def expand(body, s3):
    """Expands the template that a change set is asked for, where sam has put it: its transform is AWS's to do, and moto does
    not. Gives the expanded template; nothing if it is another request."""
    asked = {name: values[0] for name, values in parse_qs(body.decode()).items()}
    if asked.get("Action") != "CreateChangeSet" or "TemplateURL" not in asked:
        return None
    bucket, _, key = urlsplit(asked["TemplateURL"]).path.lstrip("/").partition("/")
    # The same template is put once and deployed as often as is asked for.
    if key not in WRITTEN:
        WRITTEN[key] = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    document = yaml.safe_load(WRITTEN[key])
    for resource in document["Resources"].values():
        if resource["Type"] == "AWS::Serverless::StateMachine":
            where = resource["Properties"].pop("DefinitionUri")
            definition = s3.get_object(Bucket=where["Bucket"], Key=where["Key"])["Body"].read()
            resource["Properties"]["Definition"] = json.loads(definition)
    document = stack.expanded(document)
    # moto would update what a condition leaves out.
    holds = stack.conditions(document, stack.REGION, parameters(asked))
    for section in ("Resources", "Outputs"):
        found = document[section].items()
        document[section] = {name: of for name, of in found if holds.get(of.get("Condition"), True)}
    s3.put_object(Bucket=bucket, Key=key, Body=json.dumps(stack.with_substitutions(document)).encode())
    return document
