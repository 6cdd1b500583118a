"""README's "Deploy", command by command, as far as it goes without AWS: packages, what is refused and how, and against moto
`make deploy` and the first uploads."""

import json
import threading
import zipfile
from contextlib import contextmanager

import events
import files
import pytest
import stack
from checkout import FUNCTIONS, Checkout

KEYS = {"AWS_ACCESS_KEY_ID": "proof", "AWS_SECRET_ACCESS_KEY": "proof", "AWS_REGION": stack.REGION}
# Nothing listens there.
NOWHERE = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_MAX_ATTEMPTS": "1"}
README = (stack.TOP / "README.md").read_text()


def commands():
    """The commands of README's "Deploy", without what is said behind them."""
    section = README.split("\n## Deploy\n")[1].split("\n## ")[0]
    block = section.split("```sh\n")[1].split("```")[0]
    return [line.split("  #")[0].strip() for line in block.splitlines() if line.strip()]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    return Checkout(tmp_path_factory.mktemp("checkout"))


@pytest.fixture(scope="module")
def packaged(checkout):
    done = checkout.run("make package")
    assert done.returncode == 0, done.stderr
    return checkout


@pytest.fixture(scope="module")
def cloud(packaged):
    from cloud import Cloud

    told = []

    def deploy(endpoint):
        done = packaged.run("make deploy", YES="1", AWS_ENDPOINT_URL=endpoint, SAM_CLI_POLL_DELAY="0.2", **KEYS)
        assert done.returncode == 0, done.stdout + done.stderr
        told.append(done.stdout)

    deployed = Cloud(deploy=deploy)
    deployed.told = told[0]
    yield deployed
    deployed.close()


# ---- Packages


def test_a_package_holds_what_lambda_runs_and_says_what_it_is(packaged):
    version = stack.version()
    for name in FUNCTIONS:
        with zipfile.ZipFile(packaged.packages / f"{name}.zip") as zipped:
            assert zipped.namelist() == ["bootstrap", "version.txt"]
            assert zipped.getinfo("bootstrap").external_attr >> 16 == 0o100755
            assert zipped.read("bootstrap") == (packaged.built / name).read_bytes()
            assert zipped.read("version.txt").decode().partition("+")[0].strip() == version


def test_the_same_binaries_give_the_same_bytes(packaged):
    def packages():
        return {path.name: path.read_bytes() for path in packaged.packages.iterdir()}

    before = packages()
    assert sorted(before) == [f"{name}.zip" for name in FUNCTIONS]
    for name in FUNCTIONS:
        (packaged.built / name).touch()
    assert packaged.run("make package").returncode == 0
    assert packages() == before


def test_the_template_finds_each_package_where_it_is_made():
    functions = [
        resource["Properties"]
        for resource in stack.written()["Resources"].values()
        if resource["Type"] == "AWS::Serverless::Function"
    ]
    named = {function["FunctionName"]["Fn::Sub"].removeprefix("waymark-${Stage}-"): function["CodeUri"] for function in functions}
    assert named == {name: f"../target/lambda/{name}.zip" for name in FUNCTIONS}
    assert stack.written()["Parameters"]["Version"]["Default"] == stack.version()


@pytest.mark.parametrize(
    ("binary", "said"),
    [
        (b"#!/bin/sh\n", "is no 64-bit Linux binary"),
        (b"\x7fELF\x02\x01", "is cut off"),
        (None, "cannot be read: No such file"),
    ],
)
def test_what_lambda_could_not_start_is_not_packaged(checkout, binary, said):
    path = checkout.built / "stall-scan"
    kept = path.read_bytes()
    path.unlink()
    if binary:
        path.write_bytes(binary)
    try:
        done = checkout.run("make package")
    finally:
        path.write_bytes(kept)
    assert done.returncode != 0 and said in done.stderr and "Traceback" not in done.stderr


def test_a_binary_for_another_processor_or_a_newer_glibc_or_too_large_is_refused(checkout, monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(stack.INFRA / "deploy")
    import package

    other = "arm64" if checkout.run("echo $ARCHITECTURE").stdout.strip() == "x86_64" else "x86_64"
    with pytest.raises(package.Refused, match=f"was built for .*, not for {other}"):
        package.package(["stall-scan"], checkout.built, tmp_path, other, "1")
    mine = "x86_64" if other == "arm64" else "arm64"
    monkeypatch.setattr(package, "GLIBC_MAX", (2, 3))
    with pytest.raises(package.Refused, match=r"needs glibc 2\.\d+, but Lambda's provided.al2023 has 2\.3"):
        package.package(["stall-scan"], checkout.built, tmp_path, mine, "1")
    assert list(tmp_path.iterdir()) == []
    monkeypatch.undo()
    monkeypatch.setitem(package.ZIP_BYTES_MAX, "stall-scan", 100)
    with pytest.raises(package.Refused, match="larger than they may be: stall-scan"):
        package.package(["stall-scan"], checkout.built, tmp_path, mine, "1")


# ---- What is refused, before anything is asked of AWS or changed there


def test_a_tool_that_is_missing_is_named_with_its_remedy(checkout):
    done = checkout.run("make package", CARGO="no-such-cargo")
    assert done.returncode != 0
    assert "no-such-cargo is not on the PATH. Install Rust (https://rustup.rs)." in done.stderr


def test_without_packages_nothing_is_deployed(tmp_path):
    done = Checkout(tmp_path / "new").run("make deploy", YES="1", **KEYS, **NOWHERE)
    assert done.returncode != 0
    assert ".zip is not there: run `make package` first" in done.stderr


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"AWS_REGION": stack.REGION, "YES": "1"}, "no AWS credentials were found: run `aws configure`"),
        ({**KEYS, "AWS_REGION": "", "YES": "1"}, "no AWS region is set: export AWS_REGION="),
        ({**KEYS, "AWS_PROFILE": "nobody", "YES": "1"}, "The config profile (nobody) could not be found"),
        ({**KEYS, "YES": "1"}, "cannot be reached"),
        ({**KEYS, "YES": "1", "PARAMETERS": "UploadMemroy=2048"}, "PARAMETERS has `UploadMemroy=2048`"),
        ({**KEYS, "YES": "1", "PARAMETERS": "Stage=trial"}, "PARAMETERS has `Stage=trial`"),
    ],
)
def test_what_is_missing_is_said_before_anything_is_changed(packaged, environment, said):
    done = packaged.run("make deploy", **NOWHERE, **environment)
    assert done.returncode != 0
    assert said in done.stderr and "Traceback" not in done.stderr


def test_packages_that_differ_are_not_deployed(packaged, tmp_path):
    path = packaged.packages / "stall-scan.zip"
    kept = path.read_bytes()
    with zipfile.ZipFile(path) as zipped:
        binary = zipped.read("bootstrap")
    with zipfile.ZipFile(path, "w") as zipped:
        zipped.writestr("bootstrap", binary)
        zipped.writestr("version.txt", "0.0.1\n")
    try:
        done = packaged.run("make deploy", YES="1", **KEYS, **NOWHERE)
    finally:
        path.write_bytes(kept)
    assert done.returncode != 0 and "stall-scan is 0.0.1 for" in done.stderr


# ---- The guide, against moto


def test_a_new_user_deploys_in_less_than_ten_commands():
    typed = commands()
    assert len(typed) < 10
    assert typed.index("make package") < typed.index("make deploy")
    known = ("curl ", "aws configure", "make ", 'eval "$(make -s settings)"', "target/debug/waymark --aws upload ")
    assert all(line.startswith(known) for line in typed), typed


def test_make_deploy_deploys_what_was_packaged(cloud, packaged):
    assert cloud.status == "UPDATE_COMPLETE"
    assert cloud.outputs["Version"].partition("+")[0] == stack.version()
    assert 'Deployed. Next: eval "$(make -s settings)"' in cloud.told
    # Made without protection, so that a first deployment that fails leaves no table, and protected once it stands.
    stacks = cloud.client("cloudformation").describe_stacks(StackName="waymark")["Stacks"]
    values = {given["ParameterKey"]: given["ParameterValue"] for given in stacks[0]["Parameters"]}
    assert values["ProtectTables"] == "yes"
    code = {
        name: cloud.client("lambda").get_function(FunctionName=cloud.physical[name])["Configuration"]["CodeSize"]
        for name in cloud.functions
    }
    sizes = {path.stat().st_size for path in packaged.packages.iterdir()}
    assert set(code.values()) <= sizes, (code, sizes)


def test_nobody_to_ask_and_another_stage_under_the_same_name_are_refused(cloud, packaged):
    done = packaged.run("make deploy", AWS_ENDPOINT_URL=cloud.endpoint, **KEYS)
    assert done.returncode != 0 and "say YES=1" in done.stderr
    done = packaged.run("make deploy STAGE=trial", YES="1", AWS_ENDPOINT_URL=cloud.endpoint, **KEYS)
    assert done.returncode != 0
    assert "the stack waymark is the stage live" in done.stderr and "STACK=waymark-trial" in done.stderr


def test_a_stage_that_another_stack_has_is_refused(cloud, packaged):
    done = packaged.run("make deploy STACK=waymark-trial", YES="1", AWS_ENDPOINT_URL=cloud.endpoint, **KEYS)
    assert done.returncode != 0
    assert "the stage live is the stack waymark, which has the bucket waymark-live-" in done.stderr
    assert "`make deploy STAGE=trial STACK=waymark-trial`" in done.stderr


def test_what_a_deleted_stack_left_is_found_and_the_line_that_takes_it_over_is_said(cloud, packaged):
    cloud.client("s3").create_bucket(Bucket="waymark-spare-123456789012-us-east-1")
    table = cloud.client("dynamodb").create_table(
        TableName="spare-OrdersTable-1ABC",
        AttributeDefinitions=[{"AttributeName": "order_id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "order_id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )["TableDescription"]
    done = packaged.run("make deploy STAGE=spare STACK=spare", YES="1", AWS_ENDPOINT_URL=cloud.endpoint, **KEYS)
    assert done.returncode != 0
    assert "an earlier stack left spare-OrdersTable-1ABC and waymark-spare-123456789012-us-east-1" in done.stderr
    tables = f"OrdersTableName=spare-OrdersTable-1ABC OrdersStreamLabel={table['LatestStreamLabel']}"
    assert f'`make deploy STAGE=spare STACK=spare ADOPT=1 PARAMETERS="{tables}"`' in done.stderr


def test_a_deployment_without_anyone_to_alarm_says_so(cloud):
    assert 'make deploy: nobody is sent an alarm: say PARAMETERS="AlarmEmail=you@example.com"' in cloud.told
    assert "has no URL" not in cloud.told and "X-Ray" not in cloud.told


def test_settings_of_a_stack_that_is_not_there_are_refused(cloud, packaged):
    done = packaged.run("make -s settings STACK=nowhere", AWS_ENDPOINT_URL=cloud.endpoint, **KEYS)
    assert (done.returncode != 0, done.stdout) == (True, "")
    assert "there is no stack nowhere in us-east-1: run `make deploy` first" in done.stderr


@contextmanager
def a_bucket_that_tells(cloud):
    """While it lasts, what comes into the inbox is told and delivered, as S3, SQS and Lambda do."""
    ended = threading.Event()

    def tell():
        told = set()
        while not ended.wait(0.2):
            for key in sorted(set(cloud.keys("inbox/")) - told):
                told.add(key)
                head = cloud.client("s3").head_object(Bucket=cloud.bucket, Key=key)
                etag, size = head["ETag"].strip('"'), head["ContentLength"]
                cloud.tell(events.s3_created(cloud.bucket, key, etag, size, len(told)))
                cloud.deliver_uploads()

    thread = threading.Thread(target=tell)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def test_the_first_files_are_answered(cloud, packaged):
    """From `eval` on the guide's lines as they stand, in one shell."""
    typed = commands()
    lines = typed[typed.index('eval "$(make -s settings)"') :]
    (packaged.folder / "rates.csv").write_bytes(b"date,currency,usd_per_unit\n2024-05-01,EUR,1.07\n")
    (packaged.folder / "orders.csv").write_bytes(files.orders([1, 2]))
    endpoints = {"AWS_ENDPOINT_URL": cloud.endpoint, "AWS_ENDPOINT_URL_S3": cloud.endpoint}
    with a_bucket_that_tells(cloud):
        done = packaged.run("set -e\n" + "\n".join(lines), **KEYS, **endpoints)
    assert done.returncode == 0, done.stdout + done.stderr
    answer = json.loads(cloud.get("outbox/orders/_/orders.csv/report.json"))
    assert answer["counts"]["accepted"] == 2
    assert cloud.refused == []


def test_a_function_and_the_command_tell_their_version(cloud, packaged):
    first = next(iter(cloud.functions["UploadValidation"].lines()))
    assert first["fields"] == {"message": "a new instance starts", "version": stack.version()}
    assert packaged.run("target/debug/waymark --version").stdout == f"waymark {stack.version()}\n"
