//! anc-simulator
