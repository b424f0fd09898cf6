//! The way out of mails: an address that needs no login, since mail programs open it for whoever presses their button (RFC 8058).

use aws_lc_rs::constant_time::verify_slices_are_equal;

use crate::{ids::UserId, secret::AuthSecret, tokens};

/// What proves that an address was in a mail to somebody.
fn token(secret: &AuthSecret, user: &UserId) -> String {
    tokens::hex(&secret.mac("unsubscribe", &[user.as_str().as_bytes()]))
}

/// The address for one person, below the site's origin.
#[must_use]
pub fn address(secret: &AuthSecret, origin: &str, user: &UserId) -> String {
    format!("{origin}/unsubscribe?user={user}&token={}", token(secret, user))
}

/// Who it is that leaves, by the address's user and token.
#[must_use]
pub fn holder(secret: &AuthSecret, user: &str, given: &str) -> Option<UserId> {
    let user = UserId::parse(user)?;
    verify_slices_are_equal(token(secret, &user).as_bytes(), given.as_bytes()).ok()?;
    Some(user)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_of_one_person_and_one_server() {
        let (secret, user) = (AuthSecret::new(b"secret"), UserId::random().expect("random"));
        let address = address(&secret, "https://cap.example.com", &user);
        let token = address.rsplit('=').next().expect("a token");
        assert_eq!(holder(&secret, user.as_str(), token), Some(user.clone()));
        let other = UserId::random().expect("random");
        assert_eq!(holder(&secret, other.as_str(), token), None);
        assert_eq!(holder(&AuthSecret::new(b"another"), user.as_str(), token), None);
        assert_eq!(holder(&secret, user.as_str(), ""), None);
    }
}
