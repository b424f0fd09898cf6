#!/usr/bin/env bash
# Builds the template with SAM and deploys it under a profile of samconfig.toml.
#
#   MAIL_TRANSPORT=ses MAIL_FROM='Capstan <login@example.com>' infra/deploy.sh PROFILE [ARCH]
#
# Each parameter of template.yaml is taken from the variable of its name (MailFrom from MAIL_FROM, Cdn from CDN) and otherwise from
# the profile; what neither mentions keeps the value that the stack has, or the template's default. DATABASE_CA_FILE is a file with
# what DatabaseCa holds. SECRETS_EDITION, any other than the last one, hands the functions secrets that were changed in Secrets Manager.
# What is built goes to SAM_BUILD_DIR, by default .aws-sam/build.
set -euo pipefail
cd "$(dirname "$0")/.."

profile=$1
arch=$(infra/arch.sh "${2:-}")
build=${SAM_BUILD_DIR:-.aws-sam/build}
infra/build.sh "$profile" "$arch"

# SAM takes overrides from its command line instead of the profile's, not on top of them. Both go into one file, readable by its owner
# only, which also keeps passwords and keys out of the list of processes.
overrides=$build.overrides.yaml
trap 'rm -f "$overrides"' EXIT
(umask 077 && .tools/venv/bin/python - "$profile" "$arch" >"$overrides") <<'PY'
import json, os, re, sys
import tomlkit
from samcli.yamlhelper import yaml_parse

profile, arch = sys.argv[1:]
with open("samconfig.toml") as config:
    settings = tomlkit.load(config).unwrap().get(profile) or sys.exit(f"deploy: samconfig.toml has no profile {profile}")
with open("template.yaml") as template:
    parameters = yaml_parse(template.read())["Parameters"]

# As Cap and the functions themselves call them.
NAMES = {"NextAuthSecret": "NEXTAUTH_SECRET", "AllowedSignupDomains": "CAP_ALLOWED_SIGNUP_DOMAINS"}

overrides = list(settings.get("deploy", {}).get("parameters", {}).get("parameter_overrides", []))
overrides.append({"Architecture": arch})
for parameter in parameters:
    variable = NAMES.get(parameter) or re.sub(r"(?<!^)(?=[A-Z])", "_", parameter).upper()
    # What is not given is not mentioned, so that SAM keeps the value it had.
    if parameter != "Architecture" and os.environ.get(variable):
        overrides.append({parameter: os.environ[variable]})
if ca := os.environ.get("DATABASE_CA_FILE"):
    with open(ca) as pem:
        overrides.append({"DatabaseCa": pem.read()})
json.dump(overrides, sys.stdout)
PY
sam deploy --config-env "$profile" --config-file "$PWD/samconfig.toml" --template-file "$build/template.yaml" --parameter-overrides "file://$overrides"
