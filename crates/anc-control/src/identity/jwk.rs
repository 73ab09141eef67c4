//! The keys with which a provider signs (RFC 7517), and what each of them may verify (RFC 7518).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{
    self, EcdsaVerificationAlgorithm, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde_json::Value;

/// Keys of one provider that are looked at; honest ones have a handful.
const KEYS_MAX: usize = 50;

/// A public key.
#[derive(Debug, Clone)]
pub(super) struct Key {
    pub(super) id: Option<String>,
    /// The only algorithm that it is for, where it says so.
    only: Option<String>,
    material: Material,
}

#[derive(Debug, Clone)]
enum Material {
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
    /// The uncompressed point.
    P256(Vec<u8>),
    P384(Vec<u8>),
    Ed25519(Vec<u8>),
}

/// The keys of a set that are for signatures and of a kind that is known; the others are passed over.
pub(super) fn keys_of(set: &Value) -> Vec<Key> {
    let keys = set["keys"].as_array().map(Vec::as_slice).unwrap_or_default();
    keys.iter().take(KEYS_MAX).filter_map(key_of).collect()
}

fn key_of(jwk: &Value) -> Option<Key> {
    if jwk["use"].as_str().is_some_and(|used_for| used_for != "sig") {
        return None;
    }
    let bytes = |name: &str| URL_SAFE_NO_PAD.decode(jwk[name].as_str()?).ok();
    let point = |size: usize| {
        let (x, y) = (bytes("x")?, bytes("y")?);
        (x.len() == size && y.len() == size).then(|| [&[4], x.as_slice(), y.as_slice()].concat())
    };
    let material = match (jwk["kty"].as_str()?, jwk["crv"].as_str()) {
        ("RSA", _) => Material::Rsa { n: bytes("n")?, e: bytes("e")? },
        ("EC", Some("P-256")) => Material::P256(point(32)?),
        ("EC", Some("P-384")) => Material::P384(point(48)?),
        ("OKP", Some("Ed25519")) => Material::Ed25519(bytes("x")?),
        _ => return None,
    };
    let text = |name: &str| jwk[name].as_str().map(str::to_owned);
    Some(Key { id: text("kid"), only: text("alg"), material })
}

/// RSA by its name; there is no entry for `none` nor for shared secrets, so that no text can ask for
/// them.
fn rsa(algorithm: &str) -> Option<&'static RsaParameters> {
    Some(match algorithm {
        "RS256" => &signature::RSA_PKCS1_2048_8192_SHA256,
        "RS384" => &signature::RSA_PKCS1_2048_8192_SHA384,
        "RS512" => &signature::RSA_PKCS1_2048_8192_SHA512,
        "PS256" => &signature::RSA_PSS_2048_8192_SHA256,
        "PS384" => &signature::RSA_PSS_2048_8192_SHA384,
        "PS512" => &signature::RSA_PSS_2048_8192_SHA512,
        _ => return None,
    })
}

impl Key {
    /// Whether a signature by that algorithm can be this key's at all: the key decides, and the token
    /// cannot choose another kind.
    pub(super) fn is_for(&self, algorithm: &str) -> bool {
        let kind = match &self.material {
            Material::Rsa { .. } => rsa(algorithm).is_some(),
            Material::P256(_) => algorithm == "ES256",
            Material::P384(_) => algorithm == "ES384",
            Material::Ed25519(_) => algorithm == "EdDSA",
        };
        kind && self.only.as_deref().is_none_or(|only| only == algorithm)
    }

    /// Whether it has signed the message.
    pub(super) fn has_signed(&self, algorithm: &str, message: &[u8], signature: &[u8]) -> bool {
        if !self.is_for(algorithm) {
            return false;
        }
        let by_curve = |curve: &'static EcdsaVerificationAlgorithm, point: &[u8]| {
            UnparsedPublicKey::new(curve, point).verify(message, signature).is_ok()
        };
        match &self.material {
            Material::Rsa { n, e } => rsa(algorithm).is_some_and(|parameters| {
                RsaPublicKeyComponents { n, e }.verify(parameters, message, signature).is_ok()
            }),
            Material::P256(point) => by_curve(&signature::ECDSA_P256_SHA256_FIXED, point),
            Material::P384(point) => by_curve(&signature::ECDSA_P384_SHA384_FIXED, point),
            Material::Ed25519(key) => {
                UnparsedPublicKey::new(&signature::ED25519, key).verify(message, signature).is_ok()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_key_of_another_use_or_kind_is_passed_over() {
        let point = URL_SAFE_NO_PAD.encode([7; 32]);
        let ec = |more: Value| {
            let mut jwk = json!({ "kty": "EC", "crv": "P-256", "x": point, "y": point });
            jwk.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            jwk
        };
        let set = json!({ "keys": [
            ec(json!({ "use": "enc" })),
            ec(json!({ "x": "AA" })),
            ec(json!({ "crv": "secp256k1" })),
            { "kty": "oct", "k": "c2VjcmV0" },
            ec(json!({ "kid": "one", "use": "sig", "alg": "ES256" })),
        ] });
        let keys = keys_of(&set);
        assert_eq!(keys.len(), 1);
        assert!(keys[0].is_for("ES256"));
        for algorithm in ["none", "None", "HS256", "RS256", "ES384", "EdDSA", ""] {
            assert!(!keys[0].is_for(algorithm), "{algorithm}");
        }
        assert!(keys_of(&json!({ "keys": "none" })).is_empty());
    }
}
