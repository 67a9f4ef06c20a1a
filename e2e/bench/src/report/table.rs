//! The report as a table, for a terminal and for a document.

use std::fmt::Write as _;

use super::{number, Cell, Report, Row, ScenarioReport};

/// Aligned columns.
pub fn terminal(report: &Report) -> String {
    let mut lines: Vec<Vec<String>> = Vec::new();
    for scenario in &report.scenarios {
        lines.push(head(report, scenario));
        lines.extend(scenario.rows.iter().map(|row| line(row, "  ")));
        lines.extend(failures(scenario).map(|text| vec![format!("  {text}")]));
    }
    let widths = widths(&lines);
    let mut text = String::new();
    for line in &lines {
        let cells = line.iter().zip(&widths).enumerate();
        let padded = cells.map(|(at, (cell, width))| match at {
            0 => format!("{cell:<width$}"),
            _ => format!("{cell:>width$}"),
        });
        let padded: Vec<String> = padded.collect();
        let _ = writeln!(text, "{}", padded.join("  ").trim_end());
    }
    text
}

/// A section and a table for each scenario.
pub fn markdown(report: &Report) -> String {
    let mut text = String::new();
    for scenario in &report.scenarios {
        let head = head(report, scenario);
        let _ = writeln!(text, "## {}\n", scenario.scenario);
        let _ = writeln!(text, "| figure | {} |", head[1..].join(" | "));
        let _ = writeln!(text, "|---|{}", "---:|".repeat(head.len() - 1));
        for row in &scenario.rows {
            let _ = writeln!(text, "| {} |", line(row, "").join(" | "));
        }
        for failure in failures(scenario) {
            let _ = writeln!(text, "\n{failure}");
        }
        text.push('\n');
    }
    text
}

fn head(report: &Report, scenario: &ScenarioReport) -> Vec<String> {
    let mut head = vec![scenario.scenario.clone()];
    head.extend(report.relayers.iter().cloned());
    if let [ours, theirs] = report.relayers.as_slice() {
        head.push(format!("{theirs} / {ours}"));
    }
    head
}

fn line(row: &Row, indent: &str) -> Vec<String> {
    let unit = row.unit.symbol();
    let name = match unit {
        "" => format!("{indent}{}", row.figure),
        unit => format!("{indent}{} [{unit}]", row.figure),
    };
    let mut line = vec![name];
    line.extend(row.cells.iter().map(cell));
    if row.cells.len() == 2 {
        let ratio = row.ratio.map(|ratio| format!("× {}", number(ratio)));
        line.push(ratio.unwrap_or_default());
    }
    line
}

/// The median, with the least and the greatest if there are several.
fn cell(cell: &Cell) -> String {
    let Some(median) = cell.median else {
        return "–".to_owned();
    };
    let least = cell.values.iter().copied().fold(f64::INFINITY, f64::min);
    let greatest = cell
        .values
        .iter()
        .copied()
        .fold(f64::NEG_INFINITY, f64::max);
    if least < greatest {
        format!(
            "{} ({}–{})",
            number(median),
            number(least),
            number(greatest)
        )
    } else {
        number(median)
    }
}

fn failures(scenario: &ScenarioReport) -> impl Iterator<Item = String> + '_ {
    let failures = scenario.failures.iter();
    failures.map(|failure| {
        format!(
            "FAILED: {}, round {}: {}",
            failure.relayer, failure.round, failure.why
        )
    })
}

/// The widest cell of each column. A line of one cell (a failure) is as long as
/// it is.
fn widths(lines: &[Vec<String>]) -> Vec<usize> {
    let columns = lines.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| {
        let cells = lines.iter().filter(|line| line.len() > 1);
        let cells = cells.filter_map(|line| line.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    (0..columns).map(width).collect()
}
