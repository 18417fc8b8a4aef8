//! SHA-256, for the one hash of a script and of a style that a content-security policy names.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

/// As a policy writes it: `'sha256-...'`.
pub fn source(text: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)))
}

/// The first eight hexadecimal digits.
pub fn short(text: &str) -> String {
    Sha256::digest(text)[..4].iter().map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_examples() {
        // FIPS 180-4: the digest of "abc" begins so.
        assert_eq!(short("abc"), "ba7816bf");
        // The example of the content-security policy specification (CSP Level 3, 2.3.1... "alert('Hello,
        // world.');").
        assert_eq!(
            source("alert('Hello, world.');"),
            "'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='"
        );
    }
}
