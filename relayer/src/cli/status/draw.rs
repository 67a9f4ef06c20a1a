//! How the board is drawn, in 80 columns and 24 rows or more.

use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Row, Table, TableState, Wrap};
use ratatui::Frame;
use tern::overview::{ChainState, Need, Severity};
use tern::words::{self, grouped, quoted, span, time_of_day};

use super::board::{Board, Question, Screen};
use super::text;

/// Rows that things which need a person take at most.
const NEEDS_ROWS: usize = 8;

const KEYS: &str = "\
 Up, Down   select a path          Enter   open it
 /          search paths           Esc     back, or quit
 p          pause or resume it     ?       these keys
 q          quit";

/// With colours, unless the environment does not want them (https://no-color.org).
#[derive(Clone, Copy, Debug)]
pub struct Palette {
    pub has_colours: bool,
}

impl Palette {
    fn colour(self, colour: Color) -> Style {
        match self.has_colours {
            true => Style::new().fg(colour),
            false => Style::new(),
        }
    }

    fn bad(self) -> Style {
        self.colour(Color::Red).add_modifier(Modifier::BOLD)
    }

    fn warning(self) -> Style {
        self.colour(Color::Yellow)
    }

    fn good(self) -> Style {
        self.colour(Color::Green)
    }
}

pub fn draw(board: &Board, palette: Palette, frame: &mut Frame<'_>) {
    let [head, body, foot] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Min(1),
        Constraint::Length(1),
    ])
    .areas(frame.area());
    frame.render_widget(headline(board, palette), head);
    match &board.screen {
        Screen::Overview => overview(board, palette, frame, body),
        Screen::Path { .. } => path(board, frame, body),
        Screen::Help => frame.render_widget(Paragraph::new(KEYS), body),
    }
    let keys = match (&board.screen, board.is_searching, board.search.as_str()) {
        _ if board.question.is_some() => board.question.as_ref().map(asked).unwrap_or_default(),
        _ if board.answer.is_some() => board.answer.clone().unwrap_or_default(),
        (_, true, search) => format!("/{search}_"),
        (Screen::Overview, false, "") => {
            "Enter opens a path   / searches   p pauses   ? keys   q quits".into()
        }
        (Screen::Overview, false, search) => format!("paths with `{search}`   Esc shows all"),
        (Screen::Path { .. }, ..) => "Esc goes back   p pauses   q quits".into(),
        (Screen::Help, ..) => "Esc goes back   q quits".into(),
    };
    frame.render_widget(
        Line::styled(keys, Style::new().add_modifier(Modifier::DIM)),
        foot,
    );
}

fn asked(question: &Question) -> String {
    let Question { src, is_paused } = question;
    match is_paused {
        true => format!("Resume the channel of {src}, both ways? y/n"),
        false => format!("Pause the channel of {src}, both ways? y/n"),
    }
}

fn headline(board: &Board, palette: Palette) -> Line<'static> {
    if let Some(reason) = &board.lost {
        let at = time_of_day(&board.overview.at);
        let text = format!("The daemon does not answer since {at} UTC: {reason}");
        return Line::styled(text, palette.bad());
    }
    let overview = &board.overview;
    let style = match (overview.needs_a_person(), overview.needs.is_empty()) {
        (true, _) => palette.bad(),
        (false, true) => palette.good(),
        (false, false) => palette.warning(),
    };
    let at = format!("   {} UTC", time_of_day(&overview.at));
    Line::from(vec![
        Span::styled(overview.verdict.clone(), style.add_modifier(Modifier::BOLD)),
        Span::raw(at),
    ])
}

fn overview(board: &Board, palette: Palette, frame: &mut Frame<'_>, area: Rect) {
    let needs = needs(&board.overview.needs, palette);
    let needs_rows = needs.len().min(NEEDS_ROWS);
    let chains = board.overview.chains.len();
    let [needs_area, chains_area, paths_area] = Layout::vertical([
        Constraint::Length(rows(needs_rows)),
        // With its header, and an empty row.
        Constraint::Length(rows(chains + 2)),
        Constraint::Min(3),
    ])
    .areas(area);
    frame.render_widget(Paragraph::new(needs), needs_area);
    frame.render_widget(chains_table(board, palette), chains_area);
    if board.overview.paths.iter().all(|path| !path.is_served) {
        frame.render_widget(Paragraph::new(text::NO_PATH), paths_area);
        return;
    }
    let mut state = TableState::new().with_selected(board.selected);
    frame.render_stateful_widget(paths_table(board), paths_area, &mut state);
}

fn rows(count: usize) -> u16 {
    u16::try_from(count).unwrap_or(u16::MAX)
}

fn needs(needs: &[Need], palette: Palette) -> Vec<Line<'static>> {
    let lines = needs.iter().flat_map(|need| {
        let style = match need.severity {
            Severity::Act => palette.bad(),
            Severity::Watch => palette.warning(),
        };
        let lines = text::need(need);
        let lines = lines.lines().map(str::to_owned).collect::<Vec<_>>();
        lines
            .into_iter()
            .enumerate()
            .map(move |(index, line)| match index {
                0 => Line::styled(line, style),
                _ => Line::raw(line),
            })
    });
    lines.collect()
}

fn header(names: &[&'static str]) -> Row<'static> {
    Row::new(names.to_vec()).style(Style::new().add_modifier(Modifier::BOLD))
}

fn chains_table(board: &Board, palette: Palette) -> Table<'static> {
    let chains = board.overview.chains.iter().map(|chain| {
        let (state, style) = match chain.state {
            ChainState::Following => ("following", Style::new()),
            ChainState::CatchingUp => ("catching up", palette.warning()),
            ChainState::Down => ("DOWN", palette.bad()),
        };
        let well = chain.nodes.iter().filter(|node| node.is_well).count();
        let mut wallets = board.overview.wallets.iter();
        let wallet = wallets.find(|wallet| wallet.chain == chain.chain);
        let lasts = wallet.and_then(|wallet| wallet.days_left).map(words::days);
        Row::new([
            chain.chain.clone(),
            state.to_owned(),
            text::or_dash(chain.height.map(grouped)),
            text::or_dash(chain.block_age_seconds.map(span)),
            format!("{well}/{}", chain.nodes.len()),
            text::or_dash(lasts),
        ])
        .style(style)
    });
    let widths = [
        Constraint::Fill(2),
        Constraint::Length(11),
        Constraint::Length(11),
        Constraint::Length(9),
        Constraint::Length(5),
        Constraint::Length(8),
    ];
    let names = ["CHAIN", "STATE", "HEIGHT", "AGE", "NODES", "FUNDS"];
    Table::new(chains, widths).header(header(&names))
}

fn paths_table(board: &Board) -> Table<'static> {
    let paths = board.paths().map(|path| {
        let age = path.oldest.as_ref().and_then(|oldest| oldest.age_seconds);
        Row::new([
            text::name(path),
            grouped(path.pending),
            text::or_dash(age.map(span)),
            text::or_dash(path.last_moved.as_deref().map(time_of_day)),
            sparkline(&path.ended_by_hour),
        ])
    });
    let widths = [
        Constraint::Fill(1),
        Constraint::Length(7),
        Constraint::Length(9),
        Constraint::Length(8),
        Constraint::Length(8),
    ];
    let names = ["PATH", "PENDING", "OLDEST", "LAST", "24 H"];
    Table::new(paths, widths)
        .header(header(&names))
        .row_highlight_style(Style::new().add_modifier(Modifier::REVERSED))
}

/// A bar for every three hours, the oldest first.
fn sparkline(hours: &[u32]) -> String {
    const BARS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let sums = hours.chunks(3);
    let sums: Vec<u64> = sums
        .map(|hours| hours.iter().map(|count| u64::from(*count)).sum())
        .collect();
    let most = sums.iter().copied().max().unwrap_or_default().max(1);
    let bars = sums.into_iter().map(|sum| {
        // Anything at all is seen.
        let height = (sum * 8).div_ceil(most);
        usize::try_from(height)
            .ok()
            .and_then(|height| BARS.get(height))
    });
    bars.flatten().collect()
}

fn path(board: &Board, frame: &mut Frame<'_>, area: Rect) {
    let Some(path) = board.open_path() else {
        frame.render_widget(Paragraph::new("This path is not known any more."), area);
        return;
    };
    let [about_area, packets_area] =
        Layout::vertical([Constraint::Length(5), Constraint::Min(1)]).areas(area);
    let about = format!(
        "{}\n{} pending; since the start {} sent, {} received, {} acknowledged,\n\
         {} timed out; other relayers paid for {} messages",
        text::name(path),
        grouped(path.pending),
        grouped(path.sent),
        grouped(path.received),
        grouped(path.acknowledged),
        grouped(path.timed_out),
        grouped(path.by_others),
    );
    frame.render_widget(Paragraph::new(about).wrap(Wrap { trim: false }), about_area);
    let packets = match &board.packets {
        None => vec![Line::raw("Asking for its packets…")],
        Some(packets) if packets.is_empty() => vec![Line::raw("No packet is pending.")],
        Some(packets) => {
            let packets = packets.iter().skip(board.scrolled);
            let lines = packets.map(|packet| {
                let age = text::or_dash(packet.age_seconds.map(span));
                let (sequence, state) = (packet.sequence, &packet.state);
                Line::raw(format!(
                    "#{sequence:<9} {state:<11} {age:<9} {}",
                    quoted(&packet.waits_for)
                ))
            });
            lines.collect()
        }
    };
    frame.render_widget(Paragraph::new(packets), packets_area);
}

#[cfg(test)]
mod tests;
