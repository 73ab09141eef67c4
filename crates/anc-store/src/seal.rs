//! Upstream keys at rest: XChaCha20-Poly1305 under a key derived from the master key.
//!
//! A sealed value is bound to its table, row, column and key by the additional data: moved to
//! another row it does not open (ABUSE.md I5).

use anc_domain::{Entropy, Secret};
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::{StoreError, row};

const FORM: u8 = 1;
const KEY_ID_BYTES: usize = 8;
const NONCE_BYTES: usize = 24;
const HEAD_BYTES: usize = 1 + KEY_ID_BYTES + NONCE_BYTES;

/// A column that holds sealed values. Those that are not in [`SEALED`] would be lost when the master
/// key changes, so there is no other way to name a place.
#[derive(Debug)]
pub(crate) struct SealedColumn {
    pub(crate) table: &'static str,
    /// The column of the row's number.
    pub(crate) id: &'static str,
    pub(crate) stored_in: &'static str,
    /// What the column is called in the additional data, which nothing may change.
    name: &'static str,
}

/// A channel's keys.
pub(crate) const CHANNEL_KEY: SealedColumn =
    SealedColumn { table: "channel", id: "id", stored_in: "key_sealed", name: "key" };
/// What an authenticator app shares with us.
pub(crate) const TOTP_SEED: SealedColumn =
    SealedColumn { table: "totp_factor", id: "user_id", stored_in: "seed", name: "seed" };

/// With what an account's webhook is signed.
pub(crate) const WEBHOOK_SECRET: SealedColumn = SealedColumn {
    table: "webhook",
    id: "account_id",
    stored_in: "secret_sealed",
    name: "secret_sealed",
};

/// Every column that holds sealed values.
pub(crate) const SEALED: [&SealedColumn; 3] = [&CHANNEL_KEY, &TOTP_SEED, &WEBHOOK_SECRET];

impl SealedColumn {
    /// The value of one row.
    pub(crate) const fn place(&self, row: i64) -> Place {
        Place { table: self.table, row, column: self.name }
    }
}

/// The place of a sealed value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    table: &'static str,
    row: i64,
    column: &'static str,
}

/// Seals and opens.
pub(crate) struct Sealer {
    cipher: XChaCha20Poly1305,
    key_id: [u8; KEY_ID_BYTES],
}

impl Sealer {
    /// A sub-key for this purpose alone (HKDF-SHA256, RFC 5869), and a name for it that tells
    /// nothing about it.
    pub(crate) fn new(master_key: &[u8; 32]) -> Result<Self, StoreError> {
        let hkdf = Hkdf::<Sha256>::new(None, master_key);
        let mut key = Zeroizing::new([0_u8; 32]);
        let mut key_id = [0_u8; KEY_ID_BYTES];
        hkdf.expand(b"anc-relay/seal/v1", key.as_mut_slice())
            .and_then(|()| hkdf.expand(b"anc-relay/seal/v1/key-id", &mut key_id))
            .map_err(StoreError::corrupt)?;
        Ok(Self { cipher: XChaCha20Poly1305::new(key.as_slice().into()), key_id })
    }

    /// The name of the key in use, in hexadecimal.
    pub(crate) fn key_id_text(&self) -> String {
        row::hex(&self.key_id)
    }

    /// Form, key id, nonce, ciphertext with its tag.
    pub(crate) fn seal(
        &self,
        place: Place,
        secret: &Secret,
        entropy: &dyn Entropy,
    ) -> Result<Vec<u8>, StoreError> {
        let mut nonce = [0_u8; NONCE_BYTES];
        entropy.fill(&mut nonce);
        let aad = self.additional_data(place);
        let payload = Payload { msg: secret.expose().as_bytes(), aad: &aad };
        let ciphertext = self
            .cipher
            .encrypt(XNonce::from_slice(&nonce), payload)
            .map_err(|_| StoreError::corrupt("a secret could not be sealed"))?;
        let mut sealed = Vec::with_capacity(HEAD_BYTES + ciphertext.len());
        sealed.push(FORM);
        sealed.extend_from_slice(&self.key_id);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(&ciphertext);
        Ok(sealed)
    }

    /// Opens what was sealed for this very place under this very key.
    pub(crate) fn open(&self, place: Place, sealed: &[u8]) -> Result<Secret, StoreError> {
        let broken = || {
            StoreError::corrupt(format!(
                "{}.{} of row {} does not open",
                place.table, place.column, place.row
            ))
        };
        let (head, ciphertext) = sealed.split_at_checked(HEAD_BYTES).ok_or_else(broken)?;
        let (name, nonce) = head.split_at_checked(1 + KEY_ID_BYTES).ok_or_else(broken)?;
        if name.first() != Some(&FORM) || name.get(1..) != Some(self.key_id.as_slice()) {
            return Err(StoreError::corrupt("a secret was sealed under another master key"));
        }
        let aad = self.additional_data(place);
        let payload = Payload { msg: ciphertext, aad: &aad };
        let plain =
            self.cipher.decrypt(XNonce::from_slice(nonce), payload).map_err(|_| broken())?;
        String::from_utf8(plain).map(Secret::new).map_err(|_| broken())
    }

    fn additional_data(&self, place: Place) -> Vec<u8> {
        format!("{}|{}|{}|{}", place.table, place.row, place.column, self.key_id_text())
            .into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use anc_domain::FixedEntropy;

    use super::*;

    const PLACE: Place = Place { table: "channel", row: 7, column: "key" };

    #[test]
    fn i5_a_sealed_secret_opens_at_its_own_place_only() {
        let sealer = Sealer::new(&[1; 32]).unwrap();
        let sealed =
            sealer.seal(PLACE, &Secret::new("sk-upstream"), &FixedEntropy::new(1)).unwrap();
        assert_eq!(sealer.open(PLACE, &sealed).unwrap().expose(), "sk-upstream");
        for elsewhere in [
            Place { row: 8, ..PLACE },
            Place { table: "other", ..PLACE },
            Place { column: "other", ..PLACE },
        ] {
            assert!(sealer.open(elsewhere, &sealed).is_err());
        }
    }

    #[test]
    fn i4_another_master_key_or_a_changed_byte_does_not_open() {
        let sealer = Sealer::new(&[1; 32]).unwrap();
        let sealed =
            sealer.seal(PLACE, &Secret::new("sk-upstream"), &FixedEntropy::new(1)).unwrap();
        assert!(Sealer::new(&[2; 32]).unwrap().open(PLACE, &sealed).is_err());
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert!(sealer.open(PLACE, &changed).is_err(), "byte {place}");
        }
        assert!(sealer.open(PLACE, &sealed[..20]).is_err());
    }
}
