#!/usr/bin/env bash
# Deletes a deployment. What people made stays: recordings in their bucket, the database as a last snapshot, the keys that open what it
# holds sealed. With DATA=delete the recordings and the keys go too, and nobody can bring them back.
#
#   DATA=delete infra/undeploy.sh PROFILE
set -euo pipefail
cd "$(dirname "$0")/.."

data=${DATA:-keep}
case $data in keep | delete) ;; *) echo "undeploy: DATA is keep or delete, not '$data'" >&2; exit 1 ;; esac

# Not by `sam delete`, which would take the programs that were uploaded out of SAM's own bucket as well, and cannot where that is an emulator's.
exec .tools/venv/bin/python - "$1" "$data" <<'PY'
import sys
import boto3, tomlkit
from botocore.exceptions import ClientError, WaiterError

profile, data = sys.argv[1:]
with open("samconfig.toml") as config:
    settings = tomlkit.load(config).unwrap().get(profile) or sys.exit(f"undeploy: samconfig.toml has no profile {profile}")
known = settings["global"]["parameters"]
stack, region = known["stack_name"], known.get("region")
formation = boto3.client("cloudformation", region_name=region)
s3 = boto3.resource("s3", region_name=region)
secrets = boto3.client("secretsmanager", region_name=region)


def resources(name):
    pages = formation.get_paginator("list_stack_resources").paginate(StackName=name)
    return {item["LogicalResourceId"]: item for page in pages for item in page["StackResourceSummaries"]}


def empty(bucket):
    uploads = s3.meta.client.get_paginator("list_multipart_uploads").paginate(Bucket=bucket)
    for upload in (one for page in uploads for one in page.get("Uploads", [])):
        s3.meta.client.abort_multipart_upload(Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])
    s3.Bucket(bucket).objects.all().delete()
    s3.Bucket(bucket).delete()


# What outlives the stack is asked of it while it is there.
try:
    there = resources(stack)
    database = resources(there["Database"]["PhysicalResourceId"]) if "Database" in there else {}
    bucket = there["MediaBucket"]["PhysicalResourceId"]
    keys = [item["PhysicalResourceId"] for item in (there["EncryptionKey"], database.get("Credentials")) if item]

    formation.delete_stack(StackName=stack)
    formation.get_waiter("stack_delete_complete").wait(StackName=stack, WaiterConfig={"Delay": 5, "MaxAttempts": 720})
except ClientError as error:
    sys.exit(f"undeploy: {error.response['Error']['Message']}")
except WaiterError:
    sys.exit(f"undeploy: {stack} could not be deleted, or not within an hour. Its events in CloudFormation say why.")
print(f"Deleted: the stack {stack}")

if data == "delete":
    empty(bucket)
    for key in keys:
        secrets.delete_secret(SecretId=key, ForceDeleteWithoutRecovery=True)
print(f"{'Deleted' if data == 'delete' else 'Kept'}: the recordings in the bucket {bucket}")
for key in keys:
    print(f"{'Deleted' if data == 'delete' else 'Kept'}: the secret {key}")
if database:
    print("Kept: a last snapshot of the database, in the list of snapshots of RDS")
PY
