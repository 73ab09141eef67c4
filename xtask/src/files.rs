//! What is asked of every file.

use std::fs;
use std::process::Command;

use crate::Findings;

/// A reader must be able to hold a file in their head.
const LINES_MAX: usize = 700;
const SOURCES: &[&str] = &[".rs", ".ts", ".tsx", ".css", ".sh", ".sql"];
/// Made by a program, for a program.
const GENERATED: &[&str] = &["console/src/api/schema.d.ts"];

/// Hosts of package registries, which belong into lock files alone. Written in two halves, so that
/// this file does not find itself.
const HOSTS: &[(&str, &str)] = &[
    ("registry.", "npmjs.org"),
    ("static.", "crates.io"),
    ("index.", "crates.io"),
    ("files.python", "hosted.org"),
    ("deb.", "debian.org"),
];

pub(crate) fn check_lengths() -> Result<Findings, String> {
    let mut findings = Vec::new();
    for path in tracked()? {
        let is_source = SOURCES.iter().any(|ending| path.ends_with(ending));
        if !is_source || GENERATED.contains(&path.as_str()) {
            continue;
        }
        let lines = read(&path).lines().count();
        if lines > LINES_MAX {
            findings.push(format!("{path} has {lines} lines; {LINES_MAX} is the most"));
        }
    }
    Ok(findings)
}

pub(crate) fn check_hosts() -> Result<Findings, String> {
    let mut findings = Vec::new();
    for path in tracked()?.into_iter().filter(|path| !is_lock_file(path)) {
        let text = read(&path);
        for (one, other) in HOSTS {
            let host = format!("{one}{other}");
            if text.contains(&host) {
                findings.push(format!("{path} names {host}"));
            }
        }
    }
    Ok(findings)
}

fn is_lock_file(path: &str) -> bool {
    path.ends_with("Cargo.lock") || path.ends_with("package-lock.json")
}

/// A file that cannot be read as text, such as a picture, has nothing to find.
fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

fn tracked() -> Result<Vec<String>, String> {
    let output = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .output()
        .map_err(|error| error.to_string())?;
    let text = String::from_utf8(output.stdout).map_err(|error| error.to_string())?;
    Ok(text.lines().map(str::to_owned).collect())
}
