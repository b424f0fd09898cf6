#!/usr/bin/env bash
# Deletes a deployment. What people made stays: recordings in their bucket, the database as a last snapshot, the keys that open what it
# holds sealed. With DATA=delete the recordings and the keys go too, and nobody can bring them back.
#
#   DATA=delete infra/undeploy.sh PROFILE
set -euo pipefail
cd "$(dirname "$0")/.."

profile=$1
data=${DATA:-keep}
case $data in keep | delete) ;; *) echo "undeploy: DATA is keep or delete, not '$data'" >&2; exit 1 ;; esac

# Asked of the stack while it is there. The names lead to what outlives it.
left=$(.tools/venv/bin/python - "$profile" <<'PY'
import json, sys
import boto3, tomlkit
from botocore.exceptions import ClientError

profile = sys.argv[1]
with open("samconfig.toml") as config:
    settings = tomlkit.load(config).unwrap().get(profile) or sys.exit(f"undeploy: samconfig.toml has no profile {profile}")
known = settings["global"]["parameters"]
stack, region = known["stack_name"], known.get("region")
formation = boto3.client("cloudformation", region_name=region)

def resources(name):
    try:
        pages = formation.get_paginator("list_stack_resources").paginate(StackName=name)
        return [item for page in pages for item in page["StackResourceSummaries"]]
    except ClientError as error:
        sys.exit(f"undeploy: {error.response['Error']['Message']}")

found = {"stack": stack, "region": region, "database": False, "buckets": [], "secrets": []}
for item in resources(stack):
    kind, name = item["ResourceType"], item.get("PhysicalResourceId")
    if kind == "AWS::S3::Bucket":
        found["buckets"].append(name)
    elif item["LogicalResourceId"] == "EncryptionKey":
        found["secrets"].append(name)
    elif item["LogicalResourceId"] == "Database":
        found["database"] = True
        found["secrets"] += [i["PhysicalResourceId"] for i in resources(name) if i["LogicalResourceId"] == "Credentials"]
print(json.dumps(found))
PY
)

sam delete --config-env "$profile" --no-prompts

.tools/venv/bin/python - "$data" "$left" <<'PY'
import json, sys
import boto3

data, left = sys.argv[1], json.loads(sys.argv[2])
s3, secrets = (boto3.resource("s3", region_name=left["region"]), boto3.client("secretsmanager", region_name=left["region"]))
for bucket in left["buckets"]:
    if data == "keep":
        print(f"Kept: the recordings in the bucket {bucket}")
        continue
    uploads = s3.meta.client.get_paginator("list_multipart_uploads").paginate(Bucket=bucket)
    for upload in (one for page in uploads for one in page.get("Uploads", [])):
        s3.meta.client.abort_multipart_upload(Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])
    s3.Bucket(bucket).objects.all().delete()
    s3.Bucket(bucket).delete()
    print(f"Deleted: the bucket {bucket} with all recordings")
for secret in left["secrets"]:
    if data == "keep":
        print(f"Kept: the secret {secret}")
    else:
        secrets.delete_secret(SecretId=secret, ForceDeleteWithoutRecovery=True)
        print(f"Deleted: the secret {secret}")
if left["database"]:
    print("Kept: a last snapshot of the database, in the list of snapshots of RDS")
PY
