"""Every binary, fed what AWS feeds it: recorded shapes, several records, what is no upload, what cannot be read."""

import copy
import json

import events
import files
import pytest
from runtime_api import FunctionError


def message(number, body):
    return events.sqs_record({"MessageId": f"m{number}", "ReceiptHandle": "r", "Body": json.dumps(body)})


def created(cloud, key, body):
    """Puts an object without telling of it; gives what S3 would tell."""
    put = cloud.client("s3").put_object(Bucket=cloud.bucket, Key=key, Body=body)
    return events.s3_created(cloud.bucket, key, put["ETag"].strip('"'), len(body), 1)


def errors(function):
    """What the runbook's command finds in a function's log."""
    return [line["fields"] for line in function.lines() if line.get("level") == "ERROR"]


def accepted(cloud, key):
    return json.loads(cloud.get(f"outbox/{key}/report.json"))["counts"]["accepted"]


def test_a_batch_of_the_queue_is_answered_message_by_message(cloud):
    upload = cloud.functions["UploadValidation"]
    spaced = created(cloud, "inbox/orders/_/五月 订单+1.csv", files.orders([1, 2]))
    assert "+" in spaced["Records"][0]["s3"]["object"]["key"] and "%2B" in spaced["Records"][0]["s3"]["object"]["key"]
    two = created(cloud, "inbox/orders/_/two-a.csv", files.orders([3]))
    two["Records"] += created(cloud, "inbox/orders/_/two-b.csv", files.orders([4]))["Records"]
    gone = events.s3_created(cloud.bucket, "inbox/orders/_/gone.csv", "d41d8cd98f00b204e9800998ecf8427e", 3, 2)
    batch = [
        events.shape("s3-test-event"),
        spaced,
        events.s3_removed(cloud.bucket, "inbox/orders/_/gone.csv"),
        {"something": "else"},
        two,
        gone,
    ]
    answer = upload.invoke({"Records": [message(number, body) for number, body in enumerate(batch)]})
    assert answer == {"batchItemFailures": []}
    # No attempt makes a message readable: it is counted and dropped.
    assert (upload.metrics("MessagesUnreadable")[-1], upload.metrics("UploadsFailed")[-1]) == (1, 0)
    assert errors(upload)[-1]["message.id"] == "m3"
    assert accepted(cloud, "orders/_/五月 订单+1.csv") == 2
    assert accepted(cloud, "orders/_/two-a.csv") == accepted(cloud, "orders/_/two-b.csv") == 1
    assert cloud.keys("outbox/orders/_/gone.csv/") == []
    assert cloud.refused == []
    # Delivered again, it is found answered.
    again = upload.invoke({"Records": [message(1, spaced)]})
    assert again == {"batchItemFailures": []}
    assert upload.metrics("FilesAnswered")[-1] == 0


def test_a_file_refused_whole_is_counted_for_its_alarm(cloud):
    cloud.put("inbox/rates/S00001/rates.csv", b"date,currency,usd_per_unit\n2024-05-01,EUR,1.07\n")
    assert cloud.deliver_uploads() == (1, [{"batchItemFailures": []}])
    assert cloud.functions["UploadValidation"].metrics("FilesRefused")[-1] == 1


def test_a_file_that_lies_where_no_upload_does_is_counted_like_a_refused_one_and_a_folder_is_not(cloud):
    upload = cloud.functions["UploadValidation"]
    astray = created(cloud, "inbox/orders.csv", files.orders([9]))
    folder = created(cloud, "inbox/orders/", b"")
    removed = events.s3_removed(cloud.bucket, "inbox/gone.csv")
    told = [message(number, body) for number, body in enumerate((astray, folder, removed))]
    assert upload.invoke({"Records": told}) == {"batchItemFailures": []}
    assert (upload.metrics("FilesRefused")[-1], upload.metrics("FilesAnswered")[-1]) == (1, 0)
    warned = [line["fields"] for line in upload.lines() if line.get("level") == "WARN"]
    assert warned[-1]["refused"] is True and "inbox/orders.csv" in warned[-1]["error"]


def test_an_upload_that_fails_is_delivered_again_and_stops_no_other(cloud):
    bad = created(cloud, "inbox/orders/_/denied.csv", files.orders([5]))
    good = created(cloud, "inbox/orders/_/good.csv", files.orders([6]))
    cloud.fault = lambda function, told, body: told.endswith("denied.csv")
    try:
        answer = cloud.functions["UploadValidation"].invoke({"Records": [message(0, bad), message(1, good)]})
    finally:
        cloud.fault = None
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m0"}]}
    assert accepted(cloud, "orders/_/good.csv") == 1
    # The run ended well, so this is all that the alarm has.
    upload = cloud.functions["UploadValidation"]
    assert (upload.metrics("UploadsFailed")[-1], upload.metrics("FilesAnswered")[-1]) == (1, 1)
    assert errors(upload)[-1]["message.id"] == "m0" and "denied.csv" in errors(upload)[-1]["error"]


def test_an_upload_for_which_no_time_is_left_goes_on_in_a_further_run(cloud):
    upload = cloud.functions["UploadValidation"]
    told = created(cloud, "inbox/orders/_/late.csv", files.orders([7]))
    failed, upload.time_left = len(errors(upload)), 60
    try:
        assert upload.invoke({"Records": [message(0, told)]}) == {"batchItemFailures": []}
    finally:
        upload.time_left = 900
    assert cloud.keys("outbox/orders/_/late.csv/") == []
    # That is no failure: nobody is woken. But it is counted how long this goes on.
    assert upload.metrics("UploadsFailed")[-1] == 0 and len(errors(upload)) == failed
    assert (upload.metrics("UploadRuns")[-1], upload.metrics("FilesAnswered")[-1]) == (1, 0)
    batch, run = cloud.keys("uploads/")
    assert batch.endswith("/batch-0000001.jsonl.zst") and run.endswith("/run-00002.json")
    told = events.s3_created(cloud.bucket, run, "0" * 32, 1, 3)
    assert upload.invoke({"Records": [message(1, told)]}) == {"batchItemFailures": []}
    assert accepted(cloud, "orders/_/late.csv") == 1
    assert cloud.refused == []


def test_a_record_that_does_not_decode_is_set_aside_and_the_others_go_on(cloud):
    files.bring(cloud, [20, 21, 22])
    records = stream(cloud, "OrdersTable")[-3:]
    poison = copy.deepcopy(records[1])
    poison["dynamodb"]["NewImage"]["state"] = {"B": "AAAA"}
    history = cloud.functions["OrderHistory"]
    before = len(cloud.keys("lake/orders/"))
    answer = history.invoke({"Records": [records[0], poison, records[2]]})
    (unreadable,) = answer["unreadable"]
    assert (answer["order_changes"], answer["record_changes"], unreadable["place"]) == (3, 0, 1)
    assert len(cloud.keys("lake/orders/")) == before + 1
    # As it came, under a key of its own, however often it is delivered.
    assert history.invoke({"Records": [poison]})["unreadable"][0]["key"] == unreadable["key"]
    assert cloud.keys("lake/unreadable/") == [unreadable["key"]]
    assert json.loads(cloud.get(unreadable["key"]))["dynamodb"]["NewImage"] == poison["dynamodb"]["NewImage"]
    assert poison["dynamodb"]["SequenceNumber"] in unreadable["key"]
    assert history.metrics("RecordsUnreadable")[-2:] == [1, 1]
    assert history.metrics("OrderChangesRead")[-2:] == [3, 1]
    assert [told["record.key"] for told in errors(history)[-2:]] == [unreadable["key"]] * 2
    # It is read again by a backfill; this one is as bad as ever, and stays.
    assert history.invoke({"backfill": {"night": "2024-05-02"}})["records"] == 0
    assert cloud.keys("lake/unreadable/") == [unreadable["key"]]


def test_a_report_that_is_not_final_a_day_after_its_date_is_counted_for_its_alarm(cloud):
    digest = cloud.functions["MorningDigest"]

    def overdue(day):
        told = digest.invoke({"as_of": f"{day}T07:15:00Z"})["overdue"]
        assert digest.metrics("ReportsOverdue")[-1] == len(told)
        return told

    # No morning of August yet, so nobody was there to report it.
    assert overdue("2023-09-12") == []
    overdue("2023-08-31")
    assert [overdue(day) for day in ("2023-09-04", "2023-09-05")] == [[], ["2023-08"]]
    report = cloud.functions["EligibilityReport"]
    assert not report.invoke({"as_of": "2023-09-03T07:30:00Z"})["final"]
    assert overdue("2023-09-05") == ["2023-08"]
    # The instant alone makes none final: the lake has to hold what the report is made of.
    of = {"as_of": "2023-09-04T07:30:00Z", "month": "2023-08"}
    assert not report.invoke(of)["final"]
    history = cloud.functions["OrderHistory"]
    assert history.invoke({"backfill": of})["lacks"] == []
    assert report.invoke(of)["final"]
    assert overdue("2023-09-05") == []
    # Where the policy waits for signatures, the report itself says from when on it is final; of the month after there is none.
    waits = json.dumps({"final": False, "final_from": "2023-10-10T07:00:00Z"})
    cloud.client("s3").put_object(Bucket=cloud.bucket, Key="reports/month=2023-08/manifest.json", Body=waits)
    assert [overdue(day) for day in ("2023-10-10", "2023-10-11")] == [["2023-09"], ["2023-09", "2023-08"]]
    assert cloud.refused == []


@pytest.mark.parametrize("function", ["StallScan", "SignoffScan", "NightClose", "MorningDigest", "EligibilityReport"])
def test_what_the_scheduler_sends_is_understood(cloud, function):
    answer = cloud.functions[function].invoke({"as_of": "2024-05-02T07:15:00Z"})
    assert isinstance(answer, dict) and "batchItemFailures" not in answer


def test_a_question_at_the_url_is_answered_without_anything_being_written(cloud):
    files.bring(cloud, [40], ("picked_up", 10))
    diagnosis = cloud.functions["Diagnosis"]
    assert cloud.outputs["DiagnosisUrl"].startswith("https://")
    answer = diagnosis.invoke(events.url_request("q=3000000040&as_of=2024-05-08T07%3A15%3A00Z"))
    assert (answer["statusCode"], answer["isBase64Encoded"]) == (200, False)
    assert answer["headers"]["content-type"].startswith("application/json")
    told = json.loads(answer["body"])
    assert (told["order_id"], told["stages"][0]["standing"]) == (files.order_id(40), "failed")
    page = diagnosis.invoke(events.url_request("q=3000000040", accept="text/html"))
    assert page["headers"]["content-type"].startswith("text/html") and "<!DOCTYPE html>" in page["body"]
    unknown = diagnosis.invoke(events.url_request("q=83000000000007770"))
    assert unknown["statusCode"] == 404 and json.loads(unknown["body"])["error"]["zh"]
    assert diagnosis.invoke(events.url_request("q=%3Dcmd"))["statusCode"] == 400
    assert diagnosis.invoke(events.url_request("q=3000000040", method="POST"))["statusCode"] == 405
    assert set(diagnosis.metrics("DiagnosesFailed")) == {0}
    written = {action for function, action, _ in cloud.calls if function == "Diagnosis"}
    assert written <= {"dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query"}
    assert cloud.refused == []


def test_a_question_that_the_tables_do_not_answer_is_told_without_details_and_counted(cloud):
    diagnosis = cloud.functions["Diagnosis"]
    cloud.fault = lambda function, told, body: function == "Diagnosis"
    try:
        answer = diagnosis.invoke(events.url_request("q=3000000040"))
    finally:
        cloud.fault = None
    assert answer["statusCode"] == 500
    assert set(json.loads(answer["body"])["error"]) == {"en", "zh"}
    assert "denied" not in answer["body"].lower() and "dynamodb" not in answer["body"].lower()
    assert diagnosis.metrics("DiagnosesFailed")[-1] == 1
    logged = "\n".join(json.dumps(line) for line in diagnosis.lines())
    assert "the tables cannot be read" in logged and "3000000040" not in logged


def test_a_request_that_can_never_succeed_is_told_as_such(cloud):
    with pytest.raises(FunctionError) as failed:
        cloud.functions["StallScan"].invoke({"as_of": "2024-05-02T07:15:00Z", "segment": 3, "segments": 3})
    assert failed.value.type == "Permanent"
    assert "no segment 3 of 3" in str(failed.value)


@pytest.mark.parametrize("function", ["StallScan", "SignoffScan", "NightClose", "MorningDigest", "EligibilityReport"])
def test_nothing_is_run_as_of_an_instant_that_has_not_come(cloud, function):
    entries = cloud.entries()
    with pytest.raises(FunctionError) as failed:
        cloud.functions[function].invoke({"as_of": "2062-06-12T07:00:00Z"})
    assert failed.value.type == "Permanent"
    assert "2062-06-12T07:00:00Z is still to come" in str(failed.value)
    assert cloud.entries() == entries


def stream(cloud, table):
    """A table's stream from its start, as Lambda hands it on."""
    streams = cloud.client("dynamodbstreams")
    arn = streams.list_streams(TableName=cloud.outputs[table])["Streams"][0]["StreamArn"]
    shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
    iterator = streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")
    found = streams.get_records(ShardIterator=iterator["ShardIterator"], Limit=1000)["Records"]
    return [events.stream_record(record) for record in found]
