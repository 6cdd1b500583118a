"""What `make deploy` looks at before it changes anything, where moto cannot play it: a stack that failed, a bucket of others, an import."""

import json
from types import SimpleNamespace

import adoption
import boto3
import preflight
import pytest
import stack
from botocore.stub import ANY, Stubber

BUCKET = "waymark-live-123456789012-us-east-1"
GIVEN = SimpleNamespace(stack="waymark", stage="live", adopt=False)


class Session:
    """Clients that answer what a test has stubbed, and refuse every other call."""

    region_name = stack.REGION

    def __init__(self):
        keys = {"aws_access_key_id": "proof", "aws_secret_access_key": "proof"}
        services = ("cloudformation", "s3", "dynamodb")
        self.clients = {name: boto3.client(name, region_name=self.region_name, **keys) for name in services}
        self.stubs = {name: Stubber(client) for name, client in self.clients.items()}
        for stub in self.stubs.values():
            stub.activate()

    def client(self, name):
        return self.clients[name]


def stack_that_is(status, **values):
    parameters = [{"ParameterKey": name, "ParameterValue": value} for name, value in values.items()]
    return {"StackName": "waymark", "StackStatus": status, "Parameters": parameters}


@pytest.mark.parametrize(
    ("status", "remedy"),
    [
        ("ROLLBACK_COMPLETE", "`aws cloudformation delete-stack --stack-name waymark`"),
        ("ROLLBACK_FAILED", "`aws cloudformation delete-stack --stack-name waymark`"),
        ("CREATE_FAILED", "`aws cloudformation delete-stack --stack-name waymark`"),
        ("DELETE_FAILED", "`aws cloudformation wait stack-delete-complete --stack-name waymark`"),
        ("UPDATE_ROLLBACK_FAILED", "`aws cloudformation continue-update-rollback --stack-name waymark`"),
        ("UPDATE_FAILED", "`aws cloudformation rollback-stack --stack-name waymark`"),
        ("UPDATE_IN_PROGRESS", "wait until that has ended"),
        ("DELETE_IN_PROGRESS", "wait until that has ended"),
    ],
)
def test_a_stack_that_cannot_be_deployed_to_is_named_with_its_remedy(status, remedy):
    """Without a call of AWS: none is stubbed."""
    with pytest.raises(preflight.Refused) as refused:
        preflight.refuse(Session(), GIVEN, "123456789012", stack_that_is(status, Stage="live"), {})
    assert str(refused.value).startswith(f"the stack waymark is {status}: ") and remedy in str(refused.value)


@pytest.mark.parametrize("status", ["CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE"])
def test_a_stack_that_stands_is_deployed_to(status):
    preflight.refuse(Session(), GIVEN, "123456789012", stack_that_is(status), {})


@pytest.mark.parametrize("found", [None, stack_that_is("REVIEW_IN_PROGRESS")])
def test_a_new_stack_is_made_where_nothing_is_left_of_an_earlier_one(found):
    """A stack in review is one whose changes were shown and not wanted."""
    session = Session()
    session.stubs["s3"].add_client_error("head_bucket", "404", expected_params={"Bucket": BUCKET})
    session.stubs["dynamodb"].add_response("list_tables", {"TableNames": ["orders", "waymark-trial-OrdersTable-1"]})
    preflight.refuse(session, GIVEN, "123456789012", found, {})


def test_a_bucket_that_is_not_ours_is_said_to_be():
    session = Session()
    session.stubs["s3"].add_client_error("head_bucket", "403")
    with pytest.raises(preflight.Refused, match="cannot be looked at .403.: either these credentials lack s3:ListBucket"):
        preflight.refuse(session, GIVEN, "123456789012", None, {})


def test_nothing_is_adopted_where_nothing_is_left_or_a_stack_stands():
    adopting = SimpleNamespace(**{**vars(GIVEN), "adopt": True})
    session = Session()
    session.stubs["s3"].add_client_error("head_bucket", "404")
    with pytest.raises(preflight.Refused, match="there is no bucket .* to adopt"):
        preflight.refuse(session, adopting, "123456789012", None, {})
    with pytest.raises(preflight.Refused, match="has its bucket: leave ADOPT=1 out"):
        preflight.refuse(session, adopting, "123456789012", stack_that_is("UPDATE_COMPLETE"), {})


def test_a_bucket_is_adopted_where_the_tables_are_named_too():
    session, tables = Session(), {"TableNames": ["waymark-OrdersTable-1", "waymark-RecordsTable-2"]}
    named = {}
    for _ in range(2):
        session.stubs["s3"].add_response("head_bucket", {})
        session.stubs["cloudformation"].add_response("describe_stacks", {"Stacks": []})
        session.stubs["dynamodb"].add_response("list_tables", tables)
        for name in tables["TableNames"]:
            described = {"Table": {"TableName": name, "LatestStreamLabel": "2026-01-01T00:00:00.000"}}
            session.stubs["dynamodb"].add_response("describe_table", described)
        if not named:
            adopting = SimpleNamespace(**{**vars(GIVEN), "adopt": True})
            with pytest.raises(preflight.Refused, match="ADOPT=1 PARAMETERS=") as refused:
                preflight.refuse(session, adopting, "123456789012", None, named)
            said = str(refused.value).split('PARAMETERS="')[1].split('"')[0]
            named = dict(word.split("=", 1) for word in said.split())
    preflight.refuse(session, adopting, "123456789012", None, named)
    assert named.keys() == {"OrdersTableName", "OrdersStreamLabel", "RecordsTableName", "RecordsStreamLabel"}


def test_adopting_imports_the_bucket_and_its_policy_and_nothing_else():
    session = Session()
    policy = {"Version": "2012-10-17", "Statement": []}
    session.stubs["s3"].add_response("get_bucket_policy", {"Policy": json.dumps(policy)}, {"Bucket": BUCKET})
    change = {"StackName": "waymark", "ChangeSetName": "adopt-the-bucket"}
    imported = [
        {"ResourceType": "AWS::S3::Bucket", "LogicalResourceId": "Bucket", "ResourceIdentifier": {"BucketName": BUCKET}},
        {"ResourceType": "AWS::S3::BucketPolicy", "LogicalResourceId": "BucketPolicy", "ResourceIdentifier": {"Bucket": BUCKET}},
    ]
    asked = {**change, "ChangeSetType": "IMPORT", "TemplateBody": ANY, "ResourcesToImport": imported}
    cloudformation = session.stubs["cloudformation"]
    cloudformation.add_response("create_change_set", {}, asked)
    cloudformation.add_response("describe_change_set", {"Status": "CREATE_COMPLETE"}, change)
    cloudformation.add_response("execute_change_set", {}, change)
    complete = {"StackName": "waymark", "StackStatus": "IMPORT_COMPLETE", "CreationTime": "2026-01-01T00:00:00Z"}
    cloudformation.add_response("describe_stacks", {"Stacks": [complete]}, {"StackName": "waymark"})
    adoption.adopt(session, "waymark", BUCKET)
    cloudformation.assert_no_pending_responses()


def test_what_is_imported_is_what_the_template_calls_it():
    """The deployment that follows finds the same resources under the same names and the same types."""
    session = Session()
    session.stubs["s3"].add_response("get_bucket_policy", {"Policy": "{}"})
    imported = adoption.resources(session, BUCKET)
    written = stack.written()["Resources"]
    for name, resource in imported.items():
        assert written[name]["Type"] == resource["Type"]
        assert resource["DeletionPolicy"] == resource["UpdateReplacePolicy"] == "Retain"
    assert written["Bucket"]["Properties"]["BucketName"] == {"Fn::Sub": "waymark-${Stage}-${AWS::AccountId}-${AWS::Region}"}
    assert preflight.bucket_of("live", "123456789012", "us-east-1") == BUCKET


@pytest.mark.parametrize(
    ("region", "values", "said"),
    [
        ("us-east-1", {}, ["nobody is sent an alarm"]),
        ("us-east-1", {"AlarmEmail": "night@example.com"}, []),
        ("us-east-1", {"AlarmTopicArn": "arn:aws:sns:us-east-1:123456789012:mine"}, []),
        ("me-central-1", {"AlarmEmail": "night@example.com"}, ["the diagnosis has no URL in me-central-1"]),
        ("cn-north-1", {"AlarmEmail": "night@example.com"}, ["the diagnosis has no URL in cn-north-1", "X-Ray traces nothing"]),
        ("cn-north-1", {"AlarmEmail": "a@example.com", "WithDiagnosisUrl": "yes", "WithTracing": "yes"}, []),
    ],
)
def test_what_a_stack_will_lack_is_said(region, values, said):
    found = list(preflight.warnings(region, values))
    assert len(found) == len(said) and all(each.startswith(start) for each, start in zip(found, said, strict=True))
