//! anc-store
