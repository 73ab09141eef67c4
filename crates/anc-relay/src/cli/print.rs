//! Standard output: lines for scripts, tables for people.

use std::io::Write as _;

use serde_json::Value;

use crate::cli::CliError;

/// Prints a line. A reader who has closed the pipe has read enough.
pub(super) fn line(text: &str) -> Result<(), CliError> {
    match writeln!(std::io::stdout(), "{text}") {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(CliError::Output(error))
        }
        _ => Ok(()),
    }
}

/// A field as text; nothing where it is absent or null.
pub(super) fn field(document: &Value, key: &str) -> String {
    match &document[key] {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// An amount in dollars, or a word where there is none.
pub(super) fn money_or(document: &Value, key: &str, none: &str) -> String {
    document[key].as_str().map_or_else(|| none.to_owned(), dollars)
}

/// An amount as people write it: the sign comes first.
pub(super) fn dollars(amount: &str) -> String {
    amount.strip_prefix('-').map_or_else(|| format!("${amount}"), |owed| format!("-${owed}"))
}

/// Columns as wide as their widest cell.
pub(super) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(super) fn new(head: &[&str]) -> Self {
        Self { rows: vec![head.iter().map(|&cell| cell.to_owned()).collect()] }
    }

    pub(super) fn row(&mut self, cells: &[String]) {
        self.rows.push(cells.to_vec());
    }

    pub(super) fn print(&self) -> Result<(), CliError> {
        line(&self.text())
    }

    fn text(&self) -> String {
        let columns = self.rows.first().map_or(0, Vec::len);
        let width = |column: usize| {
            self.rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let lines = self.rows.iter().map(|row| {
            let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
            cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        });
        lines.collect::<Vec<_>>().join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_comes_before_the_dollar() {
        assert_eq!((dollars("1.5").as_str(), dollars("-1.5").as_str()), ("$1.5", "-$1.5"));
    }

    #[test]
    fn columns_line_up_and_no_line_ends_in_blanks() {
        let mut table = Table::new(&["A", "Name"]);
        table.row(&["long".to_owned(), "x".to_owned()]);
        assert_eq!(table.text(), "A     Name\nlong  x");
    }
}
