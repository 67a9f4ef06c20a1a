use super::*;
use crate::measure::Figure;

fn done(scenario: &str, relayer: &str, round: u32, seconds: f64) -> Measure {
    let figure = Figure::new("last ack", Unit::Seconds, seconds);
    Measure {
        scenario: scenario.into(),
        relayer: relayer.into(),
        round,
        outcome: Outcome::Done(vec![figure]),
    }
}

fn failed(scenario: &str, relayer: &str, round: u32) -> Measure {
    Measure {
        scenario: scenario.into(),
        relayer: relayer.into(),
        round,
        outcome: Outcome::Failed("7 of 500 acknowledged".into()),
    }
}

#[test]
fn a_row_has_medians_and_the_ratio_of_the_peer_to_us() {
    let measures = [
        done("burst", "tern", 1, 5.0),
        done("burst", "hermes", 1, 11.0),
        done("burst", "tern", 2, 4.0),
        done("burst", "hermes", 2, 12.0),
        done("burst", "tern", 3, 9.0),
        done("burst", "hermes", 3, 10.0),
    ];
    let report = Report::of(&measures);
    assert_eq!(report.relayers, ["tern", "hermes"]);
    let row = &report.scenarios[0].rows[0];
    assert_eq!(row.cells[0].median, Some(5.0));
    assert_eq!(row.cells[1].median, Some(11.0));
    assert_eq!(row.ratio, Some(2.2));
}

#[test]
fn a_failed_round_is_shown_and_does_not_count_in_the_median() {
    let measures = [
        done("burst", "tern", 1, 5.0),
        failed("burst", "tern", 2),
        failed("far", "tern", 1),
    ];
    let report = Report::of(&measures);
    assert_eq!(report.scenarios[0].rows[0].cells[0].median, Some(5.0));
    assert!(report
        .scenarios
        .iter()
        .all(|scenario| scenario.failures.len() == 1));
    assert!(report.has_failures());
    for text in [terminal(&report), markdown(&report), svg(&report)] {
        assert!(text.contains("7 of 500 acknowledged"), "{text}");
    }
}

#[test]
fn alone_there_is_no_ratio() {
    let report = Report::of(&[done("one", "tern", 1, 3.0)]);
    assert_eq!(report.scenarios[0].rows[0].ratio, None);
    assert!(!terminal(&report).contains('×'));
}

#[test]
fn what_only_one_of_them_did_is_a_row_without_a_ratio() {
    let mut peer = done("one", "hermes", 1, 4.0);
    if let Outcome::Done(figures) = &mut peer.outcome {
        figures.push(Figure::new("rpc header", Unit::Count, 3.0));
    }
    let report = Report::of(&[done("one", "tern", 1, 3.0), peer]);
    let row = &report.scenarios[0].rows[1];
    assert_eq!((row.cells[0].median, row.ratio), (None, None));
    assert!(markdown(&report).contains("| rpc header | – | 3.00 |"));
}

#[test]
fn numbers_have_as_many_digits_as_say_something() {
    let shown = [0.5, 3.25159, 12.345, 204.4, 81234.5].map(number);
    assert_eq!(shown, ["0.50", "3.25", "12.3", "204", "81235"]);
}
