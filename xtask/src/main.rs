//! Checks of the project's own structure, run by `cargo xtask`: which crate may know which, how
//! long a file may be, and what must not be written down.

mod directions;
mod files;

use std::process::ExitCode;

/// What a check found; empty where everything is as it should be.
type Findings = Vec<String>;
type Check = fn() -> Result<Findings, String>;

#[expect(clippy::print_stderr, clippy::print_stdout, reason = "the output of a command")]
fn main() -> ExitCode {
    let checks: [(&str, Check); 3] = [
        ("crate directions", directions::check),
        ("file lengths", files::check_lengths),
        ("registry hosts", files::check_hosts),
    ];
    let mut sound = true;
    for (name, check) in checks {
        match check() {
            Ok(findings) if findings.is_empty() => println!("{name}: fine"),
            Ok(findings) => {
                sound = false;
                for finding in findings {
                    eprintln!("{name}: {finding}");
                }
            }
            Err(failure) => {
                sound = false;
                eprintln!("{name}: cannot be checked: {failure}");
            }
        }
    }
    if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
