#!/usr/bin/env bash
# Builds the template with SAM and deploys it under a profile of samconfig.toml.
#
#   DATABASE_URL=mysql://… MAIL_TRANSPORT=ses MAIL_FROM='Capstan <login@example.com>' infra/deploy.sh PROFILE [ARCH]
#
# Each may be left out when the stack exists: it keeps the one it has. So may DATABASE_CA_FILE, a file with the PEM of the CA
# that signed the database's certificate; a public CA needs none. MAIL_TRANSPORT=resend needs RESEND_API_KEY, and
# MAIL_TRANSPORT=smtp needs SMTP_URL; these too are kept, as are TINYBIRD_URL and TINYBIRD_TOKEN, with which views are forwarded. NEXTAUTH_SECRET and DATABASE_ENCRYPTION_KEY may always be left out:
# a stack keeps those it was given, and otherwise those that it has made. SECRETS_EDITION, any other than the last one, hands
# the functions secrets that were changed in Secrets Manager. What is built goes to SAM_BUILD_DIR, by default .aws-sam/build.
set -euo pipefail
cd "$(dirname "$0")/.."

profile=$1
arch=$(infra/arch.sh "${2:-}")
export ARCH=$arch
build=${SAM_BUILD_DIR:-.aws-sam/build}
sam build --config-env "$profile" --build-dir "$build" --parameter-overrides "Architecture=$arch"

# SAM takes overrides from its command line instead of the profile's, not on top of them. Both go into one file, readable by its owner
# only, which also keeps passwords and keys out of the list of processes.
overrides=$build.overrides.yaml
trap 'rm -f "$overrides"' EXIT
(umask 077 && .tools/venv/bin/python - "$profile" "$arch" >"$overrides") <<'PY'
import json, os, sys
import tomlkit

profile, arch = sys.argv[1:]
with open("samconfig.toml") as config:
    settings = tomlkit.load(config).unwrap().get(profile) or sys.exit(f"deploy: samconfig.toml has no profile {profile}")
overrides = list(settings.get("deploy", {}).get("parameters", {}).get("parameter_overrides", []))
overrides.append({"Architecture": arch})
given = {
    "DATABASE_URL": "DatabaseUrl",
    "MAIL_TRANSPORT": "MailTransport",
    "MAIL_FROM": "MailFrom",
    "RESEND_API_KEY": "ResendApiKey",
    "SMTP_URL": "SmtpUrl",
    "TINYBIRD_URL": "TinybirdUrl",
    "TINYBIRD_TOKEN": "TinybirdToken",
    "NEXTAUTH_SECRET": "NextAuthSecret",
    "DATABASE_ENCRYPTION_KEY": "DatabaseEncryptionKey",
    "SECRETS_EDITION": "SecretsEdition",
}
# What is not given is not mentioned, so that SAM keeps the value it had.
overrides += [{parameter: os.environ[name]} for name, parameter in given.items() if os.environ.get(name)]
if ca := os.environ.get("DATABASE_CA_FILE"):
    with open(ca) as pem:
        overrides.append({"DatabaseCa": pem.read()})
json.dump(overrides, sys.stdout)
PY
sam deploy --config-env "$profile" --config-file "$PWD/samconfig.toml" --template-file "$build/template.yaml" --parameter-overrides "file://$overrides"
