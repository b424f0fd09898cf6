#!/usr/bin/env bash
# Makes the seeds anew with this machine's FFmpeg: recordings of two frames of 16x16, and what ffprobe says of them.
#
#   functions/media/fuzz/seeds.sh
set -euo pipefail
cd "$(dirname "$0")"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/files" "$work/probe"

picture=(-f lavfi -i "testsrc2=s=16x16:r=10:d=0.2")
tone=(-f lavfi -i "sine=d=0.2:r=8000")
h264=(-c:v libx264 -preset ultrafast -pix_fmt yuv420p)

make() { # name arguments…
    local file=$work/files/$1
    shift
    ffmpeg -nostdin -v error -y "$@" -map_metadata -1 -fflags +bitexact -flags:v +bitexact -flags:a +bitexact "$file"
}

both=("${picture[@]}" "${tone[@]}" "${h264[@]}" -c:a aac)
make last.mp4 "${both[@]}" -bf 2
make first.mp4 "${both[@]}" -movflags +faststart
make fragmented.mp4 "${both[@]}" -g 1 -movflags +frag_keyframe+empty_moov+default_base_moof
make indexed.mp4 "${both[@]}" -g 1 -movflags +frag_keyframe+empty_moov+global_sidx
make chapters.mov "${both[@]}" -timecode 01:00:00:00
make pcm.mov "${picture[@]}" "${tone[@]}" -c:v mjpeg -c:a pcm_s16le
make negative.mp4 "${picture[@]}" "${h264[@]}" -bf 2 -movflags +negative_cts_offsets
make protected.mp4 "${picture[@]}" "${h264[@]}" -encryption_scheme cenc-aes-ctr \
    -encryption_key 76a6c65c5ea762046bd749a2e632ccbb -encryption_kid a7e61c373e219033c21091fa607bf3b8
make fields.mp4 -f lavfi -i "testsrc2=s=16x32:r=10:d=0.2" -c:v libx264 -preset ultrafast -pix_fmt yuv422p10le -flags +ildct+ilme
make hevc.mp4 "${picture[@]}" -c:v libx265 -preset ultrafast -x265-params log-level=none
make av1.mp4 "${picture[@]}" -c:v libaom-av1 -cpu-used 8
make vp9.webm "${picture[@]}" "${tone[@]}" -c:v libvpx-vp9 -c:a libopus
make live.webm "${picture[@]}" "${tone[@]}" -c:v libvpx -c:a libopus -live 1
make h264.mkv "${both[@]}"
make mpeg4.avi "${picture[@]}" -c:v mpeg4
make h264.ts "${both[@]}"
make still.gif "${picture[@]}"

for file in "$work"/files/*; do
    name=$(basename "$file")
    case $name in
        # One of a kind is enough for a reader of text.
        last.mp4 | chapters.mov | fields.mp4 | hevc.mp4 | live.webm | mpeg4.avi | still.gif)
            ffprobe -v error -print_format json=compact=1 -show_format -show_streams "$file" |
                sed "s#$work/files/##" >"$work/probe/$name.json" ;;
    esac
done

cat >"$work/probe/turned.json" <<'JSON'
{"streams":[{"index":0,"codec_name":"h264","profile":"High","codec_type":"video","width":720,"height":576,"level":31,
"sample_aspect_ratio":"64:45","pix_fmt":"yuv420p","field_order":"progressive","avg_frame_rate":"30000/1001",
"disposition":{"attached_pic":0},"side_data_list":[{},{"rotation":-90}]},{"index":1,"codec_name":"aac",
"profile":"HE-AACv2","codec_type":"audio","channels":6}],"format":{"duration":"12.500000"}}
JSON

python3 - "$work/files" <<'PY'
import pathlib, struct, sys

files = pathlib.Path(sys.argv[1])
last = (files / "last.mp4").read_bytes()
# A recording of 5 GiB: its media is wide and mostly hole, its offsets are of 64 bits.
at = last.index(b"mdat") - 4
length = struct.unpack(">I", last[at : at + 4])[0]
hole = 5 << 30
wide = last[: at - 8] + struct.pack(">I4sQ", 1, b"mdat", length + 8 + hole) + last[at + 8 :]
trailers = {path: (path.read_bytes(), 0, 0) for path in files.iterdir()}
trailers[files / "wide.mp4"] = (wide, at + length, hole)
# See Sparse in src/lib.rs.
for path, (content, place, zeros) in trailers.items():
    path.write_bytes(content + struct.pack(">IQ", place, zeros))
PY

rm -rf seeds
mkdir seeds
mv "$work/files" "$work/probe" seeds/
du -sb seeds
