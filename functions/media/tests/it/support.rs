//! Clips to order, and the way an upload goes.

use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use media::ffmpeg::{FfmpegError, Gaps, Input, Tools};
use media::loopback::{Loopback, Source, View};
use media::mp4::{self, Assembly, FragmentReader, Index, IndexReader, Step};
use media::{Container, Decision, Facts, Limits, Plan, Probe, Reason, decide, sniff};
use tempfile::TempDir;

/// A moving picture with frames that differ, at 30 fps.
pub(crate) const PICTURE: &str = "-f lavfi -i testsrc2=s=320x180:r=30:d=1.5";
/// A tone.
pub(crate) const TONE: &str = "-f lavfi -i sine=d=1.5";
/// Fast H.264 with B-frames and AAC.
pub(crate) const H264_AAC: &str =
    "-c:v libx264 -preset ultrafast -bf 2 -pix_fmt yuv420p -profile:v main -g 15 -c:a aac";

/// What a run may take: less than the smallest function that the project sets up has.
pub(crate) const MEMORY: u64 = 2 << 30;

/// A job's directory.
pub(crate) struct Job {
    directory: TempDir,
}

/// What became of an upload.
pub(crate) struct Published {
    pub(crate) plan: Plan,
    pub(crate) file: PathBuf,
    pub(crate) index: Index,
    pub(crate) poster: PathBuf,
}

impl Job {
    pub(crate) fn new() -> Self {
        Self { directory: tempfile::tempdir().expect("a directory") }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn dir(&self) -> &Path {
        self.directory.path()
    }

    /// Runs ffmpeg with arguments separated by spaces and gives the file of that name.
    pub(crate) fn make(&self, name: &str, args: &str) -> PathBuf {
        let made = self.try_make(name, args);
        made.unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub(crate) fn try_make(&self, name: &str, args: &str) -> Result<PathBuf, String> {
        let path = self.path(name);
        let output = Command::new("ffmpeg")
            .args(["-nostdin", "-v", "error", "-y"])
            .args(args.split_whitespace())
            .arg(&path)
            .current_dir(self.dir())
            .output()
            .map_err(|error| error.to_string())?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        if output.status.success() { Ok(path) } else { Err(said) }
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, bytes).expect("a file");
        path
    }

    /// What the transcode function does with an upload: sniff, index or probe, decide, publish, poster, read back.
    pub(crate) async fn publish(&self, source: &Path) -> Result<Published, Reason> {
        self.publish_with(&tools(), source).await
    }

    pub(crate) async fn publish_with(&self, tools: &Tools, source: &Path) -> Result<Published, Reason> {
        let (bytes, limits, deadline) = (size(source), Limits::new(1 << 30), soon());
        let served = Served::new(source);
        let plan = match self.decided(tools, source, &served, bytes, &limits, deadline).await? {
            Decision::Publish(plan) => plan,
            Decision::Reject(reason) => return Err(reason),
        };
        let input = served.input(plan.container);
        if let (Some((tracks, level)), Ok(index)) = (plan.kept(), mp4::read_file(source))
            && let Ok(head) = mp4::faststart(&index, &tracks, level)
        {
            let bytes = std::fs::read(source).expect("a file");
            let media =
                usize::try_from(head.media.start).expect("small")..usize::try_from(head.media.end).expect("small");
            return Ok(self.published(tools, plan, &[head.bytes, bytes[media].to_vec()].concat()).await);
        }
        let made = match recode(tools, &served, input, &plan, Gaps::Fill, deadline).await {
            Err(FfmpegError::OutOfMemory { .. }) => recode(tools, &served, input, &plan, Gaps::Keep, deadline).await,
            made => made,
        };
        Ok(self.published(tools, plan, &made.map_err(|error| blamed(&error))?).await)
    }

    /// Reads back what was made, and takes the poster from it.
    async fn published(&self, tools: &Tools, plan: Plan, made: &[u8]) -> Published {
        let (file, poster) = (self.write("published.mp4", made), self.path("poster.jpg"));
        let index = mp4::read_file(&file).expect("an index");
        let served = Served::new(&file);
        let taken = tools.poster(&served.loopback, served.input(Container::Mp4), index.duration, soon()).await;
        std::fs::write(&poster, taken.expect("a poster")).expect("a file");
        Published { plan, file, index, poster }
    }

    async fn decided(
        &self,
        tools: &Tools,
        source: &Path,
        served: &Served,
        bytes: u64,
        limits: &Limits,
        deadline: Instant,
    ) -> Result<Decision, Reason> {
        let container = sniff(&head(source));
        if let Some(reason) = container.rejection() {
            return Err(reason);
        }
        if container == Container::Mp4 {
            match mp4::read_file(source) {
                Ok(index) => return Ok(decide(&Facts::of_index(bytes, &index), limits)),
                Err(mp4::ReadError::Index(error)) if error.reason().is_some() => {
                    return Err(error.reason().unwrap_or(Reason::Unreadable));
                }
                Err(_) => {}
            }
        }
        let probe = tools.probe(served.input(container), deadline).await.map_err(|error| blamed(&error))?;
        Ok(decide(&Facts::of_probe(container, bytes, &probe), limits))
    }

    pub(crate) async fn probe(&self, file: &Path) -> Probe {
        let container = sniff(&head(file));
        let served = Served::new(file);
        tools().probe(served.input(container), soon()).await.expect("a description")
    }
}

/// A file, served as the transcode function serves an upload.
pub(crate) struct Served {
    pub(crate) loopback: Arc<Loopback>,
    url: String,
}

impl Served {
    pub(crate) fn new(path: &Path) -> Self {
        let loopback = Arc::new(Loopback::start("test").expect("a port"));
        let file = Arc::new(std::fs::File::open(path).expect("a file"));
        let source = Source::new(size(path), move |range| {
            let file = Arc::clone(&file);
            async move {
                let mut bytes = vec![0; usize::try_from(range.end - range.start).expect("small")];
                file.read_exact_at(&mut bytes, range.start).expect("a range");
                Ok(bytes.into())
            }
        });
        let url = loopback.read(&source, View::whole(&source)).expect("an address");
        Self { loopback, url }
    }

    pub(crate) fn input(&self, container: Container) -> Input<'_> {
        Input { url: &self.url, container }
    }
}

/// The file that becomes of a recording: FFmpeg's fragments behind one index.
async fn recode(
    tools: &Tools,
    served: &Served,
    input: Input<'_>,
    plan: &Plan,
    gaps: Gaps,
    deadline: Instant,
) -> Result<Vec<u8>, FfmpegError> {
    let mut output = tools.publish(&served.loopback, input, plan, gaps, deadline)?;
    let (mut reader, mut assembly, mut stream, mut media) = (FragmentReader::new(), Assembly::new(), None, Vec::new());
    while let Some(bytes) = output.next().await? {
        let mut bytes = &bytes[..];
        loop {
            let Ok(fed) = reader.feed(&mut bytes) else { return Err(output.verdict().await) };
            let Some(fragment) = fed else { break };
            let stream = *stream.get_or_insert_with(|| assembly.stream(reader.init().expect("an index")));
            assembly.add(stream, &fragment).expect("samples");
            media.extend_from_slice(&fragment.media);
        }
    }
    let useless = FfmpegError::Useless { program: "ffmpeg".into(), what: "nothing" };
    reader.finish().map_err(|_| useless)?;
    let useless = FfmpegError::Useless { program: "ffmpeg".into(), what: "nothing" };
    let head = assembly.head(None).map_err(|_| useless)?;
    Ok([head, media].concat())
}

/// Turns the first track of a file by writing its display matrix, which FFmpeg's versions do in different ways.
pub(crate) fn turn(job: &Job, name: &str, source: &Path, clockwise: u32) -> PathBuf {
    let mut bytes = std::fs::read(source).expect("a file");
    let at = bytes.windows(4).position(|window| window == b"tkhd").expect("a track") + 44;
    let (one, minus): (i32, i32) = (0x10000, -0x10000);
    let matrix = match clockwise {
        90 => [0, one, 0, minus, 0],
        180 => [minus, 0, 0, 0, minus],
        270 => [0, minus, 0, one, 0],
        _ => [one, 0, 0, 0, one],
    };
    for (place, value) in bytes[at..at + 20].as_chunks_mut::<4>().0.iter_mut().zip(matrix) {
        *place = value.to_be_bytes();
    }
    job.write(name, &bytes)
}

fn blamed(error: &FfmpegError) -> Reason {
    error.reason().unwrap_or_else(|| panic!("{error}"))
}

/// The layer's programs where they were built, else this machine's, which also make the footage.
pub(crate) fn tools() -> Tools {
    let layer = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools/opt/bin");
    Tools::locate_in(layer.as_os_str(), MEMORY).or_else(|_| Tools::locate(MEMORY)).expect("ffmpeg and ffprobe")
}

pub(crate) fn soon() -> Instant {
    Instant::now() + Duration::from_secs(60)
}

pub(crate) fn size(path: &Path) -> u64 {
    std::fs::metadata(path).expect("a file").len()
}

pub(crate) fn head(path: &Path) -> Vec<u8> {
    let mut bytes = std::fs::read(path).expect("a file");
    bytes.truncate(4096);
    bytes
}

/// What ffprobe prints for some entries, as it is.
pub(crate) fn ffprobe(file: &Path, args: &str) -> String {
    let output = Command::new("ffprobe")
        .args(["-v", "error", "-of", "default=nw=1:nk=1"])
        .args(args.split_whitespace())
        .arg(file)
        .output()
        .expect("ffprobe");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Hashes and times of a file's packets or, decoded, its frames.
pub(crate) fn framemd5(file: &Path, args: &str) -> String {
    let output = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-i"])
        .arg(file)
        .args(args.split_whitespace())
        .args(["-f", "framemd5", "-"])
        .output()
        .expect("ffmpeg");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

/// Average colour of a small part of the first frame, as red, green and blue; the part is given as a crop.
pub(crate) fn colour(file: &Path, crop: &str) -> [u8; 3] {
    let filter: std::ffi::OsString = format!("crop={crop},scale=1:1:flags=area,format=rgb24").into();
    let output = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-i"])
        .arg(file)
        .arg("-vf")
        .arg(filter)
        .args(["-frames:v", "1", "-f", "rawvideo", "-"])
        .output()
        .expect("ffmpeg");
    output.stdout.try_into().expect("one pixel")
}

/// The index of bytes in memory, and the ranges it took.
pub(crate) fn index_of(bytes: &[u8]) -> (Result<Index, mp4::IndexError>, Vec<(u64, u64)>) {
    let mut reader = IndexReader::new(bytes.len() as u64);
    let mut ranges = Vec::new();
    while let Step::Read { offset, length } = reader.step() {
        ranges.push((offset, length));
        let start = usize::try_from(offset).expect("offset");
        if let Err(error) = reader.feed(&bytes[start..start + usize::try_from(length).expect("length")]) {
            return (Err(error), ranges);
        }
    }
    (reader.finish(), ranges)
}

/// Type, start and length of the top-level boxes of a well-formed file.
pub(crate) fn boxes(bytes: &[u8]) -> Vec<([u8; 4], usize, usize)> {
    let (mut found, mut at) = (Vec::new(), 0);
    while at + 8 <= bytes.len() {
        let length = u32::from_be_bytes(bytes[at..at + 4].try_into().expect("four bytes")) as usize;
        assert!(length >= 8, "64-bit boxes are not walked here");
        found.push((bytes[at + 4..at + 8].try_into().expect("four bytes"), at, length));
        at += length;
    }
    found
}
