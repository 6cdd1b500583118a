"""The stack, deployed to moto, with our binaries for its functions, held to their roles."""

import ast
import io
import itertools
import json
import os
import re
import threading
import uuid
import zipfile
from urllib.parse import unquote

os.environ.update(AWS_ACCESS_KEY_ID="proof", AWS_SECRET_ACCESS_KEY="proof", AWS_DEFAULT_REGION="us-east-1")

import boto3  # noqa: E402
from moto.core.base_backend import BackendDict  # noqa: E402
from moto.core.config import default_user_config  # noqa: E402
from moto.dynamodb.models import dynamodb_backends  # noqa: E402
from moto.moto_server.werkzeug_app import (  # noqa: E402
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from moto.sqs.models import sqs_backends  # noqa: E402
from werkzeug.serving import make_server  # noqa: E402

import deployment  # noqa: E402
import events  # noqa: E402
import execution_clock  # noqa: E402
import function_urls  # noqa: E402, F401
import large_tables  # noqa: E402
import roles  # noqa: E402
import stack  # noqa: E402
from runtime_api import Died, Function, FunctionError  # noqa: E402

ACCOUNT = "123456789012"
INVOCATION = re.compile(r"^/2015-03-31/functions/([^/]+)/invocations$")
DENIED_S3 = b'<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>'


large_tables.install()
deployment.install()
execution_clock.install()
default_user_config["stepfunctions"]["execute_state_machine"] = True
default_user_config["lambda"]["use_docker"] = False


class Quiet(MotoRequestHandler):
    def log(self, *_):
        pass


class Cloud:
    """Deploys the stack, with CloudFormation's `parameters`, or as `deploy` does it, which is given the endpoint; `quickly`
    shortens the waits of the state machines."""

    def __init__(self, parameters=None, deploy=None):
        self.document = stack.expanded()
        self.functions = {}
        self.roles = {}
        self.mappings = []
        self._sequencers = itertools.count(1)
        # (function, action, resource) of every call that was made, and of those that its role refused.
        self.calls = set()
        self.refused = []
        # A test's own: (function, service, operation or method, body or path) → True makes the call fail for good.
        self.fault = None
        self._moto = DomainDispatcherApplication(create_backend_app)
        # moto's transactions are not safe beside other calls.
        self._tables_lock = threading.Lock()
        self._server = make_server("127.0.0.1", 0, self._serve, threaded=True, request_handler=Quiet)
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"
        # Where the state machines find the functions and SNS.
        os.environ["MOTO_PORT"] = str(self._server.server_port)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        if deploy:
            # moto knows a template's URL by this name.
            deploy(self.endpoint.replace("127.0.0.1", "localhost"))
        else:
            self._create_stack(parameters or {})
        self._take_over()

    def client(self, service):
        config = boto3.session.Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})
        return boto3.client(service, endpoint_url=self.endpoint, region_name=stack.REGION, config=config)

    def close(self):
        for function in self.functions.values():
            function.stop()
        self._server.shutdown()
        self._server.server_close()
        # What moto keeps is the process's, not the server's.
        BackendDict.reset()

    # ---- Deployment

    def _create_stack(self, parameters):
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as zipped:
            zipped.writestr("bootstrap", "")
        s3 = self.client("s3")
        s3.create_bucket(Bucket=stack.CODE["Bucket"])
        s3.put_object(Bucket=stack.CODE["Bucket"], Key=stack.CODE["Key"], Body=archive.getvalue())
        cloudformation = self.client("cloudformation")
        cloudformation.create_stack(
            StackName="waymark",
            TemplateBody=json.dumps(stack.with_substitutions(self.document)),
            Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()],
            Capabilities=["CAPABILITY_IAM"],
        )

    def _take_over(self):
        """Finds what was deployed, and makes of it what runs."""
        cloudformation = self.client("cloudformation")
        found = cloudformation.describe_stacks(StackName="waymark")["Stacks"][0]
        self.status = found["StackStatus"]
        self.outputs = {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}
        described = cloudformation.describe_stack_resources(StackName="waymark")["StackResources"]
        # What moto does not know has no name in its list.
        self.deployed = [resource for resource in described if "LogicalResourceId" in resource]
        self.physical = {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in self.deployed}
        self.bucket = self.outputs["Bucket"]
        self._roles()
        self._functions()
        self._machines()
        # moto would deliver by itself, to a Lambda in Docker; we do it, to our binaries.
        for mapping in self.client("lambda").list_event_source_mappings()["EventSourceMappings"]:
            self.mappings.append(mapping)
            self.client("lambda").delete_event_source_mapping(UUID=mapping["UUID"])
        for source in (
            *dynamodb_backends[ACCOUNT][stack.REGION].tables.values(),
            *sqs_backends[ACCOUNT][stack.REGION].queues.values(),
        ):
            source.lambda_event_source_mappings.clear()

    def _roles(self):
        iam = self.client("iam")
        for function in stack.resources(self.document, "AWS::Lambda::Function"):
            name = self.physical[f"{function}Role"]
            names = iam.list_role_policies(RoleName=name)["PolicyNames"]
            found = [iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"] for policy in names]
            # moto keeps what CloudFormation gave it as Python writes it.
            documents = [ast.literal_eval(document) if isinstance(document, str) else document for document in found]
            self.roles[function] = roles.Role(documents)

    def _functions(self):
        for function, properties in stack.resources(self.document, "AWS::Lambda::Function").items():
            deployed = self.client("lambda").get_function_configuration(FunctionName=self.physical[function])
            environment = {
                **deployed["Environment"]["Variables"],
                "AWS_LAMBDA_FUNCTION_NAME": deployed["FunctionName"],
                "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
                "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(deployed["MemorySize"]),
                "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{deployed['FunctionName']}",
                "AWS_LAMBDA_LOG_STREAM_NAME": "proof",
                "AWS_REGION": stack.REGION,
                # Tells the function at the door below.
                "AWS_ACCESS_KEY_ID": function,
                "AWS_SECRET_ACCESS_KEY": "proof",
                "AWS_ENDPOINT_URL_S3": self.endpoint,
                "AWS_ENDPOINT_URL_DYNAMODB": self.endpoint,
            }
            binary = stack.TARGET / deployed["FunctionName"].split("-", 2)[2]
            self.functions[function] = Function(function, binary, deployed["FunctionArn"], environment)

    def _machines(self):
        """moto's CloudFormation makes state machines that do not run, and knows no substitutions; made by a call, they run."""
        for machine, properties in stack.resources(self.document, "AWS::StepFunctions::StateMachine").items():
            text = quickly("\n".join(properties["DefinitionString"]["Fn::Join"][1]))
            for name in properties["DefinitionSubstitutions"]:
                text = text.replace(f"${{{name}}}", self.outputs[f"{machine}{name}"])
            assert "${" not in text, text
            self.client("stepfunctions").create_state_machine(
                name=self.outputs[machine].rsplit(":", 1)[-1],
                definition=text,
                roleArn=self.client("iam").get_role(RoleName=self.physical[f"{machine}Role"])["Role"]["Arn"],
            )

    # ---- The door: every request passes here

    def _serve(self, environ, start_response):
        invoked = INVOCATION.match(unquote(environ["PATH_INFO"]))
        if invoked:
            return self._invoke(invoked[1], environ, start_response)
        function, service = roles.signed_by(environ.get("HTTP_AUTHORIZATION"))
        if function not in self.roles:
            return self._to_moto(service, environ, start_response)
        body = _body(environ)
        if service == "dynamodb":
            calls = roles.dynamodb_calls(environ["HTTP_X_AMZ_TARGET"], body, self.arn_of_table)
        else:
            calls = roles.s3_calls(environ["REQUEST_METHOD"], _path(environ), environ["QUERY_STRING"])
        role = self.roles[function]
        for action, resource, context in calls:
            self.calls.add((function, action, resource))
            if not role.allows(action, resource, context):
                self.refused.append((function, action, resource))
                return _refuse(service, start_response)
        told = environ["HTTP_X_AMZ_TARGET"] if service == "dynamodb" else _path(environ)
        if self.fault and self.fault(function, told, body):
            return _refuse(service, start_response)
        if service == "s3" and calls[0][0] == "s3:GetObject":
            # S3 says "not there" only to whoever may list the bucket; to others, "denied".
            bucket = calls[0][1].split("/")[0]
            if not role.allows("s3:ListBucket", bucket, {}) and not self._is_there(_path(environ)):
                return _refuse(service, start_response)
        return self._to_moto(service, environ, start_response)

    def _to_moto(self, service, environ, start_response):
        if service == "cloudformation":
            self.document = deployment.expand(_body(environ), self.client("s3")) or self.document
        if service == "dynamodb":
            with self._tables_lock:
                return list(self._moto(environ, start_response))
        return self._moto(environ, start_response)

    def _is_there(self, path):
        bucket, _, key = path.lstrip("/").partition("/")
        try:
            self.client("s3").head_object(Bucket=bucket, Key=key)
        except self.client("s3").exceptions.ClientError:
            return False
        return True

    def arn_of_table(self, name):
        return f"arn:aws:dynamodb:{stack.REGION}:{ACCOUNT}:table/{name}"

    def _invoke(self, name, environ, start_response):
        found = [function for function in self.functions.values() if name in (function.arn, function.arn.split(":")[-1])]
        headers = [("Content-Type", "application/json")]
        try:
            answer = found[0].invoke(json.loads(_body(environ)))
        except FunctionError as error:
            headers.append(("X-Amz-Function-Error", "Unhandled"))
            answer = error.payload
        except Died as error:
            headers.append(("X-Amz-Function-Error", "Unhandled"))
            answer = {"errorType": "Runtime.ExitError", "errorMessage": str(error)[-500:]}
        start_response("200 OK", headers)
        return [json.dumps(answer).encode()]

    # ---- What AWS does by itself

    def put(self, key, body, **metadata):
        """Puts a file under the bucket's key, as a person does; the bucket tells the queue. (moto's does not: its events lack
        what S3's always have.)"""
        put = self.client("s3").put_object(Bucket=self.bucket, Key=key, Body=body, Metadata=metadata)
        etag, version = put["ETag"].strip('"'), put.get("VersionId")
        told = events.s3_created(self.bucket, key, etag, len(body), next(self._sequencers), version)
        self.tell(told)

    def tell(self, message):
        """Puts a message into the queue of uploads, as S3 does."""
        self.client("sqs").send_message(QueueUrl=self.outputs["Uploads"], MessageBody=json.dumps(message))

    def get(self, key):
        return self.client("s3").get_object(Bucket=self.bucket, Key=key)["Body"].read()

    def keys(self, prefix):
        pages = self.client("s3").get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
        return [found["Key"] for page in pages for found in page.get("Contents", [])]

    def deliver_uploads(self):
        """Hands the queue's messages to upload-validation, as the event source mapping does, until none is left that can
        be received; gives how many came, and the answers."""
        sqs, queue = self.client("sqs"), self.outputs["Uploads"]
        came, answers = 0, []
        while messages := sqs.receive_message(
            QueueUrl=queue, MaxNumberOfMessages=10, AttributeNames=["All"]
        ).get("Messages", []):
            came += len(messages)
            answer = self.functions["UploadValidation"].invoke({"Records": [events.sqs_record(found) for found in messages]})
            answers.append(answer)
            again = {failed["itemIdentifier"] for failed in answer["batchItemFailures"]}
            for message in messages:
                if message["MessageId"] not in again:
                    sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return came, answers

    def run(self, machine, event, seconds=300):
        """Runs a state machine to its end; gives what is told of the execution."""
        states = self.client("stepfunctions")
        started = states.start_execution(
            stateMachineArn=self.outputs[machine], name=str(uuid.uuid4()), input=json.dumps(event)
        )
        arn = started["executionArn"]
        pause = threading.Event()
        for _ in range(seconds * 10):
            found = states.describe_execution(executionArn=arn)
            if found["status"] != "RUNNING":
                return found
            pause.wait(0.1)
        raise AssertionError(f"{machine} still runs after {seconds} s")

    def entries(self):
        """The ledger, as it stands in the records table."""
        pages = self.client("dynamodb").get_paginator("scan").paginate(TableName=self.outputs["RecordsTable"])
        return [item for page in pages for item in page["Items"] if "ledger_sort" in item]


def quickly(definition):
    """A state machine whose waits are cut short."""
    definition = re.sub(r'"(IntervalSeconds|BackoffRate)": [0-9]+', r'"\1": 1', definition)
    definition = re.sub(r'"MaxDelaySeconds": [0-9]+', '"MaxDelaySeconds": 2', definition)
    definition = definition.replace('"left": 48', '"left": 2')
    return definition.replace('"Seconds": 1800', '"Seconds": 1')


def _path(environ):
    # WSGI's paths are bytes, written as Latin-1.
    return environ["PATH_INFO"].encode("latin-1").decode()


def _body(environ):
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    return body


def _refuse(service, start_response):
    if service == "dynamodb":
        start_response("400 Bad Request", [("Content-Type", "application/x-amz-json-1.0")])
        told = {"__type": "com.amazon.coral.service#AccessDeniedException", "Message": "not authorized to perform it"}
        return [json.dumps(told).encode()]
    start_response("403 Forbidden", [("Content-Type", "application/xml")])
    return [DENIED_S3]
