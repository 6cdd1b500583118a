"""Who may do what: a request to DynamoDB or S3 as IAM's actions and resources, and the roles that allow them or do not."""

import fnmatch
import json
import re
from urllib.parse import parse_qs

CREDENTIAL = re.compile(r"Credential=([^/,]+)/[0-9]+/([^/]+)/([^/]+)/")
TRANSACTED = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}


def signed_by(authorization):
    """Access key and service of a signed request."""
    found = CREDENTIAL.search(authorization or "")
    return (found[1], found[3]) if found else (None, None)


def dynamodb_calls(target, body, arn_of_table):
    """(action, resource, context) of each thing that a call of DynamoDB does."""
    operation = target.rsplit(".", 1)[-1]
    request = json.loads(body)
    if operation == "TransactWriteItems":
        return [
            (f"dynamodb:{TRANSACTED[kind]}", arn_of_table(item["TableName"]), {})
            for action in request["TransactItems"]
            for kind, item in action.items()
        ]
    if operation in ("BatchGetItem", "BatchWriteItem"):
        return [(f"dynamodb:{operation}", arn_of_table(table), {}) for table in request["RequestItems"]]
    resource = arn_of_table(request["TableName"])
    if index := request.get("IndexName"):
        resource = f"{resource}/index/{index}"
    return [(f"dynamodb:{operation}", resource, {})]


def s3_calls(method, path, query):
    """The same of a call of S3, by path-style address."""
    bucket, _, key = path.lstrip("/").partition("/")
    arn = f"arn:aws:s3:::{bucket}"
    if not key:
        prefix = parse_qs(query).get("prefix", [""])[0]
        return [("s3:ListBucket", arn, {"s3:prefix": prefix})]
    action = {"GET": "GetObject", "HEAD": "GetObject", "PUT": "PutObject", "POST": "PutObject"}.get(method)
    if method == "DELETE":
        action = "AbortMultipartUpload" if "uploadId" in query else "DeleteObject"
    return [(f"s3:{action}", f"{arn}/{key}", {})]


class Role:
    """What the policies of one role allow. Knows `StringLike` on a key of the request, which is all that ours use."""

    def __init__(self, documents):
        self.statements = [
            statement
            for document in documents
            for statement in _list(document["Statement"])
            if statement["Effect"] == "Allow"
        ]

    def allows(self, action, resource, context):
        return any(self._covers(statement, action, resource, context) for statement in self.statements)

    def granted(self):
        """(action, resource pattern) of all that it grants."""
        return {
            (action, resource)
            for statement in self.statements
            for action in _list(statement["Action"])
            for resource in _list(statement["Resource"])
        }

    @staticmethod
    def _covers(statement, action, resource, context):
        conditions = statement.get("Condition", {}).get("StringLike", {})
        return (
            action in _list(statement["Action"])
            and any(matches(pattern, resource) for pattern in _list(statement["Resource"]))
            and all(
                key in context and any(matches(pattern, context[key]) for pattern in _list(patterns))
                for key, patterns in conditions.items()
            )
        )


def matches(pattern, resource):
    return fnmatch.fnmatchcase(resource, pattern.replace("[", "[[]"))


def _list(value):
    return value if isinstance(value, list) else [value]
