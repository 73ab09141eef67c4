//! The accounts and tokens of a seeded database: who they are and what they may do.

use anc_domain::{AccountId, ApiTokenId, Entropy, TokenText, UnixMillis, UserId};

use super::{DAY_MILLIS, Seed};
use crate::StoreError;
use crate::sql::Arg;

/// Tokens of an account, one of which goes to the large one.
const TOKENS_PER_ACCOUNT: usize = 20;
/// Which of them.
const OF_THE_LARGE: usize = 7;

/// Before the history begins, everybody comes within so long.
const COMING_MILLIS: i64 = 30 * DAY_MILLIS;

/// What tokens are called.
const NAMES: [&str; 12] = [
    "Claude-Code-Work-PC",
    "Codex-Laptop",
    "CI",
    "Research-Notebook",
    "Support-Bot",
    "Product-Search",
    "Intern-Trial",
    "Batch-Translation",
    "Old-Tablet",
    "Mail-Summary",
    "Staging",
    "Gemini-CLI-Home",
];

/// Nobody signs in with it: no password has this hash.
const NO_PASSWORD: &str = "$argon2id$v=19$m=19456,t=2,p=1$c2VlZGVk$bm9ib2R5";

pub(super) const ACCOUNT_COLUMNS: &str = "id, name, tier_id, metered, created_at";
pub(super) const BALANCE_COLUMNS: &str = "account_id, balance";
pub(super) const USER_COLUMNS: &str = "id, email, password_hash, role, account_id, created_at";
pub(super) const ENTRY_COLUMNS: &str =
    "account_id, kind, amount, reason, cause, created_at, balance_after";
pub(super) const TOKEN_COLUMNS: &str = "id, account_id, hash, hint, name, enabled, quota, \
     expires_at, models, ip_rules, created_at, updated_at, tags";
pub(super) const SPEND_COLUMNS: &str = "token_id, used, requests, last_used_at";

/// What a token came to.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Spent {
    pub(super) used: i64,
    pub(super) requests: i64,
    pub(super) last_used_at: Option<i64>,
}

struct Account {
    id: i64,
    created_at: i64,
}

/// Everybody. Tokens and accounts are known by their places; the first are the busiest.
pub(super) struct Crowd {
    accounts: Vec<Account>,
    /// How many of the accounts were there before.
    known: usize,
    tokens: Vec<(i64, i64)>,
    pub(super) spent: Vec<Spent>,
}

impl Crowd {
    pub(super) fn new(seed: &Seed<'_>) -> Result<Self, StoreError> {
        let tokens = usize::try_from(seed.tokens).map_err(StoreError::corrupt)?;
        let begins = seed.begins().as_millis() - COMING_MILLIS;
        let came = |place: usize, of: usize| {
            let (place, of) = (i64::try_from(place).unwrap_or(0), i64::try_from(of).unwrap_or(1));
            UnixMillis::from_millis(begins + COMING_MILLIS / of.max(1) * place)
        };
        let known = seed.accounts.len();
        // The large account is the one after those that were there.
        let count = tokens.div_ceil(TOKENS_PER_ACCOUNT).max(known + 1);
        let accounts = (0..count).map(|place| {
            let created_at = came(place, count);
            let id = match seed.accounts.get(place) {
                Some(known) => *known,
                None => AccountId::generate(created_at, seed.entropy),
            };
            Account { id: id.as_i64(), created_at: created_at.as_millis() }
        });
        let tokens_ids = (0..tokens).map(|place| {
            let created_at = came(place, tokens);
            let id = ApiTokenId::generate(created_at, seed.entropy);
            (id.as_i64(), created_at.as_millis())
        });
        Ok(Self {
            accounts: accounts.collect(),
            known,
            tokens: tokens_ids.collect(),
            spent: vec![Spent::default(); tokens],
        })
    }

    pub(super) fn token_count(&self) -> u64 {
        self.tokens.len() as u64
    }

    fn account_place(&self, token: usize) -> usize {
        let own = token / TOKENS_PER_ACCOUNT;
        if token % TOKENS_PER_ACCOUNT == OF_THE_LARGE { self.known } else { own }
    }

    /// The ids of a token and of its account.
    pub(super) fn ids(&self, token: usize) -> Option<(i64, i64)> {
        let account = self.accounts.get(self.account_place(token))?;
        Some((self.tokens.get(token)?.0, account.id))
    }

    /// The accounts that are new.
    fn new_accounts(&self) -> impl Iterator<Item = (usize, &Account)> {
        self.accounts.iter().enumerate().skip(self.known)
    }

    pub(super) fn account_rows(&self) -> impl Iterator<Item = Result<Vec<Arg>, StoreError>> {
        self.new_accounts().map(|(place, account)| {
            Ok(vec![
                account.id.into(),
                email(place).into(),
                1_i64.into(),
                true.into(),
                account.created_at.into(),
            ])
        })
    }

    pub(super) fn user_rows(
        &self,
        entropy: &dyn Entropy,
    ) -> impl Iterator<Item = Result<Vec<Arg>, StoreError>> {
        self.new_accounts().map(move |(place, account)| {
            let at = UnixMillis::from_millis(account.created_at);
            Ok(vec![
                UserId::generate(at, entropy).as_i64().into(),
                email(place).into(),
                NO_PASSWORD.into(),
                "user".into(),
                account.id.into(),
                account.created_at.into(),
            ])
        })
    }

    /// Most have a name of their own; some are off, have expired, or have spent their quota.
    pub(super) fn token_rows(
        &self,
        seed: &Seed<'_>,
    ) -> impl Iterator<Item = Result<Vec<Arg>, StoreError>> {
        let (now, entropy) = (seed.now.as_millis(), seed.entropy);
        (0..self.tokens.len()).map(move |place| {
            let (id, account) = self.ids(place).ok_or(StoreError::Conflict("a token's place"))?;
            let created_at = self.tokens.get(place).map_or(0, |(_, created_at)| *created_at);
            let used = self.spent.get(place).map_or(0, |spent| spent.used);
            let text = TokenText::generate(entropy);
            let quota = match place % 100 {
                3 => Some(used),
                one if one % 3 == 0 => Some(used.saturating_add(100_000_000_000)),
                _ => None,
            };
            let expires_at = match place % 50 {
                5 => Some(now - DAY_MILLIS),
                15 | 25 | 35 => Some(now + 30 * DAY_MILLIS),
                _ => None,
            };
            Ok(vec![
                id.into(),
                account.into(),
                Some(text.secret().hash().as_bytes().to_vec()).into(),
                text.hint().as_str().into(),
                name(place).into(),
                (place % 50 != 9).into(),
                quota.into(),
                expires_at.into(),
                "[]".into(),
                "[]".into(),
                created_at.into(),
                created_at.into(),
                "[]".into(),
            ])
        })
    }

    pub(super) fn spend_rows(&self) -> impl Iterator<Item = Result<Vec<Arg>, StoreError>> {
        self.tokens.iter().zip(&self.spent).map(|((id, _), spent)| {
            Ok(vec![
                (*id).into(),
                spent.used.into(),
                spent.requests.into(),
                spent.last_used_at.into(),
            ])
        })
    }

    /// What each account is given in one entry before the history begins, by its place: more than
    /// it spends, but for every fiftieth, which has spent all of it.
    pub(super) fn grants(&self) -> Vec<Grant> {
        let mut charged = vec![0_i64; self.accounts.len()];
        for (place, spent) in self.spent.iter().enumerate() {
            if let Some(sum) = charged.get_mut(self.account_place(place)) {
                *sum = sum.saturating_add(spent.used);
            }
        }
        self.accounts
            .iter()
            .zip(charged)
            .enumerate()
            .map(|(place, (account, charged))| {
                let spare = if place % 50 == 49 { 0 } else { 25_000_000_000 + charged / 2 };
                Grant {
                    account: account.id,
                    is_new: place >= self.known,
                    amount: charged.saturating_add(spare).max(1),
                    charged,
                    at: account.created_at,
                }
            })
            .collect()
    }
}

/// Money that an account is given, and what it spends of it.
pub(super) struct Grant {
    pub(super) account: i64,
    pub(super) is_new: bool,
    pub(super) amount: i64,
    pub(super) charged: i64,
    at: i64,
}

impl Grant {
    /// The entry; `before` is the balance before it.
    pub(super) fn entry(&self, before: i64) -> Vec<Arg> {
        vec![
            self.account.into(),
            "grant".into(),
            self.amount.into(),
            "Seeded".into(),
            format!("seed:{}", self.account).into(),
            self.at.into(),
            before.saturating_add(self.amount).into(),
        ]
    }
}

fn name(place: usize) -> String {
    format!("{}-{place}", NAMES.get(place % NAMES.len()).copied().unwrap_or_default())
}

fn email(place: usize) -> String {
    format!("person-{place}@seed.example")
}
