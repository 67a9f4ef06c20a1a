//! The board on a terminal of 80 columns and 24 rows, and what its keys do.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::backend::TestBackend;
use ratatui::Terminal;
use tern::overview::PacketOverview;

use super::super::board::Asked;
use super::super::text::tests::overview;
use super::*;

fn screen(board: &Board) -> String {
    let mut terminal = Terminal::new(TestBackend::new(80, 24)).unwrap();
    let palette = Palette { has_colours: false };
    terminal.draw(|frame| draw(board, palette, frame)).unwrap();
    let buffer = terminal.backend().buffer().clone();
    let rows = buffer.content().chunks(80);
    let rows = rows.map(|row| {
        let text: String = row.iter().map(|cell| cell.symbol()).collect();
        text.trim_end().to_owned()
    });
    rows.collect::<Vec<_>>().join("\n")
}

fn press(board: &mut Board, codes: &[KeyCode]) -> Option<Asked> {
    let mut asked = None;
    for code in codes {
        asked = board.key(KeyEvent::new(*code, KeyModifiers::NONE));
    }
    asked
}

#[test]
fn what_needs_a_person_is_on_top_and_everything_fits() {
    let screen = screen(&Board::new(overview()));
    let expected = "\
1 thing needs you   12:00:00 UTC
!! osmosis-1: no node answers: connection refused by http://127.0.0.1:26657
   while asking for the status (since 11:58:00 UTC)
   → `tern health` looks at each node
CHAIN                           STATE       HEIGHT      AGE       NODES FUNDS
osmosis-1                       DOWN        61,234,567  2 min     0/0   3.2 d

PATH                                         PENDING OLDEST    LAST     24 H
akashnet-2 channel-184 → osmosis-1 channel-1 14      6 min     11:57:00 ████████";
    assert!(screen.starts_with(expected), "{screen}");
}

#[test]
fn enter_opens_a_path_with_its_packets_and_escape_goes_back() {
    let mut board = Board::new(overview());
    press(&mut board, &[KeyCode::Enter]);
    assert!(screen(&board).contains("Asking for its packets…"));
    let path = board.open_path().unwrap().clone();
    let packet = PacketOverview {
        src: path.src,
        dst: path.dst,
        sequence: 1_234,
        state: "sent".to_owned(),
        sent_height: Some(7),
        sent_at: None,
        age_seconds: Some(400),
        waits_for: "osmosis-1 is not followed up to its newest block yet".to_owned(),
        transfer: None,
    };
    board.renewed(overview(), Some(vec![packet]));
    let shown = screen(&board);
    assert!(
        shown.contains("#1234      sent        6 min     osmosis-1 is not followed"),
        "{shown}"
    );
    assert_eq!(press(&mut board, &[KeyCode::Esc]), None);
    assert_eq!(board.screen, Screen::Overview);
    assert_eq!(press(&mut board, &[KeyCode::Esc]), Some(Asked::Quit));
}

#[test]
fn a_search_leaves_out_other_paths() {
    let mut board = Board::new(overview());
    press(
        &mut board,
        &[KeyCode::Char('/'), KeyCode::Char('K'), KeyCode::Char('q')],
    );
    assert_eq!(board.paths().count(), 0, "q is a letter here");
    press(&mut board, &[KeyCode::Backspace, KeyCode::Enter]);
    assert_eq!(board.paths().count(), 1);
    assert!(screen(&board).contains("paths with `K`"));
    press(&mut board, &[KeyCode::Esc]);
    assert_eq!(board.search, "");
}

#[test]
fn a_path_is_paused_after_a_question_and_by_nothing_but_yes() {
    let mut board = Board::new(overview());
    press(&mut board, &[KeyCode::Char('p')]);
    let shown = screen(&board);
    let src = board.overview.paths[0].src.key().unwrap();
    assert!(
        shown.contains(&format!("Pause the channel of {src}, both ways? y/n")),
        "{shown}"
    );
    let no = press(&mut board, &[KeyCode::Enter]);
    assert_eq!((no, &board.question), (None, &None));
    let yes = press(&mut board, &[KeyCode::Char('p'), KeyCode::Char('y')]);
    assert_eq!(yes, Some(Asked::Pause(src.clone())));
    board.overview.paths[0].paused_since = Some("2020-09-13T12:26:40Z".to_owned());
    // Also while its packets are shown.
    let keys = [KeyCode::Enter, KeyCode::Char('p'), KeyCode::Char('y')];
    assert_eq!(press(&mut board, &keys), Some(Asked::Resume(src)));
    board.answer = Some("the channel is resumed".to_owned());
    assert!(screen(&board).ends_with("the channel is resumed"));
}

#[test]
fn a_selection_stays_among_the_paths() {
    let mut board = Board::new(overview());
    press(&mut board, &[KeyCode::Up, KeyCode::Down, KeyCode::PageDown]);
    assert_eq!(board.selected, 0);
    let mut more = overview();
    more.paths = vec![more.paths[0].clone(); 3];
    board.renewed(more, None);
    press(&mut board, &[KeyCode::PageDown]);
    assert_eq!(board.selected, 2);
    board.renewed(overview(), None);
    assert_eq!(board.selected, 0);
}

#[test]
fn a_daemon_that_does_not_answer_is_said_with_the_time_of_the_last_news() {
    let mut board = Board::new(overview());
    board.lost = Some("it has ended".to_owned());
    assert!(
        screen(&board).starts_with("The daemon does not answer since 12:00:00 UTC: it has ended")
    );
}

#[test]
fn a_bar_shows_anything_at_all() {
    let mut hours = vec![0; 24];
    hours[0] = 1;
    hours[23] = 100;
    assert_eq!(sparkline(&hours), "▁      █");
}
