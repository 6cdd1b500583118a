"""Who may do what: a request to DynamoDB or S3 as IAM's actions and resources, and the roles that allow them or do not."""

import fnmatch
import json
import re
from urllib.parse import parse_qs

CREDENTIAL = re.compile(r"Credential=([^/,]+)/[0-9]+/([^/]+)/([^/]+)/")
VARIABLE = re.compile(r"\$\{([^}]+)\}")
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
            (f"dynamodb:{TRANSACTED[kind]}", arn_of_table(item["TableName"]), leading_key(item))
            for action in request["TransactItems"]
            for kind, item in action.items()
        ]
    if operation in ("BatchGetItem", "BatchWriteItem"):
        return [(f"dynamodb:{operation}", arn_of_table(table), {}) for table in request["RequestItems"]]
    resource = arn_of_table(request["TableName"])
    if index := request.get("IndexName"):
        resource = f"{resource}/index/{index}"
    return [(f"dynamodb:{operation}", resource, leading_key(request))]


def leading_key(request):
    """The partition key of the item that is written, put or checked; of a query none is looked at."""
    item = request.get("Item") or request.get("Key") or {}
    keys = [item[name]["S"] for name in ("pk", "order_id") if name in item]
    return {"dynamodb:LeadingKeys": keys[:1]} if keys else {}


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
    """What the policies of one principal allow: what one of them allows and none denies. Knows the conditions that ours use, and
    stops at any other."""

    def __init__(self, documents):
        self.statements = [statement for document in documents for statement in _list(document["Statement"])]

    def allows(self, action, resource, context):
        effects = {found["Effect"] for found in self.statements if covers(found, action, resource, context)}
        return effects == {"Allow"}

    def granted(self):
        """(action, resource pattern) of all that it grants."""
        return {
            (action, resource)
            for statement in self.statements
            if statement["Effect"] == "Allow"
            for action in _list(statement["Action"])
            for resource in _list(statement["Resource"])
        }


def covers(statement, action, resource, context):
    """Whether a statement speaks of a request."""
    return (
        any(matches(pattern, action) for pattern in _list(statement["Action"]))
        and any(matches(pattern, resource, context) for pattern in _list(statement["Resource"]))
        and all(
            _holds(operator, _list(wanted), context.get(key), context)
            for operator, keys in statement.get("Condition", {}).items()
            for key, wanted in keys.items()
        )
    )


def _holds(operator, patterns, found, context):
    """Whether a condition holds of what the request has under its key; nothing, where it has none."""

    def is_like(value):
        return any(matches(pattern, value, context) for pattern in patterns)

    match operator:
        case "StringLike" | "ArnLike":
            return found is not None and is_like(found)
        case "ArnNotLike":
            return found is None or not is_like(found)
        case "StringEquals" | "Bool":
            return found is not None and found in patterns
        case "ForAllValues:StringLike":
            return all(map(is_like, found or []))
    raise AssertionError(f"a condition has {operator}, which nobody here knows")


def matches(pattern, value, context=None):
    """A pattern of IAM's, with `*` for anything, slashes among it. A variable that the request lacks matches nothing."""
    parts = VARIABLE.split(pattern)
    for place in range(1, len(parts), 2):
        if not context or parts[place] not in context:
            return False
        # Stands for itself: a wildcard in a tag is none.
        parts[place] = re.sub(r"([*?\[])", r"[\1]", context[parts[place]])
    parts[::2] = [part.replace("[", "[[]") for part in parts[::2]]
    return fnmatch.fnmatchcase(value, "".join(parts))


def _list(value):
    return value if isinstance(value, list) else [value]
