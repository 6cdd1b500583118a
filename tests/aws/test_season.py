"""A part of an acceptance season by the binaries on moto: the ledger that the rulebook says, so that nothing leans on one
emulator; and afterwards, that each role allows exactly the calls that its function made.

SEASON_PARTS=1 plays all of it (minutes: moto is slow); by default one part of 24 is played.
"""

import csv
import hashlib
import io
import json
import os
from collections import Counter

import events
import pytest
import roles
import stack

DATA = stack.TOP.parent / "shared" / "data" / "season-a"
PARTS = int(os.environ.get("SEASON_PARTS", "24"))
FILES = ("rates", "orders", "tracking", "tracking-mended", "events", "appeals")
# What Lambda does in the function's name, not the function.
OF_LAMBDA = ("logs:", "xray:", "sqs:", "dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams")

# Rights that a part of one season does not reach, each on its resource as the template calls it, with what does.
NOT_REACHED = {
    ("UploadValidation", "s3:ListBucket", "Bucket"): "an upload that is gone (test_functions)",
    ("UploadValidation", "dynamodb:GetItem", "OrdersTable"): "one order read again after a lost race",
    ("UploadValidation", "dynamodb:ConditionCheckItem", "OrdersTable"): "a decision on an order that left the table",
    ("UploadValidation", "dynamodb:ConditionCheckItem", "RecordsTable"): "the same",
    ("UploadValidation", "s3:GetObject", "Bucket/uploads/*"): "an upload of more than one batch",
    ("UploadValidation", "s3:PutObject", "Bucket/uploads/*"): "the same",
    ("StallScan", "dynamodb:GetItem", "OrdersTable"): "one order read again after a lost race",
    ("StallScan", "dynamodb:DeleteItem", "RecordsTable"): "the lanes of a night that was never closed",
    ("SignoffScan", "dynamodb:DeleteItem", "RecordsTable"): "the same",
    ("NightClose", "s3:GetObject", "Bucket/nights/*/close/*"): "a night of more than 50,000 entries",
    ("NightClose", "s3:PutObject", "Bucket/nights/*/close/*"): "the same",
    ("EligibilityReport", "s3:GetObject", "Bucket/aggregates/*"): "months that are kept as aggregates",
    ("EligibilityReport", "s3:PutObject", "Bucket/aggregates/*"): "the same",
}

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"there is no season at {DATA}")


def rows(name):
    with (DATA / f"{name}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def part():
    """Whole orders, with all that shares a tracking number with them: so each is judged as in the whole season."""
    season = {name: rows(name) for name in FILES}
    leader = {}

    def find(one):
        while leader.setdefault(one, one) != one:
            one = leader[one]
        return one

    for name in ("tracking", "tracking-mended"):
        for row in season[name]:
            first, second = sorted((find(row["order_id"]), find("number " + row["tracking_number"].strip())))
            leader[second] = first
    played = {row["order_id"] for row in season["orders"] if int(find(row["order_id"])) // 10 % PARTS == 0}
    numbers = {one for one in leader if one.startswith("number ") and find(one) in {find(order) for order in played}}
    keeps = {
        "rates": lambda row: True,
        "events": lambda row: "number " + row["tracking_number"].strip() in numbers,
    }
    of_played = lambda row: row["order_id"] in played  # noqa: E731
    return played, {name: [row for row in found if keeps.get(name, of_played)(row)] for name, found in season.items()}


def as_csv(found):
    text = io.StringIO()
    table = csv.DictWriter(text, found[0].keys())
    table.writeheader()
    table.writerows(found)
    return text.getvalue().encode()


def deploy():
    from cloud import Cloud

    pack = (stack.TOP / "shared/domain/data/policy.toml").read_bytes()
    named = {"PolicyKey": "policy/pack.toml", "PolicySha256": hashlib.sha256(pack).hexdigest()}
    deployed = Cloud({"ScanSegments": "2", **named})
    deployed.client("s3").put_object(Bucket=deployed.bucket, Key="policy/pack.toml", Body=pack)
    return deployed


@pytest.fixture(scope="module")
def cloud():
    deployed = deploy()
    yield deployed
    deployed.close()


def net(entries):
    """What stands of the ledger, a line a subject: fines less reversals."""
    sums = Counter()
    for item in entries:
        entry = json.loads(item["body"]["S"])
        if entry["kind"] in ("fine", "reversal"):
            subject = (entry["order_id"], entry["clause"], entry["subject"].get("episode_start"))
            sums[subject] += round(float(entry["amount"]) * 100)
    return {subject: cents for subject, cents in sums.items() if cents}


def bring(cloud, name, found, recorded_at):
    """Uploads a file of rows and has it answered; without rows, none."""
    if found:
        kind = name.split("-")[0]
        cloud.put(f"inbox/{kind}/_/{name}.csv", as_csv(found), **{"recorded-at": recorded_at})
        assert cloud.deliver_uploads() == (1, [{"batchItemFailures": []}])


def wanted(expected, played):
    """The ledger that the rulebook says, of the orders that are played."""
    return {
        (fine["order_id"], fine["clause"], fine["episode_start"]): fine["cents"]
        for fine in expected["net"]
        if fine["order_id"] in played
    }


def named(cloud, pattern):
    """A resource pattern as the template calls it: OrdersTable, Bucket/lake/*."""
    names = {f"arn:aws:s3:::{cloud.bucket}": "Bucket"}
    names |= {cloud.arn_of_table(cloud.outputs[table]): table for table in ("OrdersTable", "RecordsTable")}
    arn = max((arn for arn in names if pattern == arn or pattern.startswith(f"{arn}/")), key=len, default=None)
    return names[arn] + pattern.removeprefix(arn) if arn else pattern


def write_history(cloud):
    """Hands both tables' streams to order-history, to their ends; gives how many records they held."""
    written = 0
    streams = cloud.client("dynamodbstreams")
    for table in ("OrdersTable", "RecordsTable"):
        arn = streams.list_streams(TableName=cloud.outputs[table])["Streams"][0]["StreamArn"]
        shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
        iterator = streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")
        iterator = iterator["ShardIterator"]
        while found := streams.get_records(ShardIterator=iterator, Limit=500):
            if not found["Records"]:
                break
            batch = [events.stream_record(record) for record in found["Records"]]
            assert cloud.functions["OrderHistory"].invoke({"Records": batch})["unreadable"] == []
            written += len(batch)
            iterator = found["NextShardIterator"]
    return written


def test_the_season_comes_to_the_same_ledger(cloud):
    expected = json.loads((DATA / "expected.json").read_text())
    played, season = part()
    # The events first: they wait for their parcels, and those for their orders.
    for name in ("rates", "events", "orders", "tracking", "tracking-mended", "appeals"):
        bring(cloud, name, season[name], expected["as_of"])
    # First the sign-offs alone, or the stall scan would leave nothing for them to post.
    cloud.functions["SignoffScan"].invoke({"as_of": expected["as_of"]})
    ended = cloud.run("Nightly", {"as_of": expected["as_of"]})
    assert ended["status"] == "SUCCEEDED", ended
    ledger = wanted(expected, played)
    assert len(ledger) > 20
    assert net(cloud.entries()) == ledger


def test_each_role_allows_what_its_function_does_and_nothing_that_it_does_not(cloud):
    """The rest of what functions do, then the calls of all of them against the roles."""
    # A file that is refused takes an earlier answer's sheet away; sellers have items of their own.
    cloud.put("inbox/rates/_/rates.csv", b"no rates at all")
    seller = {"seller_id": "S00001", "entity_type": "company", "name": "One"}
    cloud.put("inbox/sellers/_/sellers.jsonl", json.dumps(seller).encode())
    cloud.deliver_uploads()
    write_history(cloud)
    compacted = cloud.functions["OrderHistory"].invoke({"compact": {"as_of": "2024-06-12T12:30:00Z"}})
    assert compacted["files_read"] > 0 and not compacted["more"], compacted
    for _ in range(2):
        report = cloud.run("MonthlyReport", {"as_of": "2024-06-12T07:30:00Z"})
        assert report["status"] == "SUCCEEDED", report
    # A summer later orders are settled for good; and the same morning twice.
    for _ in range(2):
        night = cloud.run("Nightly", {"as_of": "2024-09-12T07:15:00Z"})
        assert night["status"] == "SUCCEEDED", night
    # A morning of May, and one of June that looks for May's report.
    mornings = [{"as_of": f"2024-{day}T07:15:00Z"} for day in ("05-31", "06-12")]
    told = [cloud.functions["MorningDigest"].invoke(morning) for morning in mornings]
    assert [each["overdue"] for each in told] == [[], []]
    # An order's id may be a number too: so it is looked for as both.
    asked = cloud.functions["Diagnosis"].invoke(events.url_request(f"q={min(part()[0])}"))
    assert asked["statusCode"] == 200, asked
    assert cloud.refused == []
    unused, granted = {}, set()
    for function, role in cloud.roles.items():
        made = {(action, resource) for called, action, resource in cloud.calls if called == function}
        granted |= {(function, action, named(cloud, pattern)) for action, pattern in role.granted()}
        unused[function] = {
            (action, named(cloud, pattern))
            for action, pattern in role.granted()
            if not action.startswith(OF_LAMBDA)
            and not any(called == action and roles.matches(pattern, resource) for called, resource in made)
        }
    found = [
        (function, *right)
        for function, rights in sorted(unused.items())
        for right in sorted(rights)
        if (function, *right) not in NOT_REACHED
    ]
    assert not found, "\n".join(map(str, found))
    assert set(NOT_REACHED) <= granted, set(NOT_REACHED) - granted
