"""The stack in every kind of region: what AWS does not have there is left out, and no name of another partition is left."""

import functools
import json
import re

import pytest
import stack

# AWS's own lists: function URLs in Lambda's developer guide, the rest in the guides of the two partitions.
WITHOUT_URLS = (
    "cn-north-1",
    "cn-northwest-1",
    "us-gov-west-1",
    "us-gov-east-1",
    "ap-east-2",
    "ap-south-2",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-west-1",
    "eu-central-2",
    "eu-south-2",
    "il-central-1",
    "me-central-1",
)
WITHOUT_TRACES = ("cn-north-1", "cn-northwest-1")
WITHOUT_JSON_LOGS = ("us-gov-west-1", "us-gov-east-1")
ORDINARY = ("us-east-1", "eu-central-1", "ap-southeast-1")
EVERYTHING = {"AlarmEmail": "night@example.com", "NotificationTopicArn": "arn:aws-cn:sns:cn-north-1:123456789012:news"}


@functools.cache
def expanded_in(partition):
    """SAM's part of it, which knows a region's partition alone."""
    return stack.expanded(region={"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}[partition])


def of(region, **parameters):
    return stack.decided(expanded_in(stack.pseudo_parameters(region)["AWS::Partition"]), region, parameters)


def actions(document):
    return set(re.findall(r'"([a-z0-9]+:[A-Z][A-Za-z]+)"', json.dumps(document)))


@pytest.mark.parametrize("region", [*WITHOUT_URLS, *ORDINARY])
def test_a_region_gets_what_aws_has_there(region):
    document = of(region)
    has_url = region not in WITHOUT_URLS
    assert bool(stack.resources(document, "AWS::Lambda::Url")) == ("DiagnosisUrl" in document["Outputs"]) == has_url
    traced = "PassThrough" if region in WITHOUT_TRACES else "Active"
    logged = "Text" if region in WITHOUT_JSON_LOGS else "JSON"
    functions = stack.resources(document, "AWS::Lambda::Function").values()
    assert {function["TracingConfig"]["Mode"] for function in functions} == {traced}
    assert {function["LoggingConfig"]["LogFormat"] for function in functions} == {logged}
    machines = stack.resources(document, "AWS::StepFunctions::StateMachine").values()
    assert {machine["TracingConfiguration"]["Enabled"] for machine in machines} == {traced == "Active"}
    assert ("xray:PutTraceSegments" in actions(document)) == (traced == "Active")


def test_a_parameter_says_otherwise_where_aws_has_come_further_or_somebody_wants_less():
    document = of("cn-north-1", WithDiagnosisUrl="yes", WithTracing="yes")
    assert "DiagnosisUrl" in document["Outputs"] and "xray:PutTraceSegments" in actions(document)
    document = of("us-east-1", WithDiagnosisUrl="no", WithTracing="no")
    assert "DiagnosisUrl" not in document["Resources"] and "xray:PutTraceSegments" not in actions(document)


@pytest.mark.parametrize("region", ["cn-north-1", "us-gov-west-1"])
def test_nothing_names_another_partition(region):
    document = json.dumps(of(region, **EVERYTHING) | {"Parameters": None})
    assert "arn:aws:" not in document and "amazonaws.com.cn" not in document
    # What ends in a domain is a principal of a service, and those that are here have one name everywhere.
    named = set(re.findall(r"[a-z0-9.-]*amazonaws\.com[a-z.]*", document))
    assert named == {f"{service}.amazonaws.com" for service in ("lambda", "states", "scheduler", "s3", "cloudwatch")}


def test_nothing_conditional_is_left_and_nothing_refers_to_what_is_left_out():
    for region in ("us-east-1", "cn-north-1", "us-gov-west-1", "me-central-1"):
        for parameters in ({}, EVERYTHING):
            document = of(region, **parameters)
            text = json.dumps(document["Resources"]) + json.dumps(document["Outputs"])
            assert "Fn::If" not in text and "AWS::NoValue" not in text and '"Condition": "' not in text
            referred = set(re.findall(r'"Ref": "(\w+)"|"Fn::GetAtt": \["(\w+)"', text))
            names = {name for pair in referred for name in pair if name}
            assert names <= document["Resources"].keys() | document["Parameters"].keys()


# ---- Alarms and notices


def test_an_address_gets_every_alarm_by_an_encrypted_topic_that_cloudwatch_may_use():
    document = of("us-east-1", **EVERYTHING)
    topic = document["Resources"]["AlarmTopic"]["Properties"]
    assert topic["Subscription"] == [{"Protocol": "email", "Endpoint": {"Ref": "AlarmEmail"}}]
    assert topic["KmsMasterKeyId"] == {"Ref": "AlarmKey"}
    for alarm in stack.resources(document, "AWS::CloudWatch::Alarm").values():
        assert alarm["AlarmActions"] == [{"Ref": "AlarmTopic"}]
    for policy, action in (
        (document["Resources"]["AlarmKey"]["Properties"]["KeyPolicy"], ["kms:GenerateDataKey*", "kms:Decrypt"]),
        (document["Resources"]["AlarmTopicPolicy"]["Properties"]["PolicyDocument"], "sns:Publish"),
    ):
        lets_in = [found for found in policy["Statement"] if found["Principal"] == {"Service": "cloudwatch.amazonaws.com"}]
        assert [found["Action"] for found in lets_in] == [action]
        assert lets_in[0]["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    assert not any(name.startswith("Alarm") for name in of("us-east-1")["Resources"])


def test_alarms_go_to_a_topic_of_ones_own_and_to_an_address():
    document = of("us-east-1", **EVERYTHING, AlarmTopicArn="arn:aws:sns:us-east-1:123456789012:mine")
    for alarm in stack.resources(document, "AWS::CloudWatch::Alarm").values():
        assert alarm["AlarmActions"] == [{"Ref": "AlarmTopicArn"}, {"Ref": "AlarmTopic"}]


@pytest.mark.parametrize("role", ["NightlyRole", "MonthlyReportRole"])
def test_a_notice_may_be_sent_to_an_encrypted_topic_and_by_no_other_way(role):
    def granted(document):
        (policy,) = document["Resources"][role]["Properties"]["Policies"]
        found = policy["PolicyDocument"]["Statement"]
        return {statement["Sid"]: statement for statement in found}

    with_topic, without = granted(of("cn-north-1", **EVERYTHING)), granted(of("cn-north-1"))
    assert with_topic.keys() - without.keys() == {"SendNotices", "EncryptNotices", "CountNoticesThatFail"}
    encrypts = with_topic["EncryptNotices"]
    assert encrypts["Action"] == ["kms:GenerateDataKey", "kms:Decrypt"]
    assert encrypts["Condition"] == {
        "StringEquals": {"kms:ViaService": {"Fn::Sub": "sns.${AWS::Region}.${AWS::URLSuffix}"}}
    }
    assert with_topic["CountNoticesThatFail"]["Condition"] == {"StringEquals": {"cloudwatch:namespace": "Waymark"}}


@pytest.mark.parametrize(
    ("topic", "is_one"),
    [
        ("", True),
        ("arn:aws:sns:us-east-1:123456789012:waymark-alarms", True),
        ("arn:aws-cn:sns:cn-north-1:123456789012:waymark-alarms", True),
        ("arn:aws-us-gov:sns:us-gov-west-1:123456789012:waymark-alarms", True),
        ("waymark-alarms", False),
        ("arn:aws:sns:us-east-1:123456789012:waymark-alarms:0f0e", False),
        ("arn:aws:sqs:us-east-1:123456789012:waymark-alarms", False),
    ],
)
def test_what_is_no_topic_is_refused(topic, is_one):
    parameters = stack.written()["Parameters"]
    for name in ("AlarmTopicArn", "NotificationTopicArn"):
        assert bool(re.fullmatch(parameters[name]["AllowedPattern"], topic)) == is_one
