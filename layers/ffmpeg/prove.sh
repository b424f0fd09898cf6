#!/usr/bin/env bash
# Proves that the layer runs where it will: under its limit of size, static, and a second that it encodes comes back as it was.
#
#   layers/ffmpeg/prove.sh [x86_64|arm64]     default: this machine's processor
#
# Builds the layer where that has not been done. Programs for another processor run under QEMU's user emulation.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)

MOST=15000000 # bytes, unpacked
FRAMES=30
LIKENESS=0.99 # SSIM of a picture with what was encoded; a wrong instruction in a codec leaves far less

fail() { printf 'ffmpeg layer: %s\n' "$*" >&2; exit 1; }

own=$(uname -m)
arch=${1:-${own/aarch64/arm64}}
cpu=${arch/arm64/aarch64}
layer=$("$here/build.sh" "$arch")
bin=$layer/bin

emulator=()
if [ "$own" != "$cpu" ]; then
    emulator=("$(command -v "qemu-$cpu")") || fail "qemu-$cpu is missing (Debian's qemu-user)"
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Nothing of this machine's environment, as in the function.
run() { # name argument...
    local name=$1
    shift
    if [ ${#emulator[@]} = 0 ]; then env -i "$bin/$name" "$@"
    # bin/ffprobe would start a program for the other processor, which only a registered emulator lets it.
    else env -i "${emulator[@]}" -0 "$name" "$bin/ffmpeg" "$@"
    fi
}

milliseconds() { # command...
    local begun=${EPOCHREALTIME/[.,]/}
    "$@" >/dev/null
    echo $(((${EPOCHREALTIME/[.,]/} - begun) / 1000))
}

# ---- size and form -------------------------------------------------------------------------------------------------

size=$(find "$layer" -type f -printf '%s\n' | awk '{ sum += $1 } END { print sum }')
[ "$size" -lt "$MOST" ] || fail "it unpacks to $size bytes, which is not under $MOST"
for program in ffmpeg ffprobe; do
    form=$(readelf --file-header --program-headers --dynamic --wide "$bin/$program")
    grep -Eqi "Machine:.*${cpu/_/[-_]}" <<<"$form" || fail "$program is for another processor"
    # A static program asks for no loader and no libraries.
    ! grep -Eq 'INTERP|\(NEEDED\)' <<<"$form" || fail "$program is not static"
done

# ---- both programs start -------------------------------------------------------------------------------------------

for program in ffmpeg ffprobe; do
    run "$program" -version >"$work/version"
    grep -q "^$program version" "$work/version" || fail "$program does not tell its version"
    head -n 1 "$work/version"
done
if [ ${#emulator[@]} != 0 ]; then
    # What bin/ffprobe asks the system for is seen, whether or not it gets it here.
    env -i "${emulator[@]}" -strace "$bin/ffprobe" -version >"$work/trace" 2>&1 || true
    grep -Fq "execve(\"$bin/ffmpeg\",{\"ffprobe\",\"-version\",NULL})" "$work/trace" || fail "ffprobe does not start the ffmpeg beside it"
fi

# ---- a second there and back ---------------------------------------------------------------------------------------

quiet=(-nostdin -hide_banner -loglevel error)
picture=(-f lavfi -i "testsrc2=size=640x360:rate=$FRAMES:duration=1")
run ffmpeg "${quiet[@]}" "${picture[@]}" -f lavfi -i sine=sample_rate=48000:duration=1 \
    -c:v libx264 -preset veryfast -crf 18 -pix_fmt yuv420p -c:a aac -movflags +empty_moov+default_base_moof+delay_moov -f mp4 pipe:1 >"$work/mp4"
run ffmpeg "${quiet[@]}" -i pipe:0 "${picture[@]}" -filter_complex '[0:v][1:v]ssim=stats_file=-' -f null - \
    <"$work/mp4" >"$work/ssim"
run ffmpeg "${quiet[@]}" -i pipe:0 -map 0:a -f framemd5 pipe:1 <"$work/mp4" >"$work/sound"

decoded=$(grep -c '^n:' "$work/ssim") || fail "no picture was decoded"
[ "$decoded" = "$FRAMES" ] || fail "$decoded frames came back of $FRAMES"
least=$(sed -n 's/.* All:\([0-9.]*\).*/\1/p' "$work/ssim" | sort -n | head -n 1)
awk -v least="$least" -v wanted="$LIKENESS" 'BEGIN { exit !(least >= wanted) }' || fail "a picture came back with an SSIM of $least"
# Samples of sound: a second, and what fills up its last packets.
samples=$(awk -F , '!/^#/ { sum += $4 } END { print sum + 0 }' "$work/sound")
if [ "$samples" -lt 48000 ] || [ "$samples" -gt 51000 ]; then fail "$samples samples of sound came back of 48000"; fi
run ffprobe -v error -count_packets -show_entries stream=codec_name,nb_read_packets -of csv=p=0 pipe:0 <"$work/mp4" >"$work/probe"
grep -Fxq "h264,$FRAMES" "$work/probe" || fail "ffprobe reads something else: $(<"$work/probe")"

# ---- start-up ------------------------------------------------------------------------------------------------------

times=()
for _ in 1 2 3 4 5 6 7; do times+=("$(milliseconds run ffprobe -version)"); done
median=$(printf '%s\n' "${times[@]}" | sort -n | sed -n 4p)
if [ ${#emulator[@]} = 0 ]; then how='on this machine'; else how="under ${emulator[0]##*/}"; fi
awk -v arch="$arch" -v size="$size" -v least="$least" -v frames="$decoded" -v ms="$median" -v how="$how" 'BEGIN {
    printf "%s: %.1f MB unpacked, static; %d frames encoded and decoded %s, SSIM at least %s; ffprobe -version takes %d ms\n", arch, size / 1e6, frames, how, least, ms
}'
