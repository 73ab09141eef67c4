//! The documentation against the program: what there is has its row, and what has a row is there.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anc_domain::RelayErrorCode;

fn read(path: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The first code word of each table row of a page.
fn rows(page: &str) -> BTreeSet<String> {
    read(page)
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .map(str::to_owned)
        .collect()
}

fn program(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_anc-relay")).args(arguments).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn every_setting_has_its_row_and_its_default() {
    let page = read("docs/configuration.md");
    let mut table = String::new();
    let mut settings = 0;
    for line in read("config.default.toml").lines() {
        if let Some(name) = line.strip_prefix('[') {
            table = format!("{}.", name.trim_end_matches(']'));
        } else if let Some((key, default)) =
            line.split_once(" = ").filter(|_| !line.starts_with('#'))
        {
            let row = format!("| `{table}{key}` | `{default}` |");
            assert!(page.contains(&row), "docs/configuration.md lacks {row}");
            settings += 1;
        }
    }
    assert!(settings > 20, "the defaults were read");
}

#[test]
fn every_error_code_of_the_relay_has_its_row_with_its_statuses() {
    let page = read("docs/errors.md");
    for code in RelayErrorCode::ALL {
        let envelope = code.envelope();
        let (one, other) = (envelope.status, envelope.anthropic_status);
        let row = format!("| `{}` | {one} / {other} |", code.code());
        assert!(page.contains(&row), "docs/errors.md lacks {row}");
    }
}

#[test]
fn every_error_code_of_the_control_api_has_its_row() {
    let rows = rows("docs/errors.md");
    let source = read("crates/anc-control/src/error.rs");
    let codes: Vec<&str> = source
        .lines()
        .filter_map(|line| line.split_once("StatusCode::")?.1.split('"').nth(1))
        .collect();
    assert!(codes.len() > 10, "the codes were found");
    for code in codes {
        assert!(rows.contains(code), "docs/errors.md lacks {code}");
    }
}

#[test]
fn every_endpoint_has_its_row_and_every_row_its_endpoint() {
    let document: serde_json::Value = serde_json::from_str(&program(&["openapi"])).unwrap();
    let mut endpoints = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            endpoints.insert(format!("{} {path}", method.to_uppercase()));
        }
    }
    assert_eq!(rows("docs/control-api.md"), endpoints);
}

#[test]
fn the_committed_openapi_document_is_the_programs_own() {
    assert_eq!(read("console/openapi.json"), program(&["openapi"]), "run `make generate`");
}

#[test]
fn every_command_and_flag_has_its_row() {
    let page = read("docs/command-line.md");
    for command in [
        "serve",
        "setup",
        "user add",
        "user list",
        "user invite",
        "user set",
        "user password-link",
        "user remove-factor",
        "channel add",
        "channel list",
        "channel test",
        "api",
        "price set",
        "price import",
        "token create",
        "token list",
        "token show",
        "token disable",
        "token enable",
        "token rotate",
        "token delete",
        "credit",
        "code create",
        "code list",
        "code revoke",
        "ledger verify",
        "usage prune",
        "migrate status",
        "migrate up",
        "copy",
        "reseal",
        "config print",
        "mail test",
        "demo",
        "seed",
        "openapi",
        "version",
    ] {
        let row = page
            .lines()
            .find(|line| line.starts_with(&format!("| `anc-relay {command}")))
            .unwrap_or_else(|| panic!("docs/command-line.md lacks {command}"));
        let mut arguments: Vec<&str> = command.split(' ').collect();
        arguments.push("--help");
        for word in program(&arguments).split_whitespace().filter(|word| word.starts_with("--")) {
            let flag = word.trim_end_matches([',', ']']);
            // These are said once for all commands; the last is the same everywhere.
            let common = ["--data", "--database", "--config", "--json", "--help", "--account"]
                .contains(&flag);
            assert!(common || row.contains(flag), "{command}: the row lacks {flag}");
        }
    }
    for help in program(&["--help"]).lines() {
        let Some(name) = help.strip_prefix("  ").and_then(|line| line.split(' ').next()) else {
            continue;
        };
        let is_command = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase());
        assert!(
            !is_command || name == "help" || page.contains(&format!("`anc-relay {name}")),
            "docs/command-line.md lacks {name}"
        );
    }
}
