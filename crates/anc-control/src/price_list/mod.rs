//! Price lists of other programs, read as entries of our price book.
//!
//! A list is somebody else's word on what models cost: what our book can say of it is taken over to
//! the digit, and what it cannot say is told, model by model. Nothing is guessed or rounded.
//!
//! # To add …
//! * a format: a module that makes a [`PriceList`] of the list's bytes, and a word in
//!   `api/price_imports.rs`.
//! * a key of a list: `key.rs`, and what it does in `litellm.rs`.

mod figure;
mod figures;
mod hours;
mod key;
mod litellm;

use std::collections::BTreeMap;

use anc_store::PriceEntry;

pub(crate) use litellm::read;

/// A list, read.
#[derive(Debug, Default)]
pub(crate) struct PriceList {
    /// What can be taken over, by name.
    pub(crate) entries: Vec<ListedPrice>,
    /// What cannot be, and why.
    pub(crate) skipped: Vec<Skipped>,
    /// How many entries are of models of another kind (pictures, speech …), by kind.
    pub(crate) other_kinds: BTreeMap<String, u64>,
    /// How many entries are of providers that were not asked for, by provider.
    pub(crate) other_providers: BTreeMap<String, u64>,
}

/// An entry that can be taken over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ListedPrice {
    pub(crate) entry: PriceEntry,
    /// Keys of the list whose figures the book has no place for.
    pub(crate) not_taken: Vec<String>,
}

/// An entry that cannot be taken over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Skipped {
    /// Its name in the list.
    pub(crate) name: String,
    pub(crate) reason: SkipReason,
    /// The key of the list that is at fault.
    pub(crate) key: Option<String>,
}

/// Why an entry cannot be taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SkipReason {
    /// It does not name both a price of input and one of output by the unit.
    NoPrice,
    /// It costs nothing, which is more often a gap of the list than a gift.
    Free,
    /// A figure is no price.
    NotAPrice,
    /// A figure has more digits than nano-dollars can carry.
    TooPrecise,
    /// Its prices by length cannot be followed.
    Tiers,
    /// No model has such a name.
    Name,
    /// Another entry has the name and another price.
    Twice,
}

impl SkipReason {
    /// The stable name in the API.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::NoPrice => "no_price",
            Self::Free => "free",
            Self::NotAPrice => "not_a_price",
            Self::TooPrecise => "too_precise",
            Self::Tiers => "tiers",
            Self::Name => "name",
            Self::Twice => "twice",
        }
    }
}

/// Whose models to take of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Whose {
    /// Those of the vendors that the relay knows, and those of nobody in particular.
    Known,
    /// Everybody's.
    Everybody,
    /// Those of these providers, by our names or the list's.
    Named(Vec<String>),
}

/// A list that is none.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ListFault {
    /// Not JSON, or not of the format's form.
    NotAList(String),
    /// It has nothing of that provider.
    NoSuchProvider(String),
}
