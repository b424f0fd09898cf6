#!/usr/bin/env bash
# Takes a static ffmpeg and ffprobe into the layer, after seeing that Lambda can run them.
#
#   FFMPEG_STATIC_DIR=/folder ARCH=arm64|x86_64 ARTIFACTS_DIR=/folder ./take.sh
set -euo pipefail

fail() { printf 'ffmpeg layer: %s\n' "$*" >&2; exit 1; }

case $ARCH in
    arm64) machine=AArch64 ;;
    x86_64) machine=X86-64 ;;
    *) fail "ARCH is arm64 or x86_64, not $ARCH" ;;
esac
[ -n "${FFMPEG_STATIC_DIR:-}" ] || fail "set FFMPEG_STATIC_DIR to a folder that holds ffmpeg and ffprobe, statically linked for $ARCH"
case $FFMPEG_STATIC_DIR in /*) ;; *) fail "FFMPEG_STATIC_DIR must be an absolute path, not $FFMPEG_STATIC_DIR" ;; esac
command -v readelf >/dev/null || fail "readelf is missing, which checks the programs: install binutils"

for program in ffmpeg ffprobe; do
    path=$FFMPEG_STATIC_DIR/$program
    [ -f "$path" ] || fail "there is no $path"
    header=$(LC_ALL=C readelf --file-header --wide "$path" 2>/dev/null) || fail "$path is not a Linux program"
    grep -q "Machine:.*$machine" <<<"$header" || fail "$path is built for another processor than $ARCH"
    # A static program asks for no loader and no libraries; a static PIE still has a dynamic section.
    if LC_ALL=C readelf --program-headers --dynamic --wide "$path" | grep -Eq 'INTERP|\(NEEDED\)'; then
        fail "$path is linked dynamically: Lambda has none of its libraries"
    fi
    install -D -m 755 "$path" "$ARTIFACTS_DIR/bin/$program"
done
