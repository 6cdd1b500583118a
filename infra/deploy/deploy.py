"""Deploys what `make package` made, with sam: `make deploy` calls this; `make settings` tells a shell what was deployed.

Everything that can be wrong on this side is found before AWS is asked to change anything.
"""

import argparse
import os
import shlex
import subprocess
import sys
import zipfile
from pathlib import Path

import boto3
import yaml
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
)

import adoption
import elf
import preflight
from preflight import Refused

INFRA = Path(__file__).resolve().parents[1]
TEMPLATE = INFRA / "template.yaml"
# Outputs that are settings of `waymark --aws`: their descriptions name the variable.
SETTINGS = ("OrdersTable", "RecordsTable", "Bucket")
# Likewise, of a stack that has a policy of its own; a stack without one takes the variables away.
POLICY_SETTINGS = {
    "PolicyKey": "WAYMARK_POLICY",
    "PolicySha256": "WAYMARK_POLICY_SHA256",
    "ShadowPolicyKey": "WAYMARK_SHADOW_POLICY",
    "ShadowPolicySha256": "WAYMARK_SHADOW_POLICY_SHA256",
}
# These `make deploy` says itself: by STAGE, by what the packages are, and by whether the stack stands.
GIVEN = ("Stage", "Architecture", "Version", "ProtectTables")


def packages():
    """The architecture and the version that all the template's packages have."""
    found = {}
    for resource in yaml.safe_load(TEMPLATE.read_text())["Resources"].values():
        if resource["Type"] != "AWS::Serverless::Function":
            continue
        path = (INFRA / resource["Properties"]["CodeUri"]).resolve()
        try:
            with zipfile.ZipFile(path) as zipped:
                binary = elf.read(zipped.read("bootstrap"))
                version = zipped.read("version.txt").decode().strip()
        except FileNotFoundError:
            raise Refused(f"{path} is not there: run `make package` first") from None
        except (KeyError, zipfile.BadZipFile, elf.Unreadable):
            raise Refused(f"{path} is no package of ours: run `make package` again") from None
        found[path.stem] = (binary.architecture, version)
    kinds = set(found.values())
    if len(kinds) > 1:
        told = "; ".join(f"{name} is {version} for {architecture}" for name, (architecture, version) in found.items())
        raise Refused(f"the packages differ ({told}): run `make package` again")
    return kinds.pop()


def parameters(words):
    """What PARAMETERS says, each a parameter of the template's."""
    known = set(yaml.safe_load(TEMPLATE.read_text())["Parameters"]).difference(GIVEN)
    for word in words:
        name, equals, _ = word.partition("=")
        if not equals or name not in known:
            raise Refused(f"PARAMETERS has `{word}`, but takes Name=Value with a name of {', '.join(sorted(known))}")
    return dict(word.split("=", 1) for word in words)


def session_of_environment():
    """With the region where the SDKs of other languages look for it as well, `waymark`'s among them; boto3 does not."""
    return boto3.session.Session(region_name=os.environ.get("AWS_REGION") or None)


def account(session):
    """The account and the region that are deployed to; asks AWS who we are, which changes nothing."""
    if not session.region_name:
        raise Refused("no AWS region is set: export AWS_REGION=us-east-1 (or yours), or run `aws configure`")
    try:
        return session.client("sts").get_caller_identity()["Account"]
    except NoCredentialsError:
        raise Refused(
            "no AWS credentials were found: run `aws configure`, or export AWS_PROFILE, or AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY"
        ) from None
    except (BotoCoreError, ClientError) as error:
        raise Refused(f"AWS does not know these credentials, or cannot be reached: {error}") from None


def deployed(session, stack):
    """The stack as CloudFormation describes it; none if there is none."""
    try:
        return session.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise Refused(f"the stack {stack} cannot be looked at: {error}") from None


def sam(given, session, values, asks):
    """Deploys the stack with these parameters; shows the changes first and asks, or makes them."""
    command = [
        Path(sys.executable).with_name("sam"),
        "deploy",
        *("--template-file", TEMPLATE),
        *("--stack-name", given.stack),
        *("--region", session.region_name),
        *("--capabilities", "CAPABILITY_IAM"),
        "--resolve-s3",
        "--no-fail-on-empty-changeset",
        "--no-progressbar",
        "--confirm-changeset" if asks else "--no-confirm-changeset",
        *("--parameter-overrides", *(f"{name}={value}" for name, value in values.items())),
    ]
    # No file of settings of sam's own: what is deployed is what was typed.
    environment = {**os.environ, "SAM_CLI_TELEMETRY": "0"}
    if subprocess.run(command, env=environment, cwd=INFRA, check=False).returncode:
        raise Refused("sam did not deploy the stack; what it said stands above, and CloudFormation takes its changes back")


def deploy(given):
    architecture, version = packages()
    more = parameters(shlex.split(given.parameters))
    session = session_of_environment()
    number = account(session)
    if not given.yes and not sys.stdin.isatty():
        raise Refused("nobody can be asked whether the changes are meant: say YES=1")
    found = deployed(session, given.stack)
    preflight.refuse(session, given, number, found, more)
    for warning in preflight.warnings(session.region_name, preflight.values_of(found) | more):
        print(f"make deploy: {warning}", flush=True)
    if given.adopt:
        adoption.adopt(session, given.stack, preflight.bucket_of(given.stage, number, session.region_name))
    print(f"waymark {version} for {architecture}, as the stack {given.stack} in {session.region_name} of {number}", flush=True)
    values = {"Stage": given.stage, "Architecture": architecture, "Version": version, **more}
    if is_new := preflight.is_new(found) and not given.adopt:
        # CloudFormation could not take a protected table away again, should anything else fail.
        sam(given, session, {**values, "ProtectTables": "no"}, asks=not given.yes)
        if preflight.is_new(deployed(session, given.stack)):
            raise Refused("nothing was deployed, as you said")
    sam(given, session, {**values, "ProtectTables": "yes"}, asks=not given.yes and not is_new)
    print(f'\nDeployed. Next: eval "$(make -s settings{"" if given.stack == "waymark" else f" STACK={given.stack}"})"')


def settings(given):
    session = session_of_environment()
    account(session)
    found = deployed(session, given.stack)
    outputs = {output["OutputKey"]: output for output in (found or {}).get("Outputs", [])}
    if not outputs:
        raise Refused(f"there is no stack {given.stack} in {session.region_name}: run `make deploy` first")
    print(f"export AWS_REGION={shlex.quote(session.region_name)}")
    for name in SETTINGS:
        print(f"export {outputs[name]['Description']}={shlex.quote(outputs[name]['OutputValue'])}")
    for name, variable in POLICY_SETTINGS.items():
        if name in outputs:
            print(f"export {variable}={shlex.quote(outputs[name]['OutputValue'])}")
        else:
            print(f"unset {variable}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    commands = parser.add_subparsers(required=True, dest="command")
    for name, run in (("deploy", deploy), ("settings", settings)):
        command = commands.add_parser(name)
        command.set_defaults(run=run)
        command.add_argument("--stack", required=True)
    commands.choices["deploy"].add_argument("--stage", required=True)
    commands.choices["deploy"].add_argument("--parameters", default="")
    commands.choices["deploy"].add_argument("--yes", action="store_true")
    commands.choices["deploy"].add_argument("--adopt", action="store_true")
    given = parser.parse_args()
    try:
        given.run(given)
    except Refused as refused:
        sys.exit(f"make {given.command}: {refused}")
    except (ProfileNotFound, PartialCredentialsError, NoRegionError) as error:
        sys.exit(f"make {given.command}: {error}")


if __name__ == "__main__":
    main()
