//! What a reason for a failure may say.

/// A sentence that its reader understands: not too long, without paths, addresses and words of FFmpeg's.
///
/// # Panics
///
/// When it is something else.
pub fn is_for_people(reason: &str) {
    assert!((3..=500).contains(&reason.chars().count()), "{reason}");
    assert!(reason.ends_with('.') && reason.starts_with(char::is_uppercase), "{reason}");
    let lower = reason.to_lowercase();
    for trace in
        ["/", "\\", "http", "127.0.0.1", "0x", "ffmpeg", "moov", "atom", "codec", "demux", "stream #", "invalid data"]
    {
        assert!(!lower.contains(trace), "{trace} in {reason}");
    }
}
