//! Keys with which a provider of identities signs, and tokens of every kind.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
};
use serde_json::{Value, json};

/// Made for these tests and used for nothing else: ring makes no keys of this kind.
const RSA_KEY: &[u8] = include_bytes!("../keys/id-token-rs256.der");

/// A key under a name.
#[derive(Debug)]
pub struct Signer {
    key_id: String,
    key: Key,
}

#[derive(Debug)]
enum Key {
    Ec(Box<EcdsaKeyPair>),
    Rsa(Box<RsaKeyPair>),
}

impl Signer {
    /// A new key for ES256.
    pub fn es256(key_id: &str) -> Self {
        let (curve, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
        let document = EcdsaKeyPair::generate_pkcs8(curve, &random).expect("a key");
        let pair = EcdsaKeyPair::from_pkcs8(curve, document.as_ref(), &random).expect("the key");
        Self { key_id: key_id.to_owned(), key: Key::Ec(Box::new(pair)) }
    }

    /// The tests' one key for RS256.
    pub fn rs256(key_id: &str) -> Self {
        let pair = RsaKeyPair::from_pkcs8(RSA_KEY).expect("the tests' key");
        Self { key_id: key_id.to_owned(), key: Key::Rsa(Box::new(pair)) }
    }

    /// The name of its algorithm.
    pub fn algorithm(&self) -> &'static str {
        match &self.key {
            Key::Ec(_) => "ES256",
            Key::Rsa(_) => "RS256",
        }
    }

    /// The public half, as a set of keys has it.
    pub fn jwk(&self) -> Value {
        let (key_id, algorithm) = (&self.key_id, self.algorithm());
        match &self.key {
            Key::Ec(pair) => {
                // An uncompressed point: a byte that says so, and two coordinates.
                let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
                json!({ "kty": "EC", "crv": "P-256", "use": "sig", "alg": algorithm,
                    "kid": key_id, "x": encoded(x), "y": encoded(y) })
            }
            Key::Rsa(pair) => {
                let PublicKeyComponents::<Vec<u8>> { n, e } = pair.public().into();
                json!({ "kty": "RSA", "use": "sig", "alg": algorithm, "kid": key_id,
                    "n": encoded(&n), "e": encoded(&e) })
            }
        }
    }

    /// The head of its tokens.
    pub fn head(&self) -> Value {
        json!({ "alg": self.algorithm(), "kid": self.key_id, "typ": "JWT" })
    }

    /// A token with a head of one's own, signed by this key whatever the head says.
    pub fn token(&self, head: &Value, claims: &Value) -> String {
        let signed = unsigned(head, claims);
        let random = SystemRandom::new();
        let signature = match &self.key {
            Key::Ec(pair) => {
                pair.sign(&random, signed.as_bytes()).expect("it signs").as_ref().to_vec()
            }
            Key::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                let message = signed.as_bytes();
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).expect("it signs");
                signature
            }
        };
        format!("{signed}.{}", encoded(&signature))
    }
}

/// Head and claims of a token, without the last dot and the signature.
pub fn unsigned(head: &Value, claims: &Value) -> String {
    let part = |value: &Value| encoded(value.to_string().as_bytes());
    format!("{}.{}", part(head), part(claims))
}

fn encoded(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
