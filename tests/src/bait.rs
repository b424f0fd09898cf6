//! Something for hostile files to name: a file that must not be read, and a port that must not be called.

use std::{
    fs::{File, FileTimes},
    io::ErrorKind,
    net::TcpListener,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use common::ids::ApiKey;
use tempfile::TempDir;

/// A file and a port of this machine.
pub struct Bait {
    /// What the file holds, and nothing else in the world.
    pub secret: String,
    file: PathBuf,
    /// The port on 127.0.0.1.
    pub port: u16,
    listener: TcpListener,
    place: TempDir,
}

impl Bait {
    /// Nobody has touched it yet.
    ///
    /// # Panics
    ///
    /// When the machine has no port or no disk left.
    #[must_use]
    #[allow(clippy::new_without_default, reason = "it takes a port and a place on the disk")]
    pub fn new() -> Self {
        let place = TempDir::new().expect("a temporary directory");
        let secret = ApiKey::random().expect("random").expose().to_owned();
        let file = place.path().join("canary.txt");
        lay(&file, &secret);
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.set_nonblocking(true).expect("a listener");
        let port = listener.local_addr().expect("an address").port();
        Self { secret, file, port, listener, place }
    }

    /// The file's path.
    #[must_use]
    pub fn path(&self) -> String {
        self.file.display().to_string()
    }

    /// The file's address.
    #[must_use]
    pub fn file_url(&self) -> String {
        format!("file://{}", self.path())
    }

    /// An address at the port.
    #[must_use]
    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}/segment.ts", self.port)
    }

    /// # Panics
    ///
    /// When somebody has called the port or read the file. The latter shows where the system keeps times of access.
    pub fn is_untouched(&self) {
        let caller = self.listener.accept().map(|(_, caller)| caller);
        assert!(caller.as_ref().is_err_and(|error| error.kind() == ErrorKind::WouldBlock), "called by {caller:?}");
        let witness = self.place.path().join("witness");
        let laid = lay(&witness, "read");
        let _ = std::fs::read(&witness).expect("a file");
        if read_at(&witness) != laid {
            assert_eq!(read_at(&self.file), laid, "the file was read");
        }
    }
}

/// Writes a file that looks as if it had not been read since long before it was written.
fn lay(file: &Path, content: &str) -> SystemTime {
    std::fs::write(file, content).expect("a file");
    let past = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    let opened = File::options().write(true).open(file).expect("a file");
    opened.set_times(FileTimes::new().set_accessed(past)).expect("its times");
    past
}

fn read_at(file: &Path) -> SystemTime {
    std::fs::metadata(file).and_then(|metadata| metadata.accessed()).expect("its times")
}

#[cfg(test)]
mod tests {
    use std::{
        panic::{AssertUnwindSafe, catch_unwind},
        process::Command,
    };

    use super::*;

    fn is_touched(bait: &Bait) -> bool {
        catch_unwind(AssertUnwindSafe(|| bait.is_untouched())).is_err()
    }

    /// A list of files, played by an FFmpeg that may open whatever it names.
    fn play(bait: &Bait, demuxer: &[&str], list: &str) {
        let file = bait.place.path().join("list");
        std::fs::write(&file, list).expect("a file");
        let mut ffmpeg = Command::new("ffmpeg");
        // Nobody answers at the port, so it would wait.
        ffmpeg.args(["-nostdin", "-v", "quiet", "-protocol_whitelist", "file,http,tcp", "-rw_timeout", "500000"]);
        let ran = ffmpeg.args(demuxer).arg("-i").arg(&file).args(["-f", "null", "-"]).status().expect("ffmpeg");
        assert!(!ran.success(), "there is nothing to play");
    }

    #[test]
    fn what_calls_the_port_is_noticed() {
        let bait = Bait::new();
        assert!(!is_touched(&bait));
        let list = format!("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{}\n#EXT-X-ENDLIST\n", bait.address());
        play(&bait, &["-f", "hls"], &list);
        assert!(is_touched(&bait));
    }

    #[test]
    fn what_reads_the_file_is_noticed() {
        let bait = Bait::new();
        play(&bait, &["-safe", "0", "-f", "concat"], &format!("file '{}'\n", bait.path()));
        assert!(is_touched(&bait));
    }
}
