//! anc-wire
