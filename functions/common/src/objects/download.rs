//! Objects that are saved as files.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{Objects, ObjectsError, PART_SECONDS, Reading};

/// Seconds that the address of a download is good.
pub const DOWNLOAD_SECONDS: u64 = PART_SECONDS;

/// What stands for itself in an extended parameter (RFC 8187 §3.2.1), as far as it is needed.
const ATTR: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_');

impl Objects {
    /// As [`sign_version`](Self::sign_version), answered as a file with this name, which is saved and not shown.
    pub async fn sign_download(
        &self,
        key: &str,
        version: Option<u64>,
        file_name: &str,
        content_type: &str,
    ) -> Result<String, ObjectsError> {
        let disposition = Some(disposition(file_name));
        self.sign_reading(key, &Reading { version, content_type: Some(content_type), disposition }).await
    }
}

/// A `Content-Disposition` (RFC 6266) with the name for all, and for what knows no more than ASCII.
#[must_use]
pub fn disposition(file_name: &str) -> String {
    let plain = |character: char| match character {
        '"' | '\\' | '%' => '_',
        ' '..='~' => character,
        _ => '_',
    };
    let ascii: String = file_name.chars().map(plain).collect();
    format!("attachment; filename=\"{ascii}\"; filename*=UTF-8''{}", utf8_percent_encode(file_name, ATTR))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_ends_where_it_ends() {
        assert_eq!(disposition("Demo 1.mp4"), "attachment; filename=\"Demo 1.mp4\"; filename*=UTF-8''Demo%201.mp4");
        assert_eq!(
            disposition("\u{e4}\"; x=\r\n.mp4"),
            "attachment; filename=\"__; x=__.mp4\"; filename*=UTF-8''%C3%A4%22%3B%20x%3D%0D%0A.mp4"
        );
    }
}
