//! anc-testkit
