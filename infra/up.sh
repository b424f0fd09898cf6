#!/usr/bin/env bash
# Sets up, builds and becomes the local cloud, so that Ctrl-C and a kill reach it and nothing stays between.
#
#   PORT=3000 FILE=talk.mp4 RENDITIONS=720,480 infra/up.sh
#   S3=http://127.0.0.1:9000 AWS_ACCESS_KEY_ID=… AWS_SECRET_ACCESS_KEY=… LAMBDA_PORT=9100 infra/up.sh
set -euo pipefail
cd "$(dirname "$0")/.."

fail() { printf 'up: %s\n' "$*" >&2; exit 1; }

port=${PORT:-3000}
file=${FILE:-}
# shellcheck disable=SC2015 # fail does not return
[[ $port =~ ^[0-9]{1,5}$ ]] && ((10#$port >= 1 && 10#$port <= 65535)) || fail "PORT must be a number from 1 to 65535, not '$port'"
[ -z "$file" ] || [ -f "$file" ] || fail "there is no file $file"
[ -z "$file" ] || [ -r "$file" ] || fail "$file cannot be read"
# Asked before the build, which can take minutes. The local cloud asks again when it binds.
if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
    fail "port $port is taken: stop what listens there, or choose another with make up PORT=$((port < 65535 ? port + 1 : 3100))"
fi

infra/setup.sh run
cargo build --workspace --locked
set -- up --functions target/debug --state .local --mysql-home .tools/mysql --port "$port"
[ -z "$file" ] || set -- "$@" --upload "$file"
[ -z "${RENDITIONS:-}" ] || set -- "$@" --parameter "Renditions=$RENDITIONS"
[ -z "${S3:-}" ] || set -- "$@" --s3 "$S3"
[ -z "${LAMBDA_PORT:-}" ] || set -- "$@" --lambda-port "$LAMBDA_PORT"
# Where the functions look for FFmpeg: in the layer first, as on Lambda.
export PATH=$PWD/.tools/opt/bin:$PATH
exec target/debug/capstan-local "$@"
