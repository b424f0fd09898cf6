#!/usr/bin/env bash
# Runs a command while LocalStack's S3 serves on a free port of 127.0.0.1: S3 that is strict where the local cloud's may not be.
# The command finds it as make test S3=… is told of it: S3, and the keys in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.
#
#   infra/localstack.sh cargo test --workspace --test it -- foreign
set -euo pipefail
cd "$(dirname "$0")/.."

fail() { printf 'localstack: %s\n' "$*" >&2; exit 1; }

python=.tools/localstack/bin/python
if [ ! -e .tools/localstack/.ok ]; then
    printf 'SKIPPED: %s: LocalStack is not here, which needs Python 3.11\n' "$*" >&2
    exit 0
fi
state=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill -9 "$server" 2>/dev/null || true; rm -rf "$state"' EXIT

port=$("$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
# Its own server takes the port of GATEWAY_LISTEN and not the address, and would listen everywhere.
loopback='
from functools import partial
from twisted.internet import endpoints
endpoints.TCP4ServerEndpoint = partial(endpoints.TCP4ServerEndpoint, interface="127.0.0.1")
from localstack.runtime.main import main
main()'
GATEWAY_LISTEN=127.0.0.1:$port DNS_ADDRESS=0 DISABLE_EVENTS=1 SKIP_SSL_CERT_DOWNLOAD=1 FILESYSTEM_ROOT=$state/root \
    SERVICES=s3 EAGER_SERVICE_LOADING=1 S3_SKIP_SIGNATURE_VALIDATION=0 \
    "$python" -c "$loopback" >"$state/log" 2>&1 </dev/null &
server=$!

end=$((SECONDS + 60))
until grep -q '^Ready\.' "$state/log"; do
    kill -0 "$server" 2>/dev/null || { tail -n 15 "$state/log" >&2; fail "LocalStack ended"; }
    [ "$SECONDS" -lt "$end" ] || { tail -n 15 "$state/log" >&2; fail "LocalStack did not start within a minute"; }
    sleep 0.2
done

status=0
S3=http://127.0.0.1:$port AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_REGION=us-east-1 "$@" || status=$?
[ "$status" -eq 0 ] || { printf 'localstack: the end of its log\n' >&2; tail -n 15 "$state/log" >&2; }
exit "$status"
