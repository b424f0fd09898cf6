//! Texts that only this deployment can read: AES-256-GCM under a key that can be replaced.
//!
//! A sealed text is `v1.{key id}.{base64url of nonce, ciphertext and tag}`. What it is sealed for (its context) is
//! authenticated with it, so it opens nowhere else.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use crate::config::{EncryptionConfig, EncryptionKey};

const VERSION: &str = "v1";

/// Why something could not be sealed or opened. Tells nothing of what is in it.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The text is none that was sealed here.
    #[error("the text is not a sealed one")]
    NotSealed,
    /// It was sealed with a key that is no longer configured.
    #[error("the text is sealed with the key {0}, which DATABASE_ENCRYPTION_KEY does not hold")]
    UnknownKey(String),
    /// It was altered, or sealed for another context.
    #[error("the sealed text was altered, or belongs elsewhere")]
    Altered,
    /// The cipher did not take the text.
    #[error("the text could not be sealed")]
    Cipher,
}

/// A key and the name under which sealed texts know it.
#[derive(Clone)]
struct Key {
    id: String,
    key: EncryptionKey,
}

impl Key {
    fn new(key: EncryptionKey) -> Self {
        let hash = Sha256::digest(key.expose());
        Self { id: hash.iter().take(4).map(|byte| format!("{byte:02x}")).collect(), key }
    }

    fn cipher(&self) -> Result<RandomizedNonceKey, SealError> {
        RandomizedNonceKey::new(&AES_256_GCM, self.key.expose()).map_err(|_| SealError::Cipher)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.id)
    }
}

/// Seals with the newest key and opens with all of them.
#[derive(Clone, Debug)]
pub struct Sealer {
    newest: Key,
    older: Vec<Key>,
}

impl Sealer {
    /// A sealer with the configured keys.
    #[must_use]
    pub fn new(config: EncryptionConfig) -> Self {
        Self { newest: Key::new(config.first), older: config.older.into_iter().map(Key::new).collect() }
    }

    /// Seals `plain`. Only whoever names the same `context` can open it.
    pub fn seal(&self, context: &str, plain: &[u8]) -> Result<String, SealError> {
        let mut sealed = plain.to_vec();
        let nonce = self.newest.cipher()?.seal_in_place_append_tag(Aad::from(context), &mut sealed);
        let nonce = nonce.map_err(|_| SealError::Cipher)?;
        sealed.splice(..0, *nonce.as_ref());
        Ok(format!("{VERSION}.{}.{}", self.newest.id, URL_SAFE_NO_PAD.encode(sealed)))
    }

    /// Opens what [`seal`](Self::seal) made for the same context.
    pub fn open(&self, context: &str, text: &str) -> Result<Vec<u8>, SealError> {
        let mut parts = text.split('.');
        let (Some(VERSION), Some(id), Some(sealed), None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(SealError::NotSealed);
        };
        if id.len() != 8 || !id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(SealError::NotSealed);
        }
        let mut sealed = URL_SAFE_NO_PAD.decode(sealed).map_err(|_| SealError::NotSealed)?;
        let (nonce, body) = sealed.split_first_chunk_mut::<NONCE_LEN>().ok_or(SealError::NotSealed)?;
        let mut keys = std::iter::once(&self.newest).chain(&self.older);
        let key = keys.find(|key| key.id == id).ok_or_else(|| SealError::UnknownKey(id.to_owned()))?;
        let plain = key.cipher()?.open_in_place(Nonce::from(&*nonce), Aad::from(context), body);
        plain.map(|plain| plain.to_vec()).map_err(|_| SealError::Altered)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealer(keys: &[&str]) -> Sealer {
        let list: Vec<String> = keys.iter().map(|pair| pair.repeat(32)).collect();
        Sealer::new(EncryptionConfig::parse(&list.join(",")).expect("keys"))
    }

    #[test]
    fn what_is_sealed_opens_and_says_nothing() {
        let sealer = sealer(&["0f"]);
        let sealed = sealer.seal("a", b"a code 123456").expect("sealed");
        assert_eq!(sealer.open("a", &sealed).expect("opened"), b"a code 123456");
        assert!(sealed.starts_with("v1.") && !sealed.contains("123456"), "{sealed}");
        assert_ne!(sealer.seal("a", b"a code 123456").expect("sealed"), sealed);
        assert!(!format!("{sealer:?}").contains("0f0f"), "{sealer:?}");
    }

    #[test]
    fn a_new_key_seals_and_the_old_one_goes_on_opening() {
        let (old, new) = (sealer(&["aa"]), sealer(&["bb"]));
        let both = sealer(&["bb", "aa"]);
        let before = old.seal("a", b"x").expect("sealed");
        assert_eq!(both.open("a", &before).expect("opened"), b"x");
        let after = both.seal("a", b"x").expect("sealed");
        assert_eq!(new.open("a", &after).expect("opened"), b"x");
        let id = after.split('.').nth(1).expect("a key id").to_owned();
        assert_eq!(old.open("a", &after), Err(SealError::UnknownKey(id)));
    }

    #[test]
    fn another_context_does_not_open_it() {
        let sealer = sealer(&["0f"]);
        let sealed = sealer.seal("outbox/a.json", b"x").expect("sealed");
        assert_eq!(sealer.open("outbox/b.json", &sealed), Err(SealError::Altered));
    }

    #[test]
    fn every_altered_byte_is_noticed() {
        let sealer = sealer(&["0f"]);
        let sealed = sealer.seal("a", b"secret").expect("sealed");
        let (head, body) = sealed.rsplit_once('.').expect("parts");
        let body = URL_SAFE_NO_PAD.decode(body).expect("base64");
        for at in 0..body.len() {
            let mut altered = body.clone();
            altered[at] ^= 1;
            let altered = format!("{head}.{}", URL_SAFE_NO_PAD.encode(altered));
            assert_eq!(sealer.open("a", &altered), Err(SealError::Altered), "byte {at}");
        }
    }

    #[test]
    fn other_texts_are_not_sealed_ones() {
        let sealer = sealer(&["0f"]);
        let sealed = sealer.seal("a", b"x").expect("sealed");
        let short = sealed[..20].to_owned();
        for text in ["", "x", "v1.", "v1.0.", "v2.00000000.AAAA", "v1.00000000.%%%", "v1.zzzzzzzz.AAAA", &short] {
            assert_eq!(sealer.open("a", text), Err(SealError::NotSealed), "{text}");
        }
        for text in [format!("{sealed}.x"), sealed.replacen("v1", "v2", 1), sealed.replacen("v1.", "v1.00", 1)] {
            assert_eq!(sealer.open("a", &text), Err(SealError::NotSealed), "{text}");
        }
    }
}
