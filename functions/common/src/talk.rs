//! What a comment may hold, and how often. The share page's routes and the agent API take the same.

use crate::{
    db::comments::{Added, CHARACTERS, REACTIONS as EMOJIS},
    error::ApiError,
    limits::Limit,
    text,
};

/// Comments of one person, new and changed ones.
pub const COMMENTS: Limit = Limit { name: "comments-by", most: 60, seconds: 600 };
/// Reactions of one person.
pub const REACTIONS: Limit = Limit { name: "reactions-by", most: 120, seconds: 600 };
/// Seconds into a video beyond which no recording goes.
const LAST_MOMENT: f64 = 1_000_000.0;

/// The words of a comment, without the space around them.
pub fn words(text: &str) -> Result<String, ApiError> {
    let words = text::lines(text, CHARACTERS).map_err(|problem| {
        ApiError::bad_request(format!("content {problem}. A comment has at most {CHARACTERS} characters."))
    })?;
    if words.is_empty() { Err(ApiError::bad_request("content is empty. Write something first.")) } else { Ok(words) }
}

/// A reaction, if it is one.
pub fn reaction(text: &str) -> Result<&'static str, ApiError> {
    let found = EMOJIS.into_iter().find(|emoji| *emoji == text.trim());
    found.ok_or_else(|| ApiError::bad_request(format!("content must be one of {}.", EMOJIS.join(" "))))
}

/// Seconds into a video, in milliseconds.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "its range is looked at")]
pub fn moment(seconds: f64) -> Result<u32, ApiError> {
    if (0.0..=LAST_MOMENT).contains(&seconds) {
        Ok((seconds * 1000.0).round() as u32)
    } else {
        Err(ApiError::bad_request("The moment of the video must be a number, not negative and within its length."))
    }
}

/// Why a comment was not written.
#[must_use]
pub fn refused(added: &Added) -> ApiError {
    match added {
        Added::NoParent => no_comment(),
        Added::NoAccount => ApiError::unauthenticated(),
        Added::Refused | Added::Comment(_) => {
            ApiError::content_disabled("This video takes no comments, or has as many as it may have.")
        }
    }
}

/// 404: not there, not any longer, or not the caller's.
#[must_use]
pub fn no_comment() -> ApiError {
    ApiError::not_found("This video has no comment of yours with this id. It may have been deleted.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c14_words_stay_as_they_were_written_within_their_bounds() {
        let text = "<script>alert(1)</script>\n\u{202e}Ada\u{202c} \u{1f3a5} & \"more\"";
        assert_eq!(words(&format!("  {text}\n ")).expect("words"), text);
        assert_eq!(words("one\r\ntwo").expect("words"), "one\ntwo");
        assert!(words(&"\u{1f3a5}".repeat(CHARACTERS)).is_ok());
        for wrong in ["", " \n ", "a\u{0}b", &"a".repeat(CHARACTERS + 1)] {
            assert_eq!(words(wrong).expect_err(wrong).code, "INVALID_REQUEST");
        }
    }

    #[test]
    fn a_reaction_is_one_of_a_few() {
        assert_eq!(reaction("👍").expect("one"), "👍");
        for wrong in ["", "x", "👍👍", "🤬", "<b>"] {
            assert!(reaction(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_moment_is_a_number_within_reason() {
        assert_eq!(moment(83.4567).expect("a moment"), 83_457);
        for wrong in [f64::NAN, f64::INFINITY, -0.1, 1e9] {
            assert!(moment(wrong).is_err(), "{wrong}");
        }
    }
}
