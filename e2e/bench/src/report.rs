//! Measures in, words and pictures out: medians, ratios, what failed. Pure.

mod plot;
mod table;

pub use plot::svg;
pub use table::{markdown, terminal};

use serde::Serialize;

use crate::measure::{median, Measure, Outcome, Unit};

/// Everything measured, a row for each figure of each scenario.
#[derive(Debug, PartialEq, Serialize)]
pub struct Report {
    /// In the order in which they were first measured.
    pub relayers: Vec<String>,
    pub scenarios: Vec<ScenarioReport>,
}

#[derive(Debug, PartialEq, Serialize)]
pub struct ScenarioReport {
    pub scenario: String,
    pub rows: Vec<Row>,
    pub failures: Vec<Failure>,
}

#[derive(Debug, PartialEq, Serialize)]
pub struct Row {
    pub figure: String,
    pub unit: Unit,
    /// One for each of the report's relayers.
    pub cells: Vec<Cell>,
    /// The second relayer's median by the first one's.
    pub ratio: Option<f64>,
}

/// One relayer's values of one figure.
#[derive(Debug, Default, PartialEq, Serialize)]
pub struct Cell {
    pub median: Option<f64>,
    /// A value a round.
    pub values: Vec<f64>,
}

/// A round that came to nothing, and why.
#[derive(Debug, PartialEq, Serialize)]
pub struct Failure {
    pub relayer: String,
    pub round: u32,
    pub why: String,
}

impl Report {
    pub fn of(measures: &[Measure]) -> Self {
        let relayers = distinct(measures.iter().map(|measure| &measure.relayer));
        let scenarios = distinct(measures.iter().map(|measure| &measure.scenario));
        let scenarios = scenarios.into_iter().map(|scenario| {
            let of_scenario: Vec<&Measure> =
                measures.iter().filter(|m| m.scenario == scenario).collect();
            ScenarioReport {
                rows: rows(&relayers, &of_scenario),
                failures: of_scenario.iter().filter_map(|m| failure(m)).collect(),
                scenario,
            }
        });
        Self {
            scenarios: scenarios.collect(),
            relayers,
        }
    }

    pub fn has_failures(&self) -> bool {
        self.scenarios
            .iter()
            .any(|scenario| !scenario.failures.is_empty())
    }
}

fn rows(relayers: &[String], measures: &[&Measure]) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for measure in measures {
        let Outcome::Done(figures) = &measure.outcome else {
            continue;
        };
        let Some(column) = relayers.iter().position(|name| *name == measure.relayer) else {
            continue;
        };
        for figure in figures {
            let is_same = |row: &Row| row.figure == figure.name && row.unit == figure.unit;
            let known = rows.iter().position(is_same);
            let row = known.unwrap_or_else(|| {
                rows.push(Row {
                    figure: figure.name.clone(),
                    unit: figure.unit,
                    cells: relayers.iter().map(|_| Cell::default()).collect(),
                    ratio: None,
                });
                rows.len() - 1
            });
            rows[row].cells[column].values.push(figure.value);
        }
    }
    for row in &mut rows {
        for cell in &mut row.cells {
            cell.median = median(&cell.values);
        }
        row.ratio = match row.cells.as_slice() {
            [ours, theirs, ..] => ratio(ours.median, theirs.median),
            _ => None,
        };
    }
    rows
}

fn ratio(ours: Option<f64>, theirs: Option<f64>) -> Option<f64> {
    let (ours, theirs) = (ours?, theirs?);
    (ours > 0.0).then(|| theirs / ours)
}

fn failure(measure: &Measure) -> Option<Failure> {
    match &measure.outcome {
        Outcome::Done(_) => None,
        Outcome::Failed(why) => Some(Failure {
            relayer: measure.relayer.clone(),
            round: measure.round,
            why: why.clone(),
        }),
    }
}

fn distinct<'a>(names: impl Iterator<Item = &'a String>) -> Vec<String> {
    let mut seen = Vec::new();
    for name in names {
        if !seen.contains(name) {
            seen.push(name.clone());
        }
    }
    seen
}

/// As many digits as say something.
fn number(value: f64) -> String {
    match value.abs() {
        value if value >= 1000.0 => format!("{:.0}", value.round()),
        value if value >= 100.0 => format!("{value:.0}"),
        value if value >= 10.0 => format!("{value:.1}"),
        value => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests;
