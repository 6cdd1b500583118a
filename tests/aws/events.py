"""Events as AWS hands them to a function: the recorded shapes under events/, with what is told put in."""

import base64
import json
import time
from pathlib import Path
from urllib.parse import quote_plus

SHAPES = Path(__file__).parent / "events"


def shape(name):
    return json.loads((SHAPES / f"{name}.json").read_text())


def s3_created(bucket, key, etag, size, sequencer, version=None):
    event = shape("s3-object-created")
    told = event["Records"][0]["s3"]
    told["bucket"].update(name=bucket, arn=f"arn:aws:s3:::{bucket}")
    # S3 encodes keys like a form.
    told["object"].update(key=quote_plus(key, safe="/"), eTag=etag, size=size, sequencer=f"{sequencer:018X}")
    # As a bucket without versions leaves it out.
    told["object"].pop("versionId")
    if version:
        told["object"]["versionId"] = version
    return event


def s3_removed(bucket, key):
    event = shape("s3-object-removed")
    told = event["Records"][0]["s3"]
    told["bucket"].update(name=bucket, arn=f"arn:aws:s3:::{bucket}")
    told["object"].update(key=quote_plus(key, safe="/"))
    return event


def sqs_record(message):
    """A message of boto's as Lambda hands it on."""
    record = shape("sqs-record")
    record.update(messageId=message["MessageId"], receiptHandle=message["ReceiptHandle"], body=message["Body"])
    record["attributes"].update(message.get("Attributes", {}))
    return record


def url_request(query, method="GET", **headers):
    """A request to a function's URL, signed by IAM, as Lambda hands it on."""
    event = shape("function-url-request")
    event["rawQueryString"] = query
    event["headers"].update(headers)
    event["requestContext"]["http"]["method"] = method
    event["requestContext"]["timeEpoch"] = int(time.time() * 1000)
    return event


def stream_record(found):
    """A stream's record of boto's as Lambda hands it on."""
    record = shape("dynamodb-record")
    change = {**found["dynamodb"], "ApproximateCreationDateTime": 1715053315}
    record.update(eventID=found["eventID"], eventName=found["eventName"], dynamodb=_on_the_wire(change))
    return record


def _on_the_wire(value):
    """Bytes as DynamoDB's JSON has them."""
    if isinstance(value, dict):
        return {name: _on_the_wire(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_on_the_wire(inner) for inner in value]
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value
