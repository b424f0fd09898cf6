#!/usr/bin/env bash
# Builds the template with SAM and deploys it under a profile of samconfig.toml.
#
#   DATABASE_URL=mysql://… infra/deploy.sh PROFILE [ARCH]
#
# DATABASE_URL may be left out when the stack exists: it keeps the one it has. So may DATABASE_CA_FILE, a file with the PEM of the CA
# that signed the database's certificate; a public CA needs none.
set -euo pipefail
cd "$(dirname "$0")/.."

profile=$1
arch=$(infra/arch.sh "${2:-}")
export ARCH=$arch
sam build --config-env "$profile" --parameter-overrides "Architecture=$arch"

# SAM takes overrides from its command line instead of the profile's, not on top of them. Both go into one file, readable by its owner
# only, which also keeps the database's password out of the list of processes.
overrides=.aws-sam/overrides.yaml
trap 'rm -f "$overrides"' EXIT
(umask 077 && .tools/venv/bin/python - "$profile" "$arch" >"$overrides") <<'PY'
import json, os, sys
import tomlkit

profile, arch = sys.argv[1:]
with open("samconfig.toml") as config:
    settings = tomlkit.load(config).unwrap().get(profile) or sys.exit(f"deploy: samconfig.toml has no profile {profile}")
overrides = list(settings.get("deploy", {}).get("parameters", {}).get("parameter_overrides", []))
overrides.append({"Architecture": arch})
if url := os.environ.get("DATABASE_URL"):
    overrides.append({"DatabaseUrl": url})
if ca := os.environ.get("DATABASE_CA_FILE"):
    with open(ca) as pem:
        overrides.append({"DatabaseCa": pem.read()})
json.dump(overrides, sys.stdout)
PY
sam deploy --config-env "$profile" --parameter-overrides "file://$overrides"
