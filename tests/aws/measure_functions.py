"""What each function takes of a processor and of memory, over a whole season on moto: `make bench-functions`, which names the
packaged binaries. The ledger must be the season's, to the cent, or nothing is told.

What is measured is the function's own process, its calls to AWS and their signatures among it, but not what answers them.
Times are of this machine and this run. Linux alone tells them.
"""

import json
import logging
import os
from collections import defaultdict
from datetime import datetime, timedelta

os.environ.setdefault("SEASON_PARTS", "1")

import test_season as season  # noqa: E402

# Passes over the table with nothing due, so that a tick of the processor's clock does not count.
PASSES = 20


def main():
    # moto tells of each property that it passes over; test_template knows them.
    logging.disable(logging.CRITICAL)
    expected = json.loads((season.DATA / "expected.json").read_text())
    cloud = season.deploy()
    try:
        told = play(cloud, expected)
    finally:
        cloud.close()
    print(f"{'':20} {'for each of':>28} {'processor':>10} {'each':>10} {'peak':>9}")
    for function, count, what, seconds, peak in told:
        each = f"{seconds / count * 1_000_000:,.0f} µs"
        print(f"{function:20} {count:>10,} {what:>17} {seconds:8.2f} s {each:>10} {peak:6.0f} MB")


def play(cloud, expected):
    """Plays the season; gives a line of the table for each function."""
    as_of = expected["as_of"]
    played, files = season.part()
    for name in ("rates", "orders", "tracking", "tracking-mended"):
        season.bring(cloud, name, files[name], as_of)
    # A file a day, as feeds come: few rows of a file are then of one order.
    days = defaultdict(list)
    for event in files["events"]:
        days[event["recorded_at"][:10]].append(event)
    for day, found in sorted(days.items()):
        season.bring(cloud, f"events-{day}", found, as_of)
    season.bring(cloud, "appeals", files["appeals"], as_of)
    told = [("upload-validation", sum(map(len, files.values())), "rows", *cloud.functions["UploadValidation"].took())]
    night(cloud, as_of)
    fined = len(season.wanted(expected, played))
    assert season.net(cloud.entries()) == season.wanted(expected, played)
    scan = cloud.functions["StallScan"]
    posted, peak = scan.took()
    told.append(("stall-scan", fined, "fines", posted, peak))
    looked_at = 0
    for seconds in range(PASSES):
        # A night that was closed is not passed again.
        later = datetime.fromisoformat(as_of) + timedelta(seconds=1 + seconds)
        outcome = scan.invoke({"as_of": f"{later:%Y-%m-%dT%H:%M:%SZ}", "segment": 0, "segments": 1})
        looked_at += outcome["examined"]
    passed, peak = scan.took()
    told.append(("stall-scan", looked_at, "orders passed", passed - posted, peak))
    records = season.write_history(cloud)
    told.append(("order-history", records, "records", *cloud.functions["OrderHistory"].took()))
    compacted = cloud.functions["OrderHistory"].invoke({"compact": {"as_of": "2024-06-12T12:30:00Z"}})
    assert compacted["files_read"] > 0, compacted
    ended = cloud.run("MonthlyReport", {"as_of": "2024-06-12T07:30:00Z"})
    assert ended["status"] == "SUCCEEDED", ended
    for function, name in (
        ("SignoffScan", "signoff-scan"),
        ("NightClose", "night-close"),
        ("MorningDigest", "morning-digest"),
        ("EligibilityReport", "eligibility-report"),
    ):
        told.append((name, 1, "season", *cloud.functions[function].took()))
    assert cloud.refused == []
    return told


def night(cloud, as_of):
    ended = cloud.run("Nightly", {"as_of": as_of}, seconds=1_800)
    assert ended["status"] == "SUCCEEDED", ended


if __name__ == "__main__":
    main()
