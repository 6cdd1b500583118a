"""Made-up files: orders paid at one time, their parcels, and what becomes of them."""

from datetime import datetime, timedelta, timezone

PAID = datetime(2024, 5, 1, 12, tzinfo=timezone.utc)


def at(hours):
    return (PAID + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")


def order_id(number):
    return f"{8000011000000000 + number * 7 + 5}"


def orders(numbers):
    rows = ["order_id,seller_id,paid_at,amount,currency,destination_country,status"]
    rows += [f"{order_id(number)},S00001,{at(0)},80.10,USD,ES,paid" for number in numbers]
    return "\n".join(rows).encode()


def tracking(numbers):
    rows = ["order_id,carrier,tracking_number,uploaded_at"]
    rows += [f"{order_id(number)},DHL,{3000000000 + number},{at(2)}" for number in numbers]
    return "\n".join(rows).encode()


def events(numbers, *told):
    """Each parcel's events, as (code, hours since the payment)."""
    rows = ["carrier,tracking_number,event_code,occurred_at,recorded_at"]
    rows += [
        f"DHL,{3000000000 + number},{code},{at(hours)},{at(hours)}" for number in numbers for code, hours in told
    ]
    return "\n".join(rows).encode()


def bring(cloud, numbers, *told):
    """Uploads orders, parcels and events, all told when they happened."""
    for kind, body in (("orders", orders(numbers)), ("tracking", tracking(numbers)), ("events", events(numbers, *told))):
        if told or kind != "events":
            cloud.put(f"inbox/{kind}/_/{kind}-{min(numbers)}.csv", body, **{"recorded-at": at(1)})
            _, answers = cloud.deliver_uploads()
            assert answers == [{"batchItemFailures": []}]
