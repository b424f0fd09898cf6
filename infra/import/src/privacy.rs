//! Who may watch a video: never more people than could in Cap.

use common::password::PasswordHash;

use crate::cap::CapVideo;

/// Said in the report.
const RESTRICTED: &str = "only its owner may watch: its organisation let in some mailboxes alone";
const UNREADABLE: &str = "only its owner may watch: its password cannot be read";
const OF_SPACE: &str = "its own link wants the password of its space";
const SHARED: &str = "only its owner may watch: it was shared with an organisation or a space";

/// How a video is shared here.
#[derive(Clone, Debug)]
pub(crate) struct Sharing {
    pub(crate) public: bool,
    pub(crate) password: Option<PasswordHash>,
    /// Why fewer may watch than before.
    pub(crate) narrower: Option<&'static str>,
}

/// How a video is shared here, that was shared in Cap like this.
pub(crate) fn sharing(video: &CapVideo) -> Sharing {
    let shut = |why| Sharing { public: false, password: None, narrower: Some(why) };
    let (own, of_space) =
        (filled(video.password.as_deref()), video.space_passwords.iter().find(|hash| !hash.is_empty()));
    let Some(text) = own.or(of_space.map(String::as_str)) else {
        return match (video.public, video.restricted, video.shared) {
            (true, true, _) => shut(RESTRICTED),
            (false, _, true) => shut(SHARED),
            (public, ..) => Sharing { public, password: None, narrower: None },
        };
    };
    let Some(password) = PasswordHash::of_cap(text) else { return shut(UNREADABLE) };
    let narrower = match (video.public, video.restricted, video.shared) {
        (true, true, _) => Some(RESTRICTED),
        (true, false, _) => own.is_none().then_some(OF_SPACE),
        (false, _, shared) => shared.then_some(SHARED),
    };
    Sharing { public: video.public && !video.restricted, password: Some(password), narrower }
}

fn filled(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 48 bytes in base64.
    fn hash(digit: &str) -> String {
        digit.repeat(64)
    }

    fn shared(public: bool, change: impl FnOnce(&mut CapVideo)) -> (bool, Option<String>, bool) {
        let mut video = CapVideo { public, ..CapVideo::default() };
        change(&mut video);
        let sharing = sharing(&video);
        (sharing.public, sharing.password.map(|hash| hash.as_str().to_owned()), sharing.narrower.is_some())
    }

    #[test]
    fn what_was_open_is_open_and_what_was_shut_is_shut() {
        assert_eq!(shared(true, |_| ()), (true, None, false));
        assert_eq!(shared(false, |_| ()), (false, None, false));
        assert_eq!(shared(true, |video| video.password = Some(String::new())), (true, None, false));
    }

    #[test]
    fn what_only_some_could_watch_is_not_opened() {
        assert_eq!(shared(true, |video| video.restricted = true), (false, None, true));
        assert_eq!(shared(false, |video| video.shared = true), (false, None, true));
        assert_eq!(shared(true, |video| video.password = Some("nonsense".to_owned())), (false, None, true));
        assert_eq!(shared(true, |video| video.space_passwords = vec!["nonsense".to_owned()]), (false, None, true));
        let (public, password, _) = shared(true, |video| {
            (video.restricted, video.password) = (true, Some(hash("B")));
        });
        assert!(!public && password.is_some());
    }

    #[test]
    fn a_password_of_its_own_or_else_of_its_space_is_kept() {
        let of = |digit: &str| PasswordHash::of_cap(&hash(digit)).map(|hash| hash.as_str().to_owned());
        let own = |video: &mut CapVideo| {
            (video.password, video.space_passwords) = (Some(hash("B")), vec![hash("C")]);
        };
        assert_eq!(shared(true, own), (true, of("B"), false));
        assert_eq!(shared(true, |video| video.space_passwords = vec![hash("C"), hash("D")]), (true, of("C"), true));
    }
}
