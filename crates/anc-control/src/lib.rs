//! anc-control
