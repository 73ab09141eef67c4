//! anc-upstream
