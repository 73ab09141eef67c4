//! anc-routing
