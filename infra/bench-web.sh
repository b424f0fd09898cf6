#!/usr/bin/env bash
# Shows what Chromium measures of a share page on this machine. The functions are the ones that make test has built, so that it is quick; what
# they take is the row of the first byte.
set -euo pipefail
cd "$(dirname "$0")/.."

fail() { printf 'bench-web: %s\n' "$*" >&2; exit 1; }

infra/setup.sh test
cargo build --workspace --locked
programs=${CARGO_TARGET_DIR:-target}/debug
state=$(mktemp -d)
# What makes the recording is this machine's FFmpeg; what looks at it is the layer's.
ffmpeg -v error -f lavfi -i testsrc2=size=1280x720:rate=30:duration=60 -f lavfi -i sine=frequency=440:duration=60 \
    -c:v libx264 -preset veryfast -pix_fmt yuv420p -c:a aac "$state/recording.mp4"
export PATH=$PWD/.tools/opt/bin:$PATH

# It ends when this script does, whose end of the pipe then closes.
mkfifo "$state/open"
"$programs/capstan-local" up --stop-on-stdin-close --port 0 --functions "$programs" --state "$state/cloud" \
    --mysql-home .tools/mysql --upload "$state/recording.mp4" <"$state/open" >"$state/log" 2>&1 &
cloud=$!
exec 3>"$state/open"
trap 'exec 3>&-; wait "$cloud" || true; rm -rf "$state"' EXIT
for _ in $(seq 1200); do
    [ ! -e "$state/cloud/ready.json" ] || break
    kill -0 "$cloud" 2>/dev/null || { cat "$state/log" >&2; fail "the local cloud did not come up"; }
    sleep 0.1
done
page=$(node -p 'JSON.parse(require("fs").readFileSync(process.argv[1])).shareUrl' "$state/cloud/ready.json")
for _ in $(seq 600); do
    ! curl -s "$page" | grep -q 'data-status="ready"' || break
    sleep 0.2
done
node tests/browser/measure.mjs "$page"
