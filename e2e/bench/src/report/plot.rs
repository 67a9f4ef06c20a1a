//! The report as a picture: the headline of each scenario, a bar for each relayer.

use std::fmt::Write as _;

use super::{number, Report, Row, ScenarioReport};

const WIDTH: usize = 860;
/// Where the bars begin and how long the longest is.
const LEFT: usize = 230;
const LONGEST: f64 = 480.0;
const BAR: usize = 18;
const COLOURS: [&str; 3] = ["#1b7f79", "#c2703d", "#6b6b8d"];

/// Bars within a scenario are to scale; scenarios are not, with one another.
pub fn svg(report: &Report) -> String {
    let mut body = String::new();
    let mut y = 30;
    for (at, relayer) in report.relayers.iter().enumerate() {
        let x = LEFT + at * 120;
        let _ = writeln!(
            body,
            "<rect x=\"{x}\" y=\"{}\" width=\"12\" height=\"12\" fill=\"{}\"/>\
             <text x=\"{}\" y=\"{y}\">{}</text>",
            y - 11,
            colour(at),
            x + 18,
            escaped(relayer)
        );
    }
    y += 20;
    for scenario in &report.scenarios {
        y = draw(&mut body, scenario, y);
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {y}\" \
         font-family=\"sans-serif\" font-size=\"13\" fill=\"#222\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n{body}</svg>\n"
    )
}

/// Draws a scenario below `y`; returns where the next one begins.
fn draw(body: &mut String, scenario: &ScenarioReport, mut y: usize) -> usize {
    if let Some(headline) = scenario.rows.first() {
        let name = format!(
            "{}: {} [{}]",
            scenario.scenario,
            headline.figure,
            headline.unit.symbol()
        );
        let _ = writeln!(
            body,
            "<text x=\"10\" y=\"{}\">{}</text>",
            y + 14,
            escaped(&name)
        );
        y = bars(body, headline, y);
    }
    for failure in &scenario.failures {
        let text = format!(
            "{}: {} failed in round {}: {}",
            scenario.scenario, failure.relayer, failure.round, failure.why
        );
        let _ = writeln!(
            body,
            "<text x=\"10\" y=\"{}\" fill=\"#a00\">{}</text>",
            y + 14,
            escaped(&text)
        );
        y += BAR + 4;
    }
    y + 12
}

fn bars(body: &mut String, row: &Row, mut y: usize) -> usize {
    let medians = row.cells.iter().filter_map(|cell| cell.median);
    let greatest = medians.fold(f64::MIN_POSITIVE, f64::max);
    for (at, cell) in row.cells.iter().enumerate() {
        if let Some(median) = cell.median {
            let length = median / greatest * LONGEST;
            let _ = writeln!(
                body,
                "<rect x=\"{LEFT}\" y=\"{y}\" width=\"{length:.1}\" height=\"{}\" fill=\"{}\"/>\
                 <text x=\"{:.1}\" y=\"{}\">{}</text>",
                BAR - 4,
                colour(at),
                LEFT as f64 + length + 6.0,
                y + 12,
                number(median)
            );
        }
        y += BAR;
    }
    y
}

fn colour(at: usize) -> &'static str {
    COLOURS[at % COLOURS.len()]
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
