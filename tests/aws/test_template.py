"""What moto leaves out, and what a template promises: asserted on the template as SAM expands it."""

import json
import re

import pytest
import stack

DOCUMENT = stack.expanded()
RESOURCES = DOCUMENT["Resources"]
FUNCTIONS = stack.resources(DOCUMENT, "AWS::Lambda::Function")
MACHINES = stack.resources(DOCUMENT, "AWS::StepFunctions::StateMachine")
ALARMS = stack.resources(DOCUMENT, "AWS::CloudWatch::Alarm")
ROLES = stack.resources(DOCUMENT, "AWS::IAM::Role")
QUEUES = stack.resources(DOCUMENT, "AWS::SQS::Queue")
MAPPINGS = stack.resources(DOCUMENT, "AWS::Lambda::EventSourceMapping")
RUNBOOK = (stack.INFRA / "RUNBOOK.md").read_text()
# These know no resources; the template says so beside each.
WITHOUT_RESOURCE = {
    "dynamodb:ListStreams",
    "cloudwatch:PutMetricData",
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "logs:CreateLogDelivery",
    "logs:GetLogDelivery",
    "logs:UpdateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:DescribeResourcePolicies",
    "logs:DescribeLogGroups",
}


def listed(value):
    return value if isinstance(value, list) else [value]


def statements(role):
    for policy in ROLES[role].get("Policies", []):
        for statement in listed(policy["PolicyDocument"]["Statement"]):
            yield statement["Fn::If"][1] if "Fn::If" in statement else statement


def definition(machine):
    return json.loads("\n".join(MACHINES[machine]["DefinitionString"]["Fn::Join"][1]))


def states(definition):
    for name, state in definition["States"].items():
        yield name, state
        if state["Type"] == "Map":
            yield from states(state["ItemProcessor"])


@pytest.mark.parametrize("table", ["OrdersTable", "RecordsTable"])
def test_a_table_is_kept_and_can_be_brought_back(table):
    properties = RESOURCES[table]["Properties"]
    # Else a first deployment that fails leaves empty tables behind, which are charged for and mistaken for those with orders.
    assert RESOURCES[table]["DeletionPolicy"] == "RetainExceptOnCreate"
    assert RESOURCES[table]["UpdateReplacePolicy"] == "Retain"
    assert properties["BillingMode"] == "PAY_PER_REQUEST"
    assert properties["DeletionProtectionEnabled"] == {"Fn::If": ["ProtectsTables", True, False]}
    assert DOCUMENT["Parameters"]["ProtectTables"]["Default"] == "yes"
    assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert properties["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert properties["SSESpecification"] == {"SSEEnabled": True, "SSEType": "KMS"}
    assert properties["StreamSpecification"]["StreamViewType"] in ("NEW_AND_OLD_IMAGES", "NEW_IMAGE")


def test_the_bucket_is_private_encrypted_versioned_and_read_over_tls_only():
    bucket = RESOURCES["Bucket"]["Properties"]
    # Else a first deployment that fails leaves a bucket whose name the next one finds taken.
    assert RESOURCES["Bucket"]["DeletionPolicy"] == "RetainExceptOnCreate"
    assert RESOURCES["Bucket"]["UpdateReplacePolicy"] == "Retain"
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(bucket["PublicAccessBlockConfiguration"]) == 4
    encryption = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert encryption[0]["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    policy = RESOURCES["BucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    tls = next(statement for statement in policy if statement["Sid"] == "OnlyOverTls")
    assert (tls["Effect"], tls["Principal"]) == ("Deny", "*")
    assert tls["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    # As long as the bucket is.
    for kept in ("DeletionPolicy", "UpdateReplacePolicy"):
        assert RESOURCES["BucketPolicy"][kept] == RESOURCES["Bucket"][kept]


def test_each_prefix_of_the_bucket_has_its_lifecycle_and_the_lake_an_inventory():
    bucket = RESOURCES["Bucket"]["Properties"]
    rules = bucket["LifecycleConfiguration"]["Rules"]
    moved = {rule["Prefix"] for rule in rules if "Transitions" in rule}
    let_go = {rule["Prefix"] for rule in rules if "ExpirationInDays" in rule}
    assert moved == {"inbox/", "lake/"}
    assert let_go == {"inbox/", "outbox/", "nights/", "digest/", "inventory/", "aggregates/", "uploads/"}
    assert any(rule.get("AbortIncompleteMultipartUpload") for rule in rules)
    assert [found["Prefix"] for found in bucket["InventoryConfigurations"]] == ["lake/"]


def test_a_close_or_a_report_is_never_let_go_nor_an_earlier_writing_of_one():
    rules = RESOURCES["Bucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    # A rule without a prefix is the whole bucket's.
    forgets = {rule.get("Prefix", "") for rule in rules if "NoncurrentVersionExpiration" in rule}
    assert forgets == {"inbox/", "uploads/", "outbox/", "lake/", "nights/", "digest/", "inventory/", "aggregates/"}
    loses = {rule.get("Prefix", "") for rule in rules if {"ExpirationInDays", "ExpirationDate"} & set(rule)}
    for kept in ("closes/", "reports/", "policy/"):
        assert not any(kept.startswith(prefix) for prefix in forgets | loses), kept


def test_what_holds_personal_data_is_kept_as_long_as_the_parameters_say():
    rules = RESOURCES["Bucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    by_prefix = {rule.get("Prefix", ""): rule for rule in rules}
    uploads, answers = by_prefix["inbox/"], by_prefix["outbox/"]
    assert uploads["ExpirationInDays"] == {"Ref": "UploadDays"}
    assert uploads["NoncurrentVersionExpiration"] == {"NoncurrentDays": {"Ref": "UploadVersionDays"}}
    assert answers["ExpirationInDays"] == {"Ref": "AnswerDays"}
    assert "NoncurrentVersionExpiration" in answers
    # S3 takes no expiry that is not behind every move to colder storage.
    moved = max(move["TransitionInDays"] for move in uploads["Transitions"])
    assert DOCUMENT["Parameters"]["UploadDays"]["MinValue"] > moved
    assert "Transitions" not in answers and "NoncurrentVersionTransitions" not in uploads


def test_an_upload_reaches_its_function_by_a_queue_and_is_never_lost():
    told = RESOURCES["Bucket"]["Properties"]["NotificationConfiguration"]["QueueConfigurations"]
    assert {(found["Event"], found["Queue"]["Fn::GetAtt"][0]) for found in told} == {("s3:ObjectCreated:*", "Uploads")}
    filters = [{rule["Name"]: rule["Value"] for rule in found["Filter"]["S3Key"]["Rules"]} for found in told]
    # Files, and the further runs of those that take longer than one.
    assert filters == [{"prefix": "inbox/"}, {"prefix": "uploads/", "suffix": ".json"}]
    queue, function = QUEUES["Uploads"], FUNCTIONS["UploadValidation"]
    assert queue["RedrivePolicy"]["deadLetterTargetArn"] == {"Fn::GetAtt": ["UploadFailures", "Arn"]}
    # A run that dies is followed by another soon, and an outage of hours sets no upload aside.
    assert queue["VisibilityTimeout"] == 2 * function["Timeout"]
    assert queue["VisibilityTimeout"] * queue["RedrivePolicy"]["maxReceiveCount"] >= 9 * 3600
    mapping = MAPPINGS["UploadValidationTold"]
    # Of several uploads in a run, those behind a slow one would be received in vain, and that is counted.
    assert mapping["BatchSize"] == 1
    assert mapping["EventSourceArn"] == {"Fn::GetAtt": ["Uploads", "Arn"]}
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    sends = RESOURCES["UploadsPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert [statement["Principal"] for statement in sends] == [{"Service": "s3.amazonaws.com"}]
    assert {"aws:SourceAccount"} == set(sends[0]["Condition"]["StringEquals"])


@pytest.mark.parametrize("stream", ["OrdersStream", "RecordsStream"])
def test_no_change_of_a_stream_is_given_up_while_the_stream_keeps_it(stream):
    mapping = MAPPINGS[stream]
    assert mapping["MaximumRetryAttempts"] == mapping["MaximumRecordAgeInSeconds"] == -1
    assert mapping["BisectBatchOnFunctionError"] is True
    # What cannot be read is set aside by the function; no other record is handed back.
    assert "FunctionResponseTypes" not in mapping and "DestinationConfig" not in mapping


def test_a_stream_that_nobody_reads_sets_an_alarm_off():
    """A dead mapping emits neither an error nor an age."""
    records = ALARMS["RecordsStreamSilent"]
    assert (records["MetricName"], records["TreatMissingData"], records["ComparisonOperator"]) == (
        "RecordChangesRead",
        "breaching",
        "LessThanThreshold",
    )
    # A night is a day and some hours after the one before it at most.
    assert 25 * 3600 < records["Period"] * records["EvaluationPeriods"] < 48 * 3600
    expression = RATED["OrdersStreamSilent"].replace("==", "== ").replace(" AND ", " and ").replace("IF(", "choose(")
    for written, read, goes_off in ((0, 0, 0), (9, 9, 0), (9, 0, 1)):
        names = {"choose": lambda condition, yes, no: yes if condition else no, "FILL": lambda value, _: value}
        assert eval(expression, {"__builtins__": {}}, {**names, "written": written, "read": read}) == goes_off
    assert {figure[1:] for figure in summed("OrdersStreamSilent")} == {
        ("ConsumedWriteCapacityUnits", "TableName", "OrdersTable"),
        ("OrderChangesRead", "FunctionName", "OrderHistory"),
    }


def test_a_compaction_that_fails_is_told_of():
    """Whatever a schedule invokes itself is invoked asynchronously: Lambda would drop what fails in vain."""
    configs = stack.resources(DOCUMENT, "AWS::Lambda::EventInvokeConfig").values()
    told = {config["FunctionName"]["Ref"]: config["DestinationConfig"]["OnFailure"]["Destination"] for config in configs}
    targets = [schedule["Target"]["Arn"] for schedule in stack.resources(DOCUMENT, "AWS::Scheduler::Schedule").values()]
    invoked = {target["Fn::GetAtt"][0] for target in targets if "Fn::GetAtt" in target and target["Fn::GetAtt"][0] in FUNCTIONS}
    assert set(told) == invoked == {"OrderHistory"}
    for function, queue in told.items():
        sends = [each for each in statements(f"{function}Role") if "sqs:SendMessage" in listed(each["Action"])]
        assert [each["Resource"] for each in sends] == [queue] == [{"Fn::GetAtt": ["HistoryFailures", "Arn"]}]


@pytest.mark.parametrize("machine", ["nightly", "eligibility-report"])
def test_a_state_machine_looks_first_whether_its_instant_has_come(machine):
    definition = json.loads((stack.INFRA / f"statemachines/{machine}.asl.json").read_text())
    clock = definition["States"][definition["StartAt"]]
    assert "$$.Execution.StartTime" in clock["Parameters"]["at.$"] and clock["ResultPath"] == "$.started"
    asked = definition["States"][clock["Next"]]
    ((choice,), default) = asked["Choices"], definition["States"][asked["Default"]]
    assert choice["Variable"] == "$.as_of" and choice["TimestampLessThanEqualsPath"] == "$.started.at"
    assert (default["Type"], default["Error"]) == ("Fail", "NotYet")


def test_schedules_start_outside_the_hour_that_is_not_every_day():
    schedules = stack.resources(DOCUMENT, "AWS::Scheduler::Schedule")
    started = {json.dumps(schedule["Target"]["Arn"]) for schedule in schedules.values()}
    machines = {json.dumps({"Ref": machine}) for machine in MACHINES}
    assert started == machines | {json.dumps({"Fn::GetAtt": ["OrderHistory", "Arn"]})}
    zone = DOCUMENT["Parameters"]["Zone"]["Default"]
    assert zone == "America/Los_Angeles"
    for schedule in schedules.values():
        minute, hour, *_ = re.fullmatch(r"cron\((.*)\)", schedule["ScheduleExpression"])[1].split()
        window = schedule["FlexibleTimeWindow"]
        assert window["Mode"] == "FLEXIBLE"
        latest = int(hour) * 60 + int(minute) + window["MaximumWindowInMinutes"]
        assert latest < 120 or int(hour) >= 3
        assert schedule["ScheduleExpressionTimezone"] == {"Ref": "Zone"}
        as_of = {"as_of": "<aws.scheduler.scheduled-time>"}
        is_night_or_report = json.dumps(schedule["Target"]["Arn"]) in machines
        assert json.loads(schedule["Target"]["Input"]) == (as_of if is_night_or_report else {"compact": as_of})
        assert schedule["Target"]["DeadLetterConfig"]["Arn"]["Fn::GetAtt"][0] in QUEUES


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_has_its_own_role_its_log_and_its_traces(name):
    function = FUNCTIONS[name]
    assert function["Role"] == {"Fn::GetAtt": [f"{name}Role", "Arn"]}
    assert function["LoggingConfig"]["LogGroup"] == {"Ref": f"{name}Log"}
    assert function["Architectures"] == [{"Ref": "Architecture"}]
    assert function["Runtime"] == "provided.al2023"


def test_every_function_works_by_the_policy_that_the_stack_names_by_key_and_text():
    for name, properties in FUNCTIONS.items():
        variables = properties["Environment"]["Variables"]
        for variable, parameter in (("WAYMARK_POLICY", "PolicyKey"), ("WAYMARK_POLICY_SHA256", "PolicySha256")):
            assert variables[variable]["Fn::If"][:2] == ["HasPolicyKey", {"Ref": parameter}], (name, variable)
    variables = FUNCTIONS["StallScan"]["Environment"]["Variables"]
    assert {"WAYMARK_SHADOW_POLICY", "WAYMARK_SHADOW_POLICY_SHA256"} <= variables.keys()
    # One without the other is refused before anything is changed.
    asserted = json.dumps(DOCUMENT["Rules"])
    for parameter in ("PolicyKey", "PolicySha256", "ShadowPolicyKey", "ShadowPolicySha256"):
        assert f'"Ref": "{parameter}"' in asserted and parameter in DOCUMENT["Outputs"]


def test_the_diagnosis_url_asks_for_a_signature_and_nobody_is_let_in_by_the_template():
    urls = stack.resources(DOCUMENT, "AWS::Lambda::Url")
    assert list(urls) == ["DiagnosisUrl"]
    assert [url["TargetFunctionArn"] for url in urls.values()] == [{"Ref": "Diagnosis"}]
    assert [(url["AuthType"], url["InvokeMode"]) for url in urls.values()] == [("AWS_IAM", "BUFFERED")]
    assert DOCUMENT["Outputs"]["DiagnosisUrl"]["Value"] == {"Fn::GetAtt": ["DiagnosisUrl", "FunctionUrl"]}
    assert not any("FunctionUrlAuthType" in permission for permission in stack.resources(DOCUMENT, "AWS::Lambda::Permission").values())


def test_the_diagnosis_reads_and_writes_nothing():
    actions = {action for statement in statements("DiagnosisRole") for action in listed(statement["Action"])}
    tables = {action for action in actions if action.startswith("dynamodb:")}
    assert tables == {"dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query"}
    assert {action for action in actions if action.startswith("s3:")} == {"s3:GetObject"}


def test_whoever_starts_something_for_the_stack_does_it_for_this_account_only():
    """Not for another account's schedule or state machine that names the role (the confused deputy)."""
    trusted = {}
    for name, role in ROLES.items():
        (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
        trusted[name] = statement["Principal"]["Service"]
        if trusted[name] != "lambda.amazonaws.com":
            assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}, name
    assert set(trusted.values()) == {"lambda.amazonaws.com", "states.amazonaws.com", "scheduler.amazonaws.com"}
    for schedule in stack.resources(DOCUMENT, "AWS::Scheduler::Schedule").values():
        assert schedule["Target"]["RoleArn"] == {"Fn::GetAtt": ["SchedulesRole", "Arn"]}


def test_the_schedules_may_start_what_they_start_and_keep_what_they_could_not():
    schedules = stack.resources(DOCUMENT, "AWS::Scheduler::Schedule").values()
    targets = [schedule["Target"] for schedule in schedules]
    granted = {json.dumps(resource) for found in statements("SchedulesRole") for resource in listed(found["Resource"])}
    assert granted == {json.dumps(arn) for target in targets for arn in (target["Arn"], target["DeadLetterConfig"]["Arn"])}


def test_an_index_that_is_throttled_is_an_alarm_too():
    watched = {
        tuple(dimension["Value"] if isinstance(dimension["Value"], str) else dimension["Value"]["Ref"] for dimension in metric["Dimensions"])
        for query in with_tables(ALARMS["TablesThrottled"]["Metrics"], own=True)
        if (metric := query.get("MetricStat", {}).get("Metric"))
    }
    tables = stack.resources(DOCUMENT, "AWS::DynamoDB::Table")
    indexes = {(table, index["IndexName"]) for table, of in tables.items() for index in of["GlobalSecondaryIndexes"]}
    assert watched == {(table,) for table in tables} | indexes
    # CloudWatch takes no more in one alarm.
    assert sum("MetricStat" in query for query in ALARMS["TablesThrottled"]["Metrics"]) == 10


def test_every_log_is_let_go_in_time():
    for group in stack.resources(DOCUMENT, "AWS::Logs::LogGroup").values():
        assert 1 <= group["RetentionInDays"] <= 400


@pytest.mark.parametrize("role", ROLES)
def test_a_role_names_its_actions_and_their_resources(role):
    assert not ROLES[role].get("ManagedPolicyArns")
    for statement in statements(role):
        actions, resources = listed(statement["Action"]), listed(statement["Resource"])
        assert all(re.fullmatch(r"[a-z0-9]+:[A-Za-z]+", action) for action in actions), statement
        if "*" in resources:
            assert set(actions) <= WITHOUT_RESOURCE, statement


def test_only_the_stall_scan_and_a_backfill_may_scan_and_only_the_orders():
    granted = [
        (role, statement["Resource"])
        for role in ROLES
        for statement in statements(role)
        if "dynamodb:Scan" in listed(statement["Action"])
    ]
    orders = {"Fn::GetAtt": ["OrdersTable", "Arn"]}
    assert sorted(role for role, _ in granted) == ["OrderHistoryRole", "StallScanRole"]
    assert all(with_tables(resource, own=True) == orders for _, resource in granted)


def with_tables(document, own):
    """The document on the stack's own tables, or on restored ones."""
    if isinstance(document, list):
        return [with_tables(part, own) for part in document]
    if not isinstance(document, dict):
        return document
    if document.get("Fn::If", [""])[0] == "HasOwnTables":
        return with_tables(document["Fn::If"][1 if own else 2], own)
    return {name: with_tables(part, own) for name, part in document.items()}


def test_on_restored_tables_nothing_is_left_of_the_stacks_own():
    resources = {name: found for name, found in RESOURCES.items() if found.get("Condition") != "HasOwnTables"}
    assert set(RESOURCES) - set(resources) == {"OrdersTable", "RecordsTable"}
    left = json.dumps(with_tables([resources, DOCUMENT["Outputs"]], own=False))
    for name in ("OrdersTable", "RecordsTable"):
        assert f'{{"Ref": "{name}"}}' not in left
        assert f'["{name}", ' not in left and not re.search(rf"\$\{{{name}[}}.]", left), re.findall(rf".{{90}}\W{name}\W.{{30}}", left)
        # By name: functions, roles, alarms and the settings that an operator reads.
        assert left.count(f'{{"Ref": "{name}Name"}}') + left.count(f"table/${{{name}Name}}") >= 8
    for name in ("Orders", "Records"):
        stream = with_tables(RESOURCES[f"{name}Stream"]["Properties"]["EventSourceArn"], own=False)
        assert stream["Fn::Sub"].endswith(f":table/${{{name}TableName}}/stream/${{{name}StreamLabel}}")


def test_every_alarm_has_its_paragraph_and_every_paragraph_its_alarm():
    headings = re.findall(r"^### (\w+)$", RUNBOOK, re.MULTILINE)
    assert sorted(headings) == sorted(ALARMS)
    for heading in headings:
        paragraph = RUNBOOK.split(f"### {heading}\n")[1].split("\n#")[0]
        assert len(paragraph.split()) >= 30, f"{heading} says too little"


def test_the_runbook_names_what_there_is():
    assert set(re.findall(r"\(out (\w+)\)", RUNBOOK)) <= set(DOCUMENT["Outputs"])
    assert set(re.findall(r"\(queue (\w+)\)", RUNBOOK)) <= set(QUEUES)
    dashed = {name["FunctionName"]["Fn::Sub"].split("-", 2)[2] for name in FUNCTIONS.values()}
    assert set(re.findall(r"^logs ([\w-]+)", RUNBOOK, re.MULTILINE)) <= dashed


def test_every_alarm_tells_somebody_and_every_queue_of_failures_has_one():
    for name, alarm in ALARMS.items():
        topics = (("HasAlarmTopic", "AlarmTopicArn"), ("HasAlarmEmail", "AlarmTopic"))
        assert alarm["AlarmActions"] == [
            {"Fn::If": [condition, {"Ref": topic}, {"Ref": "AWS::NoValue"}]} for condition, topic in topics
        ]
        assert alarm["AlarmDescription"], name
    watched = {
        dimension["Value"]["Fn::GetAtt"][0]
        for alarm in ALARMS.values()
        for dimension in alarm.get("Dimensions", [])
        if dimension["Name"] == "QueueName"
    }
    assert watched == set(QUEUES)


def test_the_figures_that_alarms_go_by_are_figures_that_functions_log_and_state_machines_put():
    found = re.findall(r'Metric::(?:count|amount)\(\s*"(\w+)"', "".join(p.read_text() for p in stack.TOP.glob("functions/*/src/*.rs")))
    found += re.findall(r'"MetricName": "(\w+)"', "".join(p.read_text() for p in stack.INFRA.glob("statemachines/*.json")))
    metrics = {alarm.get("MetricName") for alarm in ALARMS.values() if alarm.get("Namespace") == "Waymark"}
    for alarm in ALARMS.values():
        for query in alarm.get("Metrics", []):
            metric = query.get("MetricStat", {}).get("Metric", {})
            if metric.get("Namespace") == "Waymark":
                metrics.add(metric["MetricName"])
    assert metrics and metrics <= set(found)


def summed(alarm):
    """What an alarm adds up: figures and whose they are."""
    queries = with_tables(ALARMS[alarm]["Metrics"], own=True)
    expected = "SUM(METRICS())" if alarm not in RATED else RATED[alarm]
    assert [query["Expression"] for query in queries if query.get("ReturnData", True)] == [expected]
    found = [query["MetricStat"]["Metric"] for query in queries if "MetricStat" in query]
    return {
        (metric["Namespace"], metric["MetricName"], dimension["Name"], dimension["Value"]["Ref"])
        for metric in found
        for dimension in metric["Dimensions"]
    }


def test_what_a_run_hands_back_rings_as_a_run_that_fails_does():
    """A failure is reported to the queue by a run that ends well, which is none of its errors; so is what history sets aside."""
    of_function = ("FunctionName", "UploadValidation")
    assert summed("UploadFailing") >= {("Waymark", "UploadsFailed", *of_function), ("AWS/Lambda", "Errors", *of_function)}
    # A record is set aside once, so the alarm goes off at once.
    assert (ALARMS["HistorySetAside"]["MetricName"], ALARMS["HistorySetAside"]["EvaluationPeriods"]) == ("RecordsUnreadable", 1)
    assert (ALARMS["HistoryFailing"]["MetricName"], ALARMS["HistoryFailing"]["Namespace"]) == ("Errors", "AWS/Lambda")


# Alarms that go by a rate, so that one seller's single file wakes nobody.
RATED = {
    "FileRefused": "IF(refused >= 20 AND refused > 0.5 * answered, 1, 0)",
    "OrdersStreamSilent": "IF(FILL(written, 0) > 0 AND FILL(read, 0) == 0, 1, 0)",
    "UploadFailing": "IF(FILL(failed, 0) + FILL(errors, 0) >= 3 AND FILL(failed, 0) + FILL(errors, 0) > 0.1 * FILL(answered, 0), 1, 0)",
}


@pytest.mark.parametrize(
    ("alarm", "figures", "goes_off"),
    [
        ("FileRefused", {"refused": 1, "answered": 1}, 0),
        ("FileRefused", {"refused": 30, "answered": 400}, 0),
        ("FileRefused", {"refused": 30, "answered": 40}, 1),
        ("UploadFailing", {"failed": 2, "errors": 0, "answered": 0}, 0),
        ("UploadFailing", {"failed": 3, "errors": 0, "answered": 900}, 0),
        ("UploadFailing", {"failed": 1, "errors": 2, "answered": 20}, 1),
    ],
)
def test_one_file_of_one_seller_sets_no_alarm_off(alarm, figures, goes_off):
    """The expression, read as Python reads it: what CloudWatch calls IF, AND and FILL."""
    expression = RATED[alarm].replace(" AND ", " and ").replace("IF(", "choose(")
    names = {"choose": lambda condition, yes, no: yes if condition else no, "FILL": lambda value, _: value, **figures}
    assert eval(expression, {"__builtins__": {}}, names) == goes_off
    assert summed(alarm) and {query["Id"] for query in ALARMS[alarm]["Metrics"]} == {"all", *figures}


@pytest.mark.parametrize("machine", MACHINES)
def test_a_task_is_tried_again_with_jitter_unless_that_cannot_help(machine):
    tasks = [state for _, state in states(definition(machine)) if state["Type"] == "Task"]
    assert tasks
    for task in tasks:
        again = [retry for retry in task["Retry"] if retry["MaxAttempts"]]
        assert all(retry["JitterStrategy"] == "FULL" for retry in again)
        if "lambda:invoke" in task["Resource"]:
            assert task["Retry"][0] == {"ErrorEquals": ["Permanent"], "MaxAttempts": 0}
            assert task["TimeoutSeconds"] > 900


@pytest.mark.parametrize("machine", MACHINES)
def test_a_state_machine_runs_what_its_role_may_run(machine):
    properties = MACHINES[machine]
    named = set(re.findall(r"\$\{(\w+)\}", json.dumps(definition(machine))))
    assert named == set(properties["DefinitionSubstitutions"])
    run = {value["Fn::GetAtt"][0] for value in properties["DefinitionSubstitutions"].values() if "Fn::GetAtt" in value}
    may = {
        resource["Fn::GetAtt"][0]
        for statement in statements(f"{machine}Role")
        if statement["Action"] == "lambda:InvokeFunction"
        for resource in listed(statement["Resource"])
    }
    assert run == may


def test_a_night_visits_every_shard():
    source = "".join(path.read_text() for path in (stack.TOP / "shared/store/src").rglob("*.rs"))
    shards = int(re.search(r"OPEN_SHARDS: u32 = (\d+);", source)[1])
    assert definition("Nightly")["States"]["Share out"]["Parameters"]["shards.$"] == f"States.ArrayRange(0, {shards - 1}, 1)"
