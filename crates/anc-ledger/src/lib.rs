//! The rules of money, pure: prices, charges, and what a hold may take.
//!
//! Nothing here does I/O, reads a clock or uses a float; this is the only crate that divides or
//! rounds money. The ledger writers of `anc-store` drive these functions with rows of a database,
//! and property tests drive them with random operations against a small model.
//!
//! # To add …
//! * a meter: extend `Meter` in `anc-domain`, then its price in [`Rates`] and [`PriceRule`], and
//!   what stands in for it where a model has no price of its own for it (`price.rs`).
//! * a condition of prices: a field of [`PriceRule`], and where it is asked (`price/rule.rs`).
//! * a reason to refuse a hold: a variant of [`Refusal`] and its place in the order of checks
//!   (`hold.rs`).
//! * a reason not to redeem a code: a variant of [`NotRedeemed`] (`redeem.rs`).
//! * a way for a request to end: a variant of [`EndReason`] with its stable name.

mod charge;
mod end_reason;
mod estimate;
mod hold;
mod notable;
mod own_cost;
mod price;
mod redeem;
mod window;

pub use charge::{Charge, ChargeLine, charge};
pub use end_reason::EndReason;
pub use estimate::{HoldBounds, OutputBound, affordable_output, hold_bounds};
pub use hold::{
    AccountState, BudgetState, HoldAsk, Holder, Otherwise, Refusal, TokenState, correct, credit,
    grow, hold, left, release, settle,
};
pub use notable::{NOTABLE_HOURS, step_reached, unusual_hour};
pub use own_cost::own_cost;
pub use price::{
    ModelPrice, NoTimeOfDay, Part, PriceFault, PriceRule, PriceSnapshot, RULES_MAX, Rates,
    RuleFault, TimeOfDay, UnpricedOption, combined,
};
pub use redeem::{CodeState, NotRedeemed, redeem};
pub use window::{Period, UnknownZone, Window, Zone, window};
