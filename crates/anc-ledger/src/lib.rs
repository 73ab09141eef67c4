//! anc-ledger
