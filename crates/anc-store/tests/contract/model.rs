//! Random operations against a small model of the books: this file has the operations and the
//! model, `model_run.rs` drives a store with them.

use std::collections::HashMap;

use proptest::prelude::*;

/// Tokens at once; a deleted one is followed by another in its place.
pub(crate) const TOKENS: usize = 3;

/// Tiers that the account may be of.
pub(crate) const TIERS: usize = 2;

/// What a request of a process that died costs: ten units of input at a nano-dollar.
pub(crate) const INTERRUPTED: i64 = 10;

/// How often each of the redemption codes may be used, and what a use is worth.
pub(crate) const CODE_USES: [u32; 3] = [1, 3, 5];
pub(crate) const CODE_AMOUNT: i64 = 70;

#[derive(Debug, Clone, Copy)]
pub(crate) enum Step {
    Hold {
        token: usize,
        full: i64,
        least: i64,
    },
    Grow {
        hold: usize,
        by: i64,
    },
    Settle {
        hold: usize,
        input: u64,
        output: u64,
    },
    Drop {
        hold: usize,
    },
    Credit {
        amount: i64,
    },
    Redeem {
        code: usize,
        word: u8,
    },
    /// Of the tier of that place.
    Overdraft {
        tier: usize,
        overdraft: i64,
    },
    /// The account goes to the tier of that place.
    Tier {
        tier: usize,
    },
    Quota {
        token: usize,
        quota: Option<i64>,
    },
    Budget {
        token: usize,
        kind: Kind,
        limit: Option<i64>,
    },
    Enable {
        token: usize,
        enabled: bool,
    },
    Delete {
        token: usize,
    },
    Wait {
        hours: i64,
    },
    Die,
}

/// A period of which there may be a budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Day,
    Week,
}

impl Kind {
    pub(crate) const ALL: [Self; 2] = [Self::Day, Self::Week];

    /// The number of the window that a moment lies in: days begin at midnight, weeks on Mondays,
    /// and the first day of 1970 was a Thursday.
    const fn window(self, hours: i64) -> i64 {
        let days = hours.div_euclid(24);
        match self {
            Self::Day => days,
            Self::Week => (days + 3).div_euclid(7),
        }
    }
}

pub(crate) fn step() -> impl Strategy<Value = Step> {
    let token = 0..TOKENS;
    let kind = prop_oneof![Just(Kind::Day), Just(Kind::Week)];
    prop_oneof![
        40 => (token.clone(), 0..400_i64, 0..400_i64).prop_map(|(token, one, other)| Step::Hold {
            token,
            full: one.max(other),
            least: one.min(other),
        }),
        16 => (any::<usize>(), 0..300_i64).prop_map(|(hold, by)| Step::Grow { hold, by }),
        24 => (any::<usize>(), 0..200_u64, 0..200_u64)
            .prop_map(|(hold, input, output)| Step::Settle { hold, input, output }),
        8 => any::<usize>().prop_map(|hold| Step::Drop { hold }),
        10 => (-100..500_i64).prop_map(|amount| Step::Credit { amount }),
        6 => (0..CODE_USES.len(), 0..12_u8).prop_map(|(code, word)| Step::Redeem { code, word }),
        3 => (0..TIERS, 0..400_i64)
            .prop_map(|(tier, overdraft)| Step::Overdraft { tier, overdraft }),
        3 => (0..TIERS).prop_map(|tier| Step::Tier { tier }),
        6 => (token.clone(), prop::option::of(0..2_000_i64))
            .prop_map(|(token, quota)| Step::Quota { token, quota }),
        6 => (token.clone(), kind, prop::option::of(0..900_i64))
            .prop_map(|(token, kind, limit)| Step::Budget { token, kind, limit }),
        3 => (token.clone(), any::<bool>())
            .prop_map(|(token, enabled)| Step::Enable { token, enabled }),
        1 => token.prop_map(|token| Step::Delete { token }),
        5 => (1..40_i64).prop_map(|hours| Step::Wait { hours }),
        1 => Just(Step::Die),
    ]
}

/// A token as the model knows it. Its number is never used again.
#[derive(Debug, Clone, Default)]
pub(crate) struct Token {
    pub(crate) quota: Option<i64>,
    pub(crate) used: i64,
    pub(crate) limits: HashMap<Kind, i64>,
    pub(crate) off: bool,
    pub(crate) deleted: bool,
}

/// A window of a token's budget: the token's number, the period, the window's number.
pub(crate) type Window = (usize, Kind, i64);

#[derive(Debug, Clone)]
pub(crate) struct Open {
    pub(crate) token: usize,
    pub(crate) amount: i64,
    windows: Vec<Window>,
}

/// The books as a child would keep them.
#[derive(Debug, Default)]
pub(crate) struct Model {
    pub(crate) balance: i64,
    /// By the tier's place.
    pub(crate) overdrafts: [i64; TIERS],
    pub(crate) tier: usize,
    pub(crate) hours: i64,
    pub(crate) tokens: Vec<Token>,
    pub(crate) open: HashMap<u64, Open>,
    pub(crate) spent: HashMap<Window, i64>,
    /// Which code was redeemed under a word.
    pub(crate) redeemed: HashMap<u8, usize>,
}

/// What comes of a redemption.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Redeeming {
    /// It is done, now or before.
    Done,
    UsedUp,
    /// Its word belongs to another.
    OtherWord,
}

impl Model {
    pub(crate) fn redeem(&mut self, code: usize, word: u8) -> Redeeming {
        let used = self.redeemed.values().filter(|other| **other == code).count();
        match self.redeemed.get(&word) {
            Some(before) if *before == code => Redeeming::Done,
            Some(_) => Redeeming::OtherWord,
            None if used == CODE_USES[code] as usize => Redeeming::UsedUp,
            None => {
                self.redeemed.insert(word, code);
                self.balance += CODE_AMOUNT;
                Redeeming::Done
            }
        }
    }

    pub(crate) fn held(&self, token: Option<usize>) -> i64 {
        let of = |open: &&Open| token.is_none_or(|token| token == open.token);
        self.open.values().filter(of).map(|open| open.amount).sum()
    }

    /// The windows that count for a new hold: those of the periods that have a budget.
    fn windows(&self, token: usize) -> Vec<Window> {
        let has = |kind: &Kind| self.tokens[token].limits.contains_key(kind);
        let of = |kind: Kind| (token, kind, kind.window(self.hours));
        Kind::ALL.into_iter().filter(has).map(of).collect()
    }

    fn fits(&self, token: usize, windows: &[Window], amount: i64) -> bool {
        let free = |limit: i64, held: i64| limit > 0 && amount <= limit - held;
        let known = &self.tokens[token];
        let in_windows = windows.iter().all(|window| {
            let Some(limit) = known.limits.get(&window.1) else { return true };
            let held: i64 = self
                .open
                .values()
                .filter(|open| open.windows.contains(window))
                .map(|open| open.amount)
                .sum();
            free(limit - self.spent.get(window).copied().unwrap_or(0), held)
        });
        !known.off
            && !known.deleted
            && known.quota.is_none_or(|quota| free(quota - known.used, self.held(Some(token))))
            && in_windows
            && free(self.balance + self.overdrafts[self.tier], self.held(None))
    }

    /// What of `full` and `least` is granted.
    pub(crate) fn hold(&mut self, id: u64, token: usize, full: i64, least: i64) -> Option<i64> {
        let windows = self.windows(token);
        let amount = [full, least].into_iter().find(|ask| self.fits(token, &windows, *ask))?;
        self.open.insert(id, Open { token, amount, windows });
        Some(amount)
    }

    pub(crate) fn grow(&mut self, id: u64, by: i64) -> bool {
        let open = self.open[&id].clone();
        let fits = self.fits(open.token, &open.windows, by);
        if fits {
            self.open.insert(id, Open { amount: open.amount + by, ..open });
        }
        fits
    }

    pub(crate) fn settle(&mut self, id: u64, cost: i64) {
        let Some(open) = self.open.remove(&id) else { return };
        self.balance -= cost;
        self.tokens[open.token].used += cost;
        for window in open.windows {
            *self.spent.entry(window).or_default() += cost;
        }
    }

    /// The process dies: what ran is charged its input.
    pub(crate) fn die(&mut self) {
        let running: Vec<u64> = self.open.keys().copied().collect();
        for id in running {
            self.settle(id, INTERRUPTED);
        }
    }

    /// What was ever spent in windows of budgets.
    pub(crate) fn spent_in_windows(&self) -> i64 {
        self.spent.values().sum()
    }
}
