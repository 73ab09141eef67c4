//! anc-gateway
