//! Addresses at the media distribution, through which viewers read what is in the bucket. CloudFront asks for a signature as S3
//! does, before it looks into its caches, so that an address is dead when its time is over, whatever is cached where
//! (Amazon CloudFront Developer Guide, "Create a signed URL using a canned policy").

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::ObjectsError;
use crate::{
    config::{CdnConfig, ConfigError, SigningKey},
    time::Millis,
};

/// What stands for itself in a path or a query's value (RFC 3986 §2.3).
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// The same, and the slashes of a key.
const KEY: &AsciiSet = &UNRESERVED.remove(b'/');

/// Before and after the 32 bytes of a P-256 private key, as an `ECPrivateKey` without its public half (RFC 5915 §3).
const PRIVATE: (&[u8], &[u8]) = (
    &[0x30, 0x31, 0x02, 0x01, 0x01, 0x04, 0x20],
    &[0xa0, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07],
);
/// Before the 65 bytes of an uncompressed P-256 point, as a `SubjectPublicKeyInfo` (RFC 5480 §2).
const PUBLIC: &[u8] = &[
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// Signs addresses at the distribution.
#[derive(Debug)]
pub(super) struct Cdn {
    url: String,
    key_id: String,
    key: EcdsaKeyPair,
}

impl Cdn {
    pub(super) fn new(config: CdnConfig) -> Result<Self, ConfigError> {
        Ok(Self { url: config.url, key_id: config.key_id, key: pair(&config.key)? })
    }

    /// Address of an object, with what S3 is asked in its query, that is good until an instant.
    pub(super) fn sign(&self, key: &str, query: &[(&str, String)], until: Millis) -> Result<String, ObjectsError> {
        let mut resource = format!("{}/{}", self.url, utf8_percent_encode(key, KEY));
        for (index, (name, value)) in query.iter().enumerate() {
            let separator = if index == 0 { '?' } else { '&' };
            resource.push_str(&format!("{separator}{name}={}", utf8_percent_encode(value, UNRESERVED)));
        }
        let until = until.0 / 1000;
        // Byte for byte what CloudFront makes of the address to compare with: no space, this order.
        let policy = format!(
            r#"{{"Statement":[{{"Resource":"{resource}","Condition":{{"DateLessThan":{{"AWS:EpochTime":{until}}}}}}}]}}"#
        );
        let signature = self.key.sign(&SystemRandom::new(), policy.as_bytes()).map_err(|_| ObjectsError::Call {
            call: "sign for CloudFront",
            reason: "the system has no random source".to_owned(),
        })?;
        let signature = STANDARD.encode(signature).replace('+', "-").replace('=', "_").replace('/', "~");
        let separator = if query.is_empty() { '?' } else { '&' };
        let key_id = &self.key_id;
        Ok(format!(
            "{resource}{separator}Expires={until}&Signature={signature}&Key-Pair-Id={key_id}&Hash-Algorithm=SHA256"
        ))
    }
}

fn pair(key: &SigningKey) -> Result<EcdsaKeyPair, ConfigError> {
    let der = [PRIVATE.0, key.expose(), PRIVATE.1].concat();
    EcdsaKeyPair::from_private_key_der(&ECDSA_P256_SHA256_ASN1_SIGNING, &der)
        .map_err(|_| SigningKey::error("is no private key of P-256: put another 64 hexadecimal digits there"))
}

/// The public half in PEM, which CloudFront is given to check signatures with.
pub fn public_key(key: &SigningKey) -> Result<String, ConfigError> {
    let pair = pair(key)?;
    let der = STANDARD.encode([PUBLIC, pair.public_key().as_ref()].concat());
    let (first, second) = der.split_at(64);
    Ok(format!("-----BEGIN PUBLIC KEY-----\n{first}\n{second}\n-----END PUBLIC KEY-----\n"))
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};

    use super::*;

    fn key() -> SigningKey {
        SigningKey::parse(&"5a".repeat(32)).expect("a key")
    }

    fn cdn() -> Cdn {
        let config = CdnConfig { url: "https://d111.cloudfront.net".to_owned(), key_id: "K2JC".to_owned(), key: key() };
        Cdn::new(config).expect("a distribution")
    }

    /// Whether the signature in an address is one of this policy.
    fn is_signed(address: &str, policy: &str) -> bool {
        let signature =
            address.split("Signature=").nth(1).and_then(|rest| rest.split('&').next()).expect("a signature");
        let signature =
            STANDARD.decode(signature.replace('-', "+").replace('_', "=").replace('~', "/")).expect("base64");
        let pair = pair(&key()).expect("a pair");
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, pair.public_key()).verify(policy.as_bytes(), &signature).is_ok()
    }

    #[test]
    fn an_address_is_signed_with_its_query_and_its_end() {
        let query = [("v", "3".to_owned()), ("response-content-type", "image/jpeg".to_owned())];
        let address = cdn().sign("thumbnails/a b.jpg", &query, Millis(1_767_290_400_999)).expect("an address");
        let resource = "https://d111.cloudfront.net/thumbnails/a%20b.jpg?v=3&response-content-type=image%2Fjpeg";
        assert!(address.starts_with(&format!("{resource}&Expires=1767290400&Signature=")), "{address}");
        assert!(address.ends_with("&Key-Pair-Id=K2JC&Hash-Algorithm=SHA256"), "{address}");
        let policy = |end: &str| {
            format!(
                r#"{{"Statement":[{{"Resource":"{resource}","Condition":{{"DateLessThan":{{"AWS:EpochTime":{end}}}}}}}]}}"#
            )
        };
        assert!(is_signed(&address, &policy("1767290400")));
        assert!(!is_signed(&address, &policy("1767290401")));
    }

    #[test]
    fn an_address_without_a_query_gets_one() {
        let address = cdn().sign("videos/processed/x.mp4", &[], Millis(1000)).expect("an address");
        assert!(address.starts_with("https://d111.cloudfront.net/videos/processed/x.mp4?Expires=1&Signature="));
    }
}
