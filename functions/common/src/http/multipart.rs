//! Text fields of `multipart/form-data` (RFC 7578), as programs send what is longer than a form's line.

use std::collections::HashMap;

use lambda_http::{Request, http::header::CONTENT_TYPE};

use super::request::{Fields, bytes};
use crate::error::ApiError;

/// Parts of one request.
const MAX_PARTS: usize = 32;
/// Characters of a boundary (RFC 2046 §5.1.1).
const MAX_BOUNDARY: usize = 70;

/// The body's fields as text; what is no UTF-8 is shown as such. A file's content counts as its field's text.
pub fn form_data(request: &Request) -> Result<Fields, ApiError> {
    let parts = form_files(request)?.into_iter();
    let text = |content: Vec<u8>| String::from_utf8_lossy(&content).into_owned();
    Ok(Fields::from(parts.map(|(name, content)| (name, text(content))).collect::<HashMap<_, _>>()))
}

/// As [`form_data`], with each part's content as it came.
pub fn form_files(request: &Request) -> Result<HashMap<String, Vec<u8>>, ApiError> {
    let boundary =
        boundary(kind(request)).ok_or_else(|| ApiError::bad_request("Send the fields as multipart/form-data."))?;
    let unreadable = || ApiError::bad_request("The multipart/form-data of the body cannot be read.");
    parse(bytes(request), boundary).ok_or_else(unreadable)
}

/// True when the body is a form's that may have files.
#[must_use]
pub fn is_form_data(request: &Request) -> bool {
    boundary(kind(request)).is_some()
}

fn kind(request: &Request) -> &str {
    request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn boundary(content_type: &str) -> Option<&str> {
    let (kind, parameters) = content_type.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let parameters = parameters.split(';').filter_map(|parameter| parameter.trim().split_once('='));
    let boundary = parameters.into_iter().find(|(name, _)| name.eq_ignore_ascii_case("boundary"))?.1;
    let boundary = boundary.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(boundary);
    (1..=MAX_BOUNDARY).contains(&boundary.len()).then_some(boundary)
}

fn parse(body: &[u8], boundary: &str) -> Option<HashMap<String, Vec<u8>>> {
    let delimiter = format!("\r\n--{boundary}").into_bytes();
    // The first delimiter has no line before it.
    let mut rest = body.strip_prefix(&delimiter[2..])?;
    let mut fields = HashMap::new();
    loop {
        if rest.starts_with(b"--") {
            return Some(fields);
        }
        let part = rest.strip_prefix(b"\r\n")?;
        let end = find(part, &delimiter)?;
        if fields.len() == MAX_PARTS {
            return None;
        }
        let headers = find(part, b"\r\n\r\n").filter(|headers| *headers < end)?;
        let content = &part[headers + 4..end.max(headers + 4)];
        if let Some(name) = name(&String::from_utf8_lossy(&part[..headers])) {
            fields.insert(name, content.to_owned());
        }
        rest = &part[end + delimiter.len()..];
    }
}

fn name(headers: &str) -> Option<String> {
    let line = headers.lines().find(|line| line.to_ascii_lowercase().starts_with("content-disposition:"))?;
    let parameters = line.split(';').filter_map(|parameter| parameter.trim().split_once('='));
    let name = parameters.into_iter().find(|(name, _)| name.eq_ignore_ascii_case("name"))?.1;
    Some(name.trim_matches('"').to_owned())
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = "--B\r\nContent-Disposition: form-data; name=\"log\"\r\n\r\none\r\n--two\r\n\r\n--B\r\n\
                        Content-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\nContent-Type: text/plain\r\n\r\n\
                        \r\n--B--\r\n";

    #[test]
    fn fields_are_what_stands_between_boundaries() {
        let fields = parse(BODY.as_bytes(), "B").expect("fields");
        assert_eq!(fields["log"], b"one\r\n--two\r\n");
        assert_eq!(fields["file"], b"");
        assert_eq!(fields.len(), 2);
    }

    #[test]
    fn what_is_cut_off_is_refused() {
        for end in 0..BODY.len() - 4 {
            assert_eq!(parse(&BODY.as_bytes()[..end], "B"), None, "{end}");
        }
        let many = format!("{}--B--", "--B\r\nContent-Disposition: form-data; name=x\r\n\r\n\r\n".repeat(2));
        assert!(parse(many.as_bytes(), "B").is_some());
        let many: String =
            (0..40).map(|n| format!("--B\r\nContent-Disposition: form-data; name={n}\r\n\r\n\r\n")).collect();
        assert_eq!(parse(format!("{many}--B--").as_bytes(), "B"), None);
    }

    #[test]
    fn boundaries_come_with_the_type() {
        assert_eq!(boundary("multipart/form-data; boundary=B"), Some("B"));
        assert_eq!(boundary("Multipart/Form-Data; charset=utf-8; Boundary=\"a b\""), Some("a b"));
        for other in ["multipart/form-data", "multipart/form-data; boundary=", "text/plain; boundary=B"] {
            assert_eq!(boundary(other), None, "{other}");
        }
    }
}
