"""`make deploy` against moto: what CloudFormation does with a template and a change set, and moto does not."""

import json
from urllib.parse import parse_qs, urlsplit

import stack
import yaml
from moto.cloudformation.models import ChangeSet


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


def expand(body, s3):
    """Expands the template that a change set is asked for, where sam has put it: its transform is AWS's to do, and moto does
    not. Gives the expanded template; nothing if it is another request."""
    asked = {name: values[0] for name, values in parse_qs(body.decode()).items()}
    if asked.get("Action") != "CreateChangeSet" or "TemplateURL" not in asked:
        return None
    bucket, _, key = urlsplit(asked["TemplateURL"]).path.lstrip("/").partition("/")
    document = yaml.safe_load(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    for resource in document["Resources"].values():
        if resource["Type"] == "AWS::Serverless::StateMachine":
            where = resource["Properties"].pop("DefinitionUri")
            definition = s3.get_object(Bucket=where["Bucket"], Key=where["Key"])["Body"].read()
            resource["Properties"]["Definition"] = json.loads(definition)
    document = stack.expanded(document)
    s3.put_object(Bucket=bucket, Key=key, Body=json.dumps(stack.with_substitutions(document)).encode())
    return document
