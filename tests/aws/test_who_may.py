"""Who may write and read what: principal × prefix × action, by the policies of the expanded template."""

import re

import pytest
import roles
import stack

OPERATORS = f"arn:aws:iam::{stack.ACCOUNT}:role/operators"
ADMINISTRATOR = f"arn:aws:iam::{stack.ACCOUNT}:role/administrator"
PARAMETERS = {"OperatorPrincipals": OPERATORS}


def document_of(parameters):
    document = stack.decided(stack.expanded(), stack.REGION, parameters)
    return stack.resolved(document, stack.REGION, parameters)


DOCUMENT = document_of(PARAMETERS)
OPEN = document_of({})
BUCKET = f"arn:aws:s3:::waymark-live-{stack.ACCOUNT}-{stack.REGION}"
KINDS = ("orders", "tracking", "events", "appeals", "sellers", "rates", "statement")
EVERYTHING = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}


def managed(*names):
    return [DOCUMENT["Resources"][name]["Properties"]["PolicyDocument"] for name in names]


def of_role(name):
    return [policy["PolicyDocument"] for policy in DOCUMENT["Resources"][name]["Properties"]["Policies"]]


FUNCTIONS = sorted(
    function["Role"].rsplit(":", 1)[-1] for function in stack.resources(DOCUMENT, "AWS::Lambda::Function").values()
)
# Policies, and what AWS knows of the principal.
PEOPLE = {
    "seller S1": (managed("SellerPolicy"), {"aws:PrincipalTag/waymark-seller": "S1"}),
    "seller without a tag": (managed("SellerPolicy"), {}),
    "seller tagged _": (managed("SellerPolicy"), {"aws:PrincipalTag/waymark-seller": "_"}),
    "seller tagged *": (managed("SellerPolicy"), {"aws:PrincipalTag/waymark-seller": "*"}),
    "clerk": (managed("ClerkPolicy"), {}),
    "operator": (managed("OperatorPolicy"), {"aws:PrincipalArn": OPERATORS}),
    "administrator": ([EVERYTHING], {"aws:PrincipalArn": ADMINISTRATOR}),
}
PRINCIPALS = PEOPLE | {name: (of_role(name), {}) for name in FUNCTIONS}


def may(who, action, resource, bucket=DOCUMENT, **context):
    """By the principal's policies, and by the bucket's where it is the bucket's."""
    policies, known = PRINCIPALS[who]
    context = {"aws:SecureTransport": "true", "aws:PrincipalArn": f"arn:aws:iam::{stack.ACCOUNT}:role/{who}", **known, **context}
    if resource.startswith(BUCKET):
        policy = bucket["Resources"]["BucketPolicy"]["Properties"]["PolicyDocument"]
        policies = [*policies, {"Statement": [found for found in policy["Statement"] if found["Principal"] == "*"]}]
    return roles.Role(policies).allows(action, resource, context)


def who_may(action, resource, **context):
    return {who for who in PRINCIPALS if may(who, action, resource, **context)}


# ---- The bucket

PUTS = {
    "inbox/tracking/S1/april.csv": {"seller S1", "clerk", "operator", "administrator"},
    "inbox/tracking/S2/april.csv": {"clerk", "operator", "administrator"},
    # The tag is no pattern.
    "inbox/tracking/*/april.csv": {"seller tagged *", "clerk", "operator", "administrator"},
    "inbox/tracking/_/april.csv": {"operator"},
    "inbox/rates/_/rates.csv": {"operator"},
    # A key whose second part is the operator's, whatever stands behind it.
    "inbox/orders/_/S1/april.csv": {"operator"},
    "policy/stricter.toml": {"operator"},
    "outbox/tracking/S1/april.csv/report.json": {"UploadValidationRole", "operator", "administrator"},
    "uploads/0/1.json": {"UploadValidationRole", "operator", "administrator"},
    "closes/date=2024-05-08/20240508T071500Z/close.json": {"NightCloseRole", "operator", "administrator"},
    "nights/as_of=2024-05-08T07:15:00Z/000.json": {"StallScanRole", "operator", "administrator"},
    "digest/date=2024-05-08/digest.html": {"MorningDigestRole", "operator", "administrator"},
    "reports/month=2024-05/manifest.json": {"EligibilityReportRole", "operator", "administrator"},
    "aggregates/month=2024-05/0.postcard": {"EligibilityReportRole", "operator", "administrator"},
    "lake/orders/month=2024-05/0.parquet": {"OrderHistoryRole", "operator", "administrator"},
}


@pytest.mark.parametrize("key", PUTS)
def test_an_object_is_written_by_those_whose_it_is(key):
    assert who_may("s3:PutObject", f"{BUCKET}/{key}") == PUTS[key]


@pytest.mark.parametrize("prefix", ["inbox", "outbox", "closes", "reports", "digest", "policy", "nights", "lake", "uploads"])
def test_nobody_deletes_a_version_but_an_administrator_and_few_delete_at_all(prefix):
    key = f"{BUCKET}/{prefix}/tracking/S1/a"
    # Of closes nobody, before the bucket's policy is changed.
    assert who_may("s3:DeleteObjectVersion", key) == (set() if prefix in ("policy", "closes") else {"administrator"})
    functions = who_may("s3:DeleteObject", key) & set(FUNCTIONS)
    assert prefix != "closes" or not who_may("s3:DeleteObject", key)
    assert functions == {"outbox": {"UploadValidationRole"}, "lake": {"OrderHistoryRole"}}.get(prefix, set())


@pytest.mark.parametrize("kind", KINDS)
def test_a_seller_reaches_its_own_files_and_answers_and_nobody_elses(kind):
    def reaches(who, seller):
        own = (
            ("s3:PutObject", f"{BUCKET}/inbox/{kind}/{seller}/a.csv", {}),
            ("s3:GetObject", f"{BUCKET}/outbox/{kind}/{seller}/a.csv/report.json", {}),
            ("s3:ListBucket", BUCKET, {"s3:prefix": f"outbox/{kind}/{seller}/"}),
        )
        return [may(who, action, resource, **context) for action, resource, context in own]

    assert reaches("seller S1", "S1") == [True] * 3
    for other in ("S2", "S11", "_", "*", "s1"):
        assert reaches("seller S1", other) == [False] * 3, other
    for who in ("seller without a tag", "seller tagged _"):
        for other in ("S1", "_", ""):
            assert reaches(who, other) == [False] * 3, (who, other)
    assert not may("seller S1", "s3:ListBucket", BUCKET, **{"s3:prefix": ""})
    for key in ("closes/a", "reports/a", "digest/a", "policy/a", f"inbox/{kind}/S1/a.csv"):
        assert not may("seller S1", "s3:GetObject", f"{BUCKET}/{key}"), key


def test_without_principals_named_the_bucket_denies_nothing_to_those_who_may_write_it():
    for key in ("inbox/orders/_/a.csv", "policy/a.toml"):
        assert may("administrator", "s3:PutObject", f"{BUCKET}/{key}", bucket=OPEN)
        assert not may("clerk", "s3:PutObject", f"{BUCKET}/{key}", bucket=OPEN)


def test_nobody_reaches_the_bucket_without_tls():
    for who in PRINCIPALS:
        assert not may(who, "s3:GetObject", f"{BUCKET}/outbox/tracking/S1/a/report.json", **{"aws:SecureTransport": "false"})


# ---- The tables

RECORDS = f"arn:aws:dynamodb:{stack.REGION}:{stack.ACCOUNT}:table/RecordsTable"
ORDERS = f"arn:aws:dynamodb:{stack.REGION}:{stack.ACCOUNT}:table/OrdersTable"
SCANS = {"StallScanRole", "SignoffScanRole"}
# By partition key: the functions that put such records, and those that delete them.
RECORD_PUTS = {
    "order#8000011000000005": {"UploadValidationRole", *SCANS},
    "night": {"UploadValidationRole", "NightCloseRole", *SCANS},
    "night#2024-05-08T07:15:00Z#03": {"UploadValidationRole", *SCANS},
    "watermark": {"NightCloseRole", *SCANS},
    "close": {"NightCloseRole"},
    "withdrawal": set(),
    "lane#1715152500#stalls.0#00": SCANS,
    "lanes": SCANS,
    "departed#8000011000000005": {"StallScanRole"},
    "number#RB328367915CN": {"UploadValidationRole"},
    "parked#order#8000011000000005": {"UploadValidationRole"},
    "refused#number#RB328367915CN": {"UploadValidationRole"},
    "rate#EUR": {"UploadValidationRole"},
    "statement#_#2024-05": {"UploadValidationRole"},
    "seller": {"UploadValidationRole"},
    "seller#S00001": {"UploadValidationRole"},
    "papers": {"UploadValidationRole"},
    "upload#inbox/orders/_/a.csv": {"UploadValidationRole"},
    "bytes#inbox/orders/_/#0f": {"UploadValidationRole"},
    "anything else": set(),
}
RECORD_DELETES = {
    "parked#order#8000011000000005": {"UploadValidationRole"},
    "lane#1715152500#stalls.0#00": {"NightCloseRole", *SCANS},
    "lanes": {"NightCloseRole", *SCANS},
}


@pytest.mark.parametrize("key", RECORD_PUTS)
def test_a_record_is_written_by_the_functions_whose_it_is(key):
    of_key = {"dynamodb:LeadingKeys": [key]}
    assert who_may("dynamodb:PutItem", RECORDS, **of_key) - PEOPLE.keys() == RECORD_PUTS[key]
    assert who_may("dynamodb:DeleteItem", RECORDS, **of_key) - PEOPLE.keys() == RECORD_DELETES.get(key, set())
    assert who_may("dynamodb:UpdateItem", RECORDS, **of_key) - PEOPLE.keys() == set()


def test_the_parser_of_strangers_files_cannot_move_the_chain_even_beside_what_it_may_write():
    """Of a request for several keys, every one must be among those allowed."""
    for key in ("close", "watermark", "withdrawal", "lanes", "lane#1#stalls.0#00", "departed#1"):
        of_keys = {"dynamodb:LeadingKeys": ["number#RB328367915CN", key]}
        assert not may("UploadValidationRole", "dynamodb:PutItem", RECORDS, **of_keys), key


def test_the_tables_are_written_by_functions_and_operators_alone():
    for table in (ORDERS, RECORDS):
        for action in ("PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "ConditionCheckItem"):
            people = who_may(f"dynamodb:{action}", table, **{"dynamodb:LeadingKeys": ["x"]}) & PEOPLE.keys()
            assert people <= {"operator", "administrator"}, (table, action)
        for action in ("GetItem", "Query", "Scan"):
            assert who_may(f"dynamodb:{action}", table) & PEOPLE.keys() == {"clerk", "operator", "administrator"}
    assert who_may("dynamodb:DeleteItem", ORDERS) & set(FUNCTIONS) == set()


def test_every_kind_of_record_that_the_store_writes_has_its_line_here():
    """A record of a new kind is put by nobody until its writers' roles say so."""
    source = "".join(path.read_text() for path in (stack.TOP / "shared/store/src").rglob("*.rs") if "tests" not in path.name)
    begun = set(re.findall(r'format!\("([a-z]+)#\{', source))
    # Whole partitions, written as constants or as they are.
    begun |= set(re.findall(r'key\("([a-z]+)", ', source))
    # The sort keys of entries are among them.
    assert begun - {"entry"} <= {key.split("#")[0] for key in RECORD_PUTS}


# ---- The rest


def test_the_diagnosis_is_asked_by_clerks_and_operators_and_nights_are_run_by_operators():
    diagnosis = f"arn:aws:lambda:{stack.REGION}:{stack.ACCOUNT}:function:waymark-live-diagnosis"
    assert who_may("lambda:InvokeFunctionUrl", diagnosis) & PEOPLE.keys() == {"clerk", "operator", "administrator"}
    nightly = DOCUMENT["Outputs"]["Nightly"]["Value"]
    assert who_may("states:StartExecution", nightly) & PEOPLE.keys() == {"operator", "administrator"}


@pytest.mark.parametrize("name", ["SellerPolicy", "ClerkPolicy", "OperatorPolicy"])
def test_a_policy_is_short_enough_for_iam_and_an_output_tells_its_name(name):
    text = re.sub(r"\s", "", str(managed(name)[0]))
    # A managed policy has at most 6,144 characters, white space not counted; the longest stage has twelve.
    assert len(text) + 8 * text.count("waymark-live") < 6144
    assert name in DOCUMENT["Outputs"]
