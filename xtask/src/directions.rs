//! Who may know whom. The table is the architecture; `ARCHITECTURE.md` draws it.

use std::process::Command;

use serde_json::Value;

use crate::Findings;

/// Each crate with the crates of this workspace that it may depend on.
const ALLOWED: &[(&str, &[&str])] = &[
    ("anc-domain", &[]),
    ("anc-ledger", &["anc-domain"]),
    ("anc-limits", &["anc-domain"]),
    ("anc-wire", &["anc-domain"]),
    ("anc-routing", &["anc-domain"]),
    ("anc-upstream", &["anc-domain"]),
    ("anc-simulator", &[]),
    ("anc-store", &["anc-domain", "anc-ledger"]),
    (
        "anc-gateway",
        &[
            "anc-domain",
            "anc-ledger",
            "anc-limits",
            "anc-routing",
            "anc-store",
            "anc-upstream",
            "anc-wire",
        ],
    ),
    ("anc-control", &["anc-domain", "anc-ledger", "anc-store", "anc-upstream"]),
    ("anc-testkit", &["anc-simulator"]),
    (
        "anc-relay",
        &[
            "anc-control",
            "anc-domain",
            "anc-gateway",
            "anc-ledger",
            "anc-simulator",
            "anc-store",
            "anc-upstream",
        ],
    ),
    ("xtask", &[]),
];

/// What only tests may use, in any crate.
const FOR_TESTS: &[&str] = &["anc-testkit"];

/// Crates that decide and never wait: nothing here may reach the network, a database or a runtime.
const PURE: &[&str] = &["anc-domain", "anc-ledger", "anc-limits", "anc-wire", "anc-routing"];
const IMPURE: &[&str] = &["tokio", "hyper", "hyper-util", "sqlx", "rusqlite", "axum", "reqwest"];

pub(crate) fn check() -> Result<Findings, String> {
    let output = Command::new("cargo")
        .args(["metadata", "--no-deps", "--format-version", "1", "--offline"])
        .output()
        .map_err(|error| error.to_string())?;
    let metadata: Value =
        serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())?;
    let packages = metadata["packages"].as_array().ok_or("no packages")?;
    Ok(packages.iter().flat_map(findings_of).collect())
}

fn findings_of(package: &Value) -> Findings {
    let name = package["name"].as_str().unwrap_or_default();
    let Some((_, allowed)) = ALLOWED.iter().find(|(known, _)| *known == name) else {
        return vec![format!("{name} has no line in xtask/src/directions.rs")];
    };
    let mut findings = Vec::new();
    for dependency in package["dependencies"].as_array().into_iter().flatten() {
        let wanted = dependency["name"].as_str().unwrap_or_default();
        let for_tests = dependency["kind"] == "dev";
        let ours = ALLOWED.iter().any(|(known, _)| *known == wanted);
        let permitted = allowed.contains(&wanted) || (for_tests && FOR_TESTS.contains(&wanted));
        if ours && !permitted {
            findings.push(format!("{name} must not depend on {wanted}"));
        }
        if !for_tests && PURE.contains(&name) && IMPURE.contains(&wanted) {
            findings
                .push(format!("{name} decides and never waits; it must not depend on {wanted}"));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn package(name: &str, dependency: &str, kind: Option<&str>) -> Value {
        json!({ "name": name, "dependencies": [{ "name": dependency, "kind": kind }] })
    }

    #[test]
    fn a_wrong_direction_is_found() {
        assert_eq!(findings_of(&package("anc-ledger", "anc-store", None)).len(), 1);
        assert_eq!(findings_of(&package("anc-wire", "tokio", None)).len(), 1);
        assert_eq!(findings_of(&package("anc-gateway", "anc-testkit", None)).len(), 1);
        assert_eq!(findings_of(&package("anc-new", "serde", None)).len(), 1);
    }

    #[test]
    fn what_is_allowed_is_not() {
        assert!(findings_of(&package("anc-store", "anc-ledger", None)).is_empty());
        assert!(findings_of(&package("anc-gateway", "anc-testkit", Some("dev"))).is_empty());
        assert!(findings_of(&package("anc-wire", "tokio", Some("dev"))).is_empty());
    }
}
