"""A night and a month's report, as their state machines run them: the parts, the rounds, what fails and what is told."""

import csv
import io
import json
import re

import files
import pytest

NIGHT = "2024-05-08T07:15:00Z"
NEXT_NIGHT = "2024-05-09T07:15:00Z"
LATER_NIGHT = "2024-05-10T07:15:00Z"
# The last event at hour 20: silent for over 48 hours by the first night.
TOLD = (("picked_up", 10), ("export_customs", 20))
# Where what a part of a report came to lies.
PART = re.compile(r"/\d{5}\.postcard$")


@pytest.fixture(scope="module")
def cloud():
    from cloud import Cloud

    deployed = Cloud({"ScanSegments": "3", "NotificationTopicArn": "arn:aws:sns:us-east-1:123456789012:clerks"})
    topic = deployed.client("sns").create_topic(Name="clerks")["TopicArn"]
    deployed.box = deployed.client("sqs").create_queue(QueueName="box")["QueueUrl"]
    deployed.client("sns").subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:us-east-1:123456789012:box"
    )
    yield deployed
    deployed.close()


def told(cloud):
    """What the clerks were told since last asked."""
    found = cloud.client("sqs").receive_message(QueueUrl=cloud.box, MaxNumberOfMessages=10).get("Messages", [])
    for message in found:
        cloud.client("sqs").delete_message(QueueUrl=cloud.box, ReceiptHandle=message["ReceiptHandle"])
    bodies = [json.loads(message["Body"]) for message in found]
    return [(body["Subject"], body["Message"]) for body in bodies]


def test_a_segment_that_fails_costs_the_others_nothing_and_the_night_is_open_and_failed(cloud):
    files.bring(cloud, range(100, 130), *TOLD)
    cloud.fault = lambda function, operation, body: (
        function == "StallScan" and operation.endswith(".Scan") and json.loads(body)["Segment"] == 1
    )
    try:
        failed = cloud.run("Nightly", {"as_of": NIGHT})
    finally:
        cloud.fault = None
    assert (failed["status"], failed["error"]) == ("FAILED", "NightIncomplete")
    undone = json.loads(failed["cause"])
    assert [part["segment"] for part in undone["stalls"]] == [1] and undone["shards"] == []
    posted = len(cloud.entries())
    assert 0 < posted < 30
    assert cloud.keys("closes/") == []
    digest = json.loads(cloud.get("digest/date=2024-05-08/digest.json"))
    assert [part["segment"] for part in digest["missing"]] == [1]
    ((subject, message),) = told(cloud)
    assert "incomplete" in subject and NIGHT in message and "RUNBOOK" in message

    mended = cloud.run("Nightly", {"as_of": NIGHT})
    assert mended["status"] == "SUCCEEDED", mended
    assert len(cloud.entries()) == 30
    assert json.loads(mended["output"])["close"]["outcome"]["close"]["entries"] == 30
    assert json.loads(cloud.get("digest/date=2024-05-08/digest.json"))["missing"] == []
    ((subject, message),) = told(cloud)
    assert subject == "Waymark 2024-05-08: the morning digest"
    assert re.search(r"Posted: 30 entries, USD 36\.00", message) and "digest/date=2024-05-08/digest.html" in message


def test_a_night_run_again_posts_nothing_and_its_close_stands(cloud):
    before = cloud.entries()
    again = cloud.run("Nightly", {"as_of": NIGHT})
    assert json.loads(again["output"])["close"]["outcome"]["status"] == "stood"
    assert cloud.entries() == before
    told(cloud)


def test_a_segment_that_needs_three_rounds_gets_them(cloud):
    scan = cloud.functions["StallScan"]
    files.bring(cloud, range(1000, 1900), *TOLD)
    runs = len(scan.metrics("OrdersFailed"))
    # So little time that a run stops after the first orders that it fines.
    scan.time_left = 1
    try:
        ended = cloud.run("Nightly", {"as_of": NEXT_NIGHT})
    finally:
        scan.time_left = 900
    assert ended["status"] == "SUCCEEDED", ended
    assert len(scan.metrics("OrdersFailed")) - runs >= 9
    assert json.loads(ended["output"])["digest"]["outcome"]["missing"] == 0
    lines = [line.get("fields", {}) for line in scan.lines()]
    lines = [fields for fields in lines if fields.get("as_of") == NEXT_NIGHT and "examined" in fields]
    assert sum(line["examined"] for line in lines) == 930
    rounds = [sum(line["segment"] == segment for line in lines) for segment in range(3)]
    assert min(rounds) >= 2 and max(rounds) >= 3, rounds
    told(cloud)


def test_a_poison_item_is_told_and_stops_nothing(cloud):
    cloud.client("dynamodb").put_item(
        TableName=cloud.outputs["OrdersTable"], Item={"order_id": {"S": "poison"}, "state": {"B": b"\0\0\0"}}
    )
    ended = cloud.run("Nightly", {"as_of": LATER_NIGHT})
    assert ended["status"] == "SUCCEEDED", ended
    assert sum(cloud.functions["StallScan"].metrics("OrdersFailed")) == 1
    assert json.loads(ended["output"])["close"]["outcome"]["status"] == "closed"
    cloud.client("dynamodb").delete_item(TableName=cloud.outputs["OrdersTable"], Key={"order_id": {"S": "poison"}})


def test_an_earlier_night_comes_too_late_and_posts_nothing(cloud):
    before = cloud.entries()
    late = cloud.run("Nightly", {"as_of": "2024-05-07T07:15:00Z"})
    assert json.loads(late["output"])["close"]["outcome"]["status"] == "superseded"
    assert cloud.entries() == before
    told(cloud)


@pytest.mark.parametrize("machine", ["Nightly", "MonthlyReport"])
def test_what_has_not_come_when_an_execution_starts_is_not_run(cloud, machine):
    cloud.calls.clear()
    before = cloud.entries()
    refused = cloud.run(machine, {"as_of": "2062-06-12T07:00:00Z"})
    assert (refused["status"], refused["error"]) == ("FAILED", "NotYet"), refused
    assert "2062-06-12T07:00:00Z" in refused["cause"]
    assert cloud.entries() == before and not [call for call in cloud.calls if "Scan" in str(call[1])]


def test_a_report_is_made_again_when_it_is_final(cloud):
    ended = cloud.run("MonthlyReport", {"as_of": "2024-06-02T07:30:00Z"})
    assert ended["status"] == "SUCCEEDED", ended
    reports = cloud.functions["EligibilityReport"].metrics("ReportsFinal")
    assert reports == [0, 1]
    ((subject, message),) = told(cloud)
    assert subject == "Waymark: the report of 2024-05" and "is final" in message
    manifest = json.loads(cloud.get("reports/month=2024-05/manifest.json"))
    assert manifest["as_of"] == "2024-06-04T07:00:00Z"


def test_a_report_in_parts_is_the_report_of_one_run(cloud):
    cloud.calls.clear()
    ended = cloud.run("MonthlyReport", {"as_of": "2024-06-05T07:30:00Z", "month": "2024-05", "buckets": 4})
    assert ended["status"] == "SUCCEEDED", ended
    told(cloud)
    parts = {resource for _, action, resource in cloud.calls if action == "s3:PutObject" and PART.search(resource)}
    assert len(parts) == 4, parts
    manifest = json.loads(cloud.get("reports/month=2024-05/manifest.json"))
    assert manifest["as_of"] == "2024-06-05T07:30:00Z"
    # A revision was there before it.
    forms = {f"eligibility.{form}" for form in ("csv", "html", "parquet", "xlsx")}
    assert {output["name"] for output in manifest["outputs"]} == forms | {"changes.json"}
    whole = cloud.run("MonthlyReport", {"as_of": "2024-06-05T07:30:00Z", "month": "2024-05"})
    assert whole["status"] == "SUCCEEDED", whole
    told(cloud)
    assert json.loads(cloud.get("reports/month=2024-05/manifest.json")) == manifest


def test_no_report_is_final_while_a_night_of_it_is_open_or_the_streams_have_not_brought_everything(cloud):
    """Nothing here hands the streams on: what the report is made of comes from the tables and the closes."""
    night, as_of = "2024-06-06T07:15:00Z", "2024-06-06T07:30:00Z"
    cloud.functions["StallScan"].invoke({"as_of": night})
    failed = cloud.run("MonthlyReport", {"as_of": as_of, "month": "2024-05"})
    assert (failed["status"], failed["error"]) == ("FAILED", "ReportNotFinal"), failed
    assert f"the lake lacks the close of the night {night}" in failed["cause"]
    manifest = json.loads(cloud.get("reports/month=2024-05/manifest.json"))
    assert manifest["final"] is False and night in manifest["lacking"]["zh"]
    assert told(cloud) == []
    cloud.functions["NightClose"].invoke({"as_of": night})
    ended = cloud.run("MonthlyReport", {"as_of": as_of, "month": "2024-05"})
    assert ended["status"] == "SUCCEEDED", ended
    manifest = json.loads(cloud.get("reports/month=2024-05/manifest.json"))
    assert manifest["final"] is True and "lacking" not in manifest
    fines = sum(int(row["fines_count"]) for row in report_rows(cloud, "2024-05"))
    # Each entry of these nights is a fine.
    assert fines == len(cloud.entries()) > 0
    told(cloud)


def report_rows(cloud, month):
    text = cloud.get(f"reports/month={month}/eligibility.csv").decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def test_parts_that_fail_are_planned_anew_and_given_up_in_the_end(cloud):
    def parts_fail(function, operation, body):
        return function == "EligibilityReport" and PART.search(operation)

    cloud.fault = parts_fail
    try:
        failed = cloud.run("MonthlyReport", {"as_of": "2024-06-05T07:30:00Z", "month": "2024-05", "buckets": 2})
    finally:
        cloud.fault = None
    assert (failed["status"], failed["error"]) == ("FAILED", "ReportGivenUp"), failed


@pytest.mark.parametrize(
    ("machine", "event"),
    [("Nightly", {"as_of": "2024-05-11T07:15:00Z"}), ("MonthlyReport", {"as_of": "2024-06-04T07:30:00Z"})],
)
def test_a_notice_that_cannot_be_sent_fails_nothing_and_is_counted(cloud, machine, event):
    """The topic is gone, or its key or its policy lets the state machine's role not in."""
    cloud.client("sns").delete_topic(TopicArn="arn:aws:sns:us-east-1:123456789012:clerks")
    ended = cloud.run(machine, event)
    assert ended["status"] == "SUCCEEDED", ended
    found = cloud.client("cloudwatch").list_metrics(Namespace="Waymark", MetricName="NoticesFailed")["Metrics"]
    counted = [{dimension["Name"]: dimension["Value"] for dimension in metric["Dimensions"]} for metric in found]
    assert {"StateMachineArn": cloud.outputs[machine]} in counted
