"""What stands in the way of a deployment, found before AWS is asked to change anything. Each refusal says what to do."""

from botocore.exceptions import ClientError

import expanded

# A stack that never came into being, or not wholly away: it cannot be deployed to.
REMAINS = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED", "IMPORT_ROLLBACK_FAILED")
# The first two tell no more than that somebody was shown the changes and did not want them.
NEW = ("REVIEW_IN_PROGRESS", "DELETE_COMPLETE", None)
TABLES = ("OrdersTable", "RecordsTable")


class Refused(Exception):
    """Why nothing was deployed, for the person who typed the command."""


def bucket_of(stage, account, region):
    """The name that the template gives the bucket."""
    return f"waymark-{stage}-{account}-{region}"


def is_new(found):
    """Whether the stack is still to be created."""
    return (found or {}).get("StackStatus") in NEW


def values_of(found):
    """The parameters that a stack was deployed with."""
    return {given["ParameterKey"]: given["ParameterValue"] for given in (found or {}).get("Parameters", [])}


def refuse_what_cannot_be_deployed_to(found):
    """A stack whose last change failed, or is still under way."""
    if is_new(found):
        return
    name, status = found["StackName"], found["StackStatus"]
    remedy = None
    if status in REMAINS:
        remedy = (
            f"take away what is left of it, `aws cloudformation delete-stack --stack-name {name}` and "
            f"`aws cloudformation wait stack-delete-complete --stack-name {name}`, then deploy again"
        )
    elif status == "UPDATE_ROLLBACK_FAILED":
        remedy = f"remove the cause, then `aws cloudformation continue-update-rollback --stack-name {name}`, then deploy again"
    elif status == "UPDATE_FAILED":
        remedy = f"`aws cloudformation rollback-stack --stack-name {name}`, then deploy again"
    elif status.endswith("_IN_PROGRESS"):
        remedy = "it is being changed; wait until that has ended, then deploy again"
    if remedy:
        raise Refused(f"the stack {name} is {status}: {remedy}")


def refuse_another_stage(found, stage):
    """The stage is in the bucket's name: another one under the same stack would begin with an empty bucket."""
    there = values_of(found).get("Stage", stage)
    if there != stage:
        raise Refused(
            f"the stack {found['StackName']} is the stage {there}: give {stage} a stack of its own, "
            f"`make deploy STAGE={stage} STACK=waymark-{stage}`"
        )


def owner_of(session, bucket):
    """The stack that has the bucket; none if it was kept when its stack was deleted."""
    pages = session.client("cloudformation").get_paginator("describe_stacks").paginate()
    for stack in (stack for page in pages for stack in page["Stacks"]):
        if any(output["OutputValue"] == bucket for output in stack.get("Outputs", [])):
            return stack["StackName"]
    return None


def bucket_is_there(session, bucket):
    """Whether the bucket's name is taken, by us."""
    try:
        session.client("s3").head_bucket(Bucket=bucket)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in ("404", "NoSuchBucket"):
            return False
        raise Refused(
            f"the bucket {bucket} cannot be looked at ({code}): either these credentials lack s3:ListBucket for it, or another "
            "account has the name; then choose another stage, `make deploy STAGE=… STACK=…`"
        ) from None
    return True


def kept_tables(session, stack):
    """Tables of a deleted stack of this name, as the parameters that point a stack at them; of several the last."""
    dynamodb = session.client("dynamodb")
    found = {}
    for page in dynamodb.get_paginator("list_tables").paginate():
        for name in page["TableNames"]:
            for table in TABLES:
                if name.startswith(f"{stack}-{table}-"):
                    described = dynamodb.describe_table(TableName=name)["Table"]
                    kind = table.removesuffix("Table")
                    found[f"{kind}TableName"] = name
                    found[f"{kind}StreamLabel"] = described.get("LatestStreamLabel", "")
    return found


def refuse_what_an_earlier_stack_left(session, given, bucket, named):
    """A new stack beside a bucket or tables that hold somebody's orders: they are another stack's, or wait to be taken over."""
    is_there = bucket_is_there(session, bucket)
    if is_there and (owner := owner_of(session, bucket)):
        raise Refused(
            f"the stage {given.stage} is the stack {owner}, which has the bucket {bucket}: `make deploy STACK={owner}` deploys to it; "
            f"a second stack needs a stage of its own, `make deploy STAGE=trial STACK={given.stack}`"
        )
    if given.adopt and not is_there:
        raise Refused(f"there is no bucket {bucket} to adopt: leave ADOPT=1 out")
    tables = {name: value for name, value in kept_tables(session, given.stack).items() if name not in named}
    if (not is_there or given.adopt) and not tables:
        return
    words = ["make deploy", f"STAGE={given.stage}", f"STACK={given.stack}"]
    left = [tables[name] for name in tables if name.endswith("TableName")]
    if is_there:
        words.append("ADOPT=1")
        left.append(bucket)
    if more := [f"{name}={value}" for name, value in ({**named, **tables}).items()]:
        words.append('PARAMETERS="' + " ".join(more) + '"')
    raise Refused(
        f"an earlier stack left {' and '.join(left)}: to go on with what is in them, type `{' '.join(words)}`; to begin empty, "
        "choose another stage and stack"
    )


def warnings(region, values):
    """What the stack will lack, a sentence each."""
    document = expanded.written()
    holds = expanded.conditions(document, region, values)
    if not holds["HasAlarmTopic"] and not holds["HasAlarmEmail"]:
        yield 'nobody is sent an alarm: say PARAMETERS="AlarmEmail=you@example.com", or AlarmTopicArn=arn:… for a topic of yours'
    if not holds["HasDiagnosisUrl"]:
        yield f"the diagnosis has no URL in {region}: ask it with `waymark --aws diagnose`"
    if not holds["HasTracing"]:
        yield f"X-Ray traces nothing in {region}: go by the logs"


def refuse(session, given, account, found, named):
    """All of it. `found` is the stack as CloudFormation describes it, `named` what PARAMETERS gives."""
    refuse_what_cannot_be_deployed_to(found)
    refuse_another_stage(found, given.stage)
    if is_new(found):
        refuse_what_an_earlier_stack_left(session, given, bucket_of(given.stage, account, session.region_name), named)
    elif given.adopt:
        raise Refused(f"the stack {found['StackName']} has its bucket: leave ADOPT=1 out")
