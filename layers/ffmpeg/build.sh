#!/usr/bin/env bash
# Builds the layer: ffmpeg and ffprobe for Lambda's Linux, static, with the parts of ./parts, from the sources of ./sources.
#
#   layers/ffmpeg/build.sh x86_64|arm64           prints the folder that holds bin/ and share/
#   layers/ffmpeg/build.sh x86_64|arm64 --built   the same when it is built already, else fails at once
#
# The folder is .tools/ffmpeg-ARCH-HASH in this checkout, where the hash is that of everything that goes into it. For the
# other processor it is built with Debian's cross compiler.
# shellcheck disable=SC2317 # parts of the build are called by name
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
tools=$(cd "$here/../.." && pwd -P)/.tools

say() { printf 'ffmpeg layer: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }
has() { command -v "$1" >/dev/null 2>&1; }

case ${1:-} in
    x86_64) cpu=x86_64 debian=amd64 ;;
    arm64) cpu=aarch64 debian=arm64 ;;
    *) fail "say for which processor: x86_64 or arm64" ;;
esac
arch=$1
hash=$(cd "$here" && cat build.sh sources parts programs.c ffprobe.c | sha256sum | cut -c 1-16)
out=$tools/ffmpeg-$arch-$hash

if [ -d "$out" ]; then
    printf '%s\n' "$out"
    exit
fi
[ "${2:-}" != --built ] || exit 1

# What the compiler's programs are called with: nothing before their names where they build for this machine.
prefix=
[ "$(uname -m)" = "$cpu" ] || prefix=$cpu-linux-gnu-
[ "$(uname -s)" = Linux ] || fail "it is built on Linux"
for program in "${prefix}gcc" "${prefix}ld" gcc make meson ninja pkg-config python3 xz; do
    has "$program" || fail "$program is missing"
done
[ "$cpu" != x86_64 ] || has nasm || fail "nasm is missing"

mkdir -p "$tools"
log=$tools/ffmpeg-$arch.log
# The libraries' build systems cannot bear blanks in a path.
case $tools in *[[:space:]]*) base=/tmp ;; *) base=$tools ;; esac
work=$(mktemp -d "$base/ffmpeg-work.XXXXXX")
clean() { rm -rf "$work"; }
trap clean EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
jobs=$(nproc)
export LC_ALL=C
unset MAKEFLAGS MAKELEVEL MFLAGS CFLAGS CPPFLAGS LDFLAGS CC AR RANLIB STRIP PKG_CONFIG_PATH
: >"$log"

step() { say "$((SECONDS / 60)):$(printf %02d $((SECONDS % 60))) $*"; }

# Runs a part of the build with its output in the log; shows the log's end when it fails. No `||` around it: that would
# let it go on after an error.
logged() {
    local code
    set +e
    (set -e; "$@") >>"$log" 2>&1 </dev/null
    code=$?
    set -e
    [ "$code" = 0 ] || { tail -n 15 "$log" >&2; fail "$1 failed; the whole log is $log"; }
}

# ---- sources -------------------------------------------------------------------------------------------------------

verified() { [ -f "$1" ] && echo "$2  $1" | sha256sum --check --status; }

# The mirrors that apt uses for Debian's or a derivative's main archive, by apt's own reading of its sources.
# shellcheck disable=SC2016 # apt's variables
mirrors() {
    has apt-get || return 0
    apt-get indextargets --format '$(REPO_URI) $(COMPONENT)' 'Created-By: Packages' 2>/dev/null |
        awk '$2 == "main" && !seen[$1]++ { print $1 }'
}

over_http() { # url file
    if has curl; then curl --fail --silent --show-error --location --retry 2 --max-time 600 --output "$2" "$1"
    elif has wget; then wget --quiet --tries=3 --output-document="$2" "$1"
    else return 1
    fi
}

# A mirror keeps a file until Debian replaces it; the archive of all that Debian ever had keeps it for good.
fetch() { # path sha256 sha1 file
    local mirror
    while read -r mirror; do
        /usr/lib/apt/apt-helper -qq -o APT::Sandbox::User="$(id -un)" download-file "${mirror%/}/pool/$1" "$4" "SHA256:$2" \
            >>"$log" 2>&1 </dev/null || true
        if verified "$4" "$2"; then return; fi
    done < <(mirrors)
    over_http "http://snapshot.debian.org/file/$3" "$4" >>"$log" 2>&1 </dev/null || true
    verified "$4" "$2"
}

unpack() {
    local path sha256 sha1 file folder
    mkdir -p "$tools/ffmpeg-sources"
    while read -r path sha256 sha1; do
        case $path in
            '#'* | '') continue ;;
            *_"$debian".deb) ;;
            *.deb) continue ;;
        esac
        file=$tools/ffmpeg-sources/${path##*/}
        verified "$file" "$sha256" || fetch "$path" "$sha256" "$sha1" "$file" ||
            fail "${path##*/} could not be had; the log is $log"
        folder=$work/${path##*/}
        folder=${folder%%_*}
        mkdir "$folder"
        case $file in
            *.deb) "${prefix}ar" p "$file" data.tar.xz | tar -xJ -C "$folder" ;;
            *) tar -xf "$file" -C "$folder" --strip-components=1 ;;
        esac
    done <"$here/sources"
}

# ---- libraries -----------------------------------------------------------------------------------------------------

# Everything is installed into one place, together with the C library.
system=$work/system
export PATH=$system/bin:$PATH PKG_CONFIG_LIBDIR=$system/lib/pkgconfig

# A compiler that sees musl in place of the machine's C library. What it links is static, and lies at another address each time.
musl() {
    mkdir -p "$system/bin"
    mv "$work/musl-dev/usr/lib/$cpu-linux-musl" "$system/lib"
    mv "$work/musl-dev/usr/include/$cpu-linux-musl" "$system/include"
    cat >"$system/bin/musl-gcc" <<WRAPPER
#!/bin/sh
exec ${prefix}gcc -fPIE -static-pie -nostdinc -isystem "$system/include" -isystem "$("${prefix}gcc" -print-file-name=include)" \\
    -B "$system/lib/" -L "$system/lib" "\$@"
WRAPPER
    chmod +x "$system/bin/musl-gcc"
}

zlib() {
    cd "$work/zlib"
    CC=musl-gcc AR=${prefix}ar RANLIB=${prefix}ranlib ./configure --prefix="$system" --static
    make -j"$jobs" libz.a
    make install
}

# Eight bits and 4:2:0 is all that is encoded: browsers play nothing else.
x264() {
    mkdir -p "$work/x264-build"
    cd "$work/x264-build"
    CC=musl-gcc ../x264/configure --prefix="$system" --host="$cpu-linux-gnu" --cross-prefix="$prefix" \
        --enable-static --enable-pic --disable-cli --disable-opencl --bit-depth=8 --chroma-format=420 \
        --disable-avs --disable-swscale --disable-lavf --disable-ffms --disable-gpac --disable-lsmash
    make -j"$jobs" install
}

dav1d() {
    cat >"$work/machine" <<MACHINE
[binaries]
c = 'musl-gcc'
ar = '${prefix}ar'
strip = '${prefix}strip'
pkgconfig = 'pkg-config'
[host_machine]
system = 'linux'
cpu_family = '$cpu'
cpu = '$cpu'
endian = 'little'
MACHINE
    meson setup "$work/dav1d-build" "$work/dav1d" --cross-file "$work/machine" --prefix="$system" --libdir=lib \
        --buildtype=release --default-library=static -Denable_tools=false -Denable_tests=false
    ninja -C "$work/dav1d-build" install
}

# ---- FFmpeg --------------------------------------------------------------------------------------------------------

configure_ffmpeg() {
    local kind names name arguments=()
    while read -r kind names; do
        case $kind in '#'* | '') continue ;; esac
        for name in $names; do arguments+=("--enable-$kind=$name"); done
    done <"$here/parts"
    mkdir -p "$work/ffmpeg-build"
    cd "$work/ffmpeg-build"
    ../ffmpeg/configure --prefix=/opt --arch="$cpu" --target-os=linux --enable-cross-compile --cross-prefix="$prefix" \
        --cc=musl-gcc --pkg-config=pkg-config --pkg-config-flags=--static --enable-pic --optflags=-O2 \
        --disable-shared --enable-static --disable-debug --disable-doc --disable-autodetect --disable-everything \
        --disable-ffplay --disable-postproc --enable-gpl --enable-libx264 --enable-libdav1d --enable-zlib "${arguments[@]}"
}

# The programs share FFmpeg's libraries, not the helpers beside them: those know the program's options. So each is joined
# into one object that shows nothing but its `main`, under a name of its own.
program() { # name object...
    local name=$1
    shift
    "${prefix}ld" -r -o "$name.whole.o" "$@"
    "${prefix}objcopy" --redefine-sym main="${name}_main" "$name.whole.o"
    "${prefix}objcopy" --keep-global-symbol="${name}_main" "$name.whole.o"
}

ffmpeg() {
    cd "$work/ffmpeg-build"
    make -j"$jobs" ffmpeg_g ffprobe_g
    local common=(fftools/cmdutils.o fftools/opt_common.o)
    program ffprobe fftools/ffprobe.o "${common[@]}"
    rm fftools/ffprobe.o
    program ffmpeg fftools/*.o
    musl-gcc -O2 -c -o programs.o "$here/programs.c"
    mkdir -p "$work/layer/bin"
    local libraries=() library
    for library in avdevice avfilter avformat avcodec swresample swscale avutil; do libraries+=("lib$library/lib$library.a"); done
    # FFmpeg's threads need more stack than musl gives by default (128 KiB).
    musl-gcc -o "$work/layer/bin/ffmpeg" -Wl,--gc-sections -Wl,-z,text,-z,relro,-z,now,-z,noexecstack,-z,stack-size=1048576 \
        programs.o ffmpeg.whole.o ffprobe.whole.o "${libraries[@]}" -lx264 -ldav1d -lz -lm -lpthread
    musl-gcc -O2 -o "$work/layer/bin/ffprobe" "$here/ffprobe.c"
    "${prefix}strip" "$work/layer/bin/ffmpeg" "$work/layer/bin/ffprobe"
}

# What the licences of the parts ask for, with how to build the same again.
papers() {
    local to=$work/layer/share/doc/ffmpeg
    mkdir -p "$to"
    cp "$work/ffmpeg/COPYING.GPLv2" "$work/ffmpeg/COPYING.LGPLv2.1" "$work/ffmpeg/LICENSE.md" "$to/"
    cp "$work/x264/COPYING" "$to/COPYING.x264"
    cp "$work/dav1d/COPYING" "$to/COPYING.dav1d"
    cp "$work/zlib/LICENSE" "$to/LICENSE.zlib"
    cp "$work/musl-dev/usr/share/doc/musl-dev/copyright" "$to/COPYRIGHT.musl"
    sed -n 's/^#define FFMPEG_CONFIGURATION "\(.*\)"$/\1/p' "$work/ffmpeg-build/config.h" >"$to/configure"
    cp "$here/build.sh" "$here/sources" "$here/parts" "$here/programs.c" "$here/ffprobe.c" "$to/"
}

check() {
    local bin=$work/layer/bin program
    # A static program asks for no loader and no libraries.
    for program in ffmpeg ffprobe; do
        if readelf --program-headers --dynamic --wide "$bin/$program" | grep -Eq 'INTERP|\(NEEDED\)'; then
            fail "$program is not static"
        fi
        [ -n "$prefix" ] || "$bin/$program" -version 2>&1 | grep "^$program version" >>"$log" || fail "$program does not run here"
    done
}

# In one piece, so that the script may change while it runs.
main() {
    say "building for $arch on $jobs cores, which takes about 17 minutes divided by them; the log is $log"
    step "sources"; unpack; musl
    step "zlib, x264, dav1d"
    local part parts=()
    for part in zlib x264 dav1d; do
        logged "$part" &
        parts+=($!)
    done
    local failed=
    for part in "${parts[@]}"; do wait "$part" || failed=1; done
    [ -z "$failed" ] || exit 1
    step "FFmpeg: looking at the compiler"; logged configure_ffmpeg
    step "FFmpeg"; logged ffmpeg
    papers
    check
    for old in "$tools/ffmpeg-$arch"-*; do rm -rf "$old"; done
    # Beside its destination first, so that the last step is a rename and a folder that exists is complete.
    mv "$work/layer" "$out.new"
    mv "$out.new" "$out"
    step "done: $(du -sk "$out" | awk '{ printf "%.1f MB", $1 * 1024 / 1e6 }')"
    printf '%s\n' "$out"
}

main; exit
