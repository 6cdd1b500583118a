"""Takes the bucket that a deleted stack left into a new stack: CloudFormation's import, of the bucket and of its policy."""

import json

from botocore.exceptions import ClientError, WaiterError

from preflight import Refused


def resources(session, bucket):
    """What is imported, as a template has it: only what identifies it. The deployment that follows sets everything else."""
    kept = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
    found = {"Bucket": {"Type": "AWS::S3::Bucket", **kept, "Properties": {"BucketName": bucket}}}
    try:
        policy = json.loads(session.client("s3").get_bucket_policy(Bucket=bucket)["Policy"])
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchBucketPolicy":
            raise
    else:
        properties = {"Bucket": bucket, "PolicyDocument": policy}
        found["BucketPolicy"] = {"Type": "AWS::S3::BucketPolicy", **kept, "Properties": properties}
    return found


def adopt(session, stack, bucket):
    """Makes the stack with the bucket in it, and nothing else."""
    cloudformation = session.client("cloudformation")
    imported = resources(session, bucket)
    change = {"StackName": stack, "ChangeSetName": "adopt-the-bucket"}
    identifiers = {"Bucket": "BucketName", "BucketPolicy": "Bucket"}
    try:
        cloudformation.create_change_set(
            **change,
            ChangeSetType="IMPORT",
            TemplateBody=json.dumps({"Resources": imported}),
            ResourcesToImport=[
                {
                    "ResourceType": resource["Type"],
                    "LogicalResourceId": name,
                    "ResourceIdentifier": {identifiers[name]: bucket},
                }
                for name, resource in imported.items()
            ],
        )
        cloudformation.get_waiter("change_set_create_complete").wait(**change)
        cloudformation.execute_change_set(**change)
        cloudformation.get_waiter("stack_import_complete").wait(StackName=stack)
    except (ClientError, WaiterError) as error:
        raise Refused(f"the bucket {bucket} could not be taken over; nothing in it has changed: {error}") from None
