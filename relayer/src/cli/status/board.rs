//! The board's state: what is shown, what is selected, and what keys change.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use tern::overview::{Overview, PacketOverview, PathOverview};
use tern_core::ledger::EndKey;

/// Letters of a search.
const SEARCH_MAX: usize = 60;

/// What is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Screen {
    #[default]
    Overview,
    /// The pending packets of the path from this end.
    Path {
        src: String,
    },
    Help,
}

/// What a key asks for beyond the board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    Quit,
    Pause(EndKey),
    Resume(EndKey),
}

/// What is to be confirmed: whether to pause or resume the channel of this end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    pub src: EndKey,
    pub is_paused: bool,
}

/// Everything that is drawn.
#[derive(Clone, Debug)]
pub struct Board {
    pub overview: Overview,
    /// Why there is no newer one.
    pub lost: Option<String>,
    pub screen: Screen,
    /// Which of the paths that are shown.
    pub selected: usize,
    /// Of the path that is open; `None` until they are known.
    pub packets: Option<Vec<PacketOverview>>,
    /// Rows of packets that are left out first.
    pub scrolled: usize,
    /// Paths without this text in their name are left out.
    pub search: String,
    pub is_searching: bool,
    pub question: Option<Question>,
    /// What came of the last action.
    pub answer: Option<String>,
}

impl Board {
    pub fn new(overview: Overview) -> Self {
        Self {
            overview,
            lost: None,
            screen: Screen::default(),
            selected: 0,
            packets: None,
            scrolled: 0,
            search: String::new(),
            is_searching: false,
            question: None,
            answer: None,
        }
    }

    /// The paths that are shown: served ones that the search is for.
    pub fn paths(&self) -> impl Iterator<Item = &PathOverview> {
        let paths = self.overview.paths.iter();
        paths.filter(|path| path.is_served && self.is_found(path))
    }

    fn is_found(&self, path: &PathOverview) -> bool {
        let search = self.search.to_lowercase();
        let names = [&path.src.name, &path.dst.name];
        names
            .iter()
            .any(|name| name.to_lowercase().contains(&search))
    }

    /// The path whose packets are shown.
    pub fn open_path(&self) -> Option<&PathOverview> {
        let Screen::Path { src } = &self.screen else {
            return None;
        };
        let mut paths = self.overview.paths.iter();
        paths.find(|path| path.src.name == *src)
    }

    /// A newer overview, with the packets of the path that is open.
    pub fn renewed(&mut self, overview: Overview, packets: Option<Vec<PacketOverview>>) {
        self.overview = overview;
        self.packets = packets;
        self.lost = None;
        self.selected = self.selected.min(self.paths().count().saturating_sub(1));
    }

    /// What a key does.
    pub fn key(&mut self, key: KeyEvent) -> Option<Asked> {
        if key.modifiers.contains(KeyModifiers::CONTROL) && key.code == KeyCode::Char('c') {
            return Some(Asked::Quit);
        }
        self.answer = None;
        if let Some(Question { src, is_paused }) = self.question.take() {
            return match (key.code, is_paused) {
                (KeyCode::Char('y'), true) => Some(Asked::Resume(src)),
                (KeyCode::Char('y'), false) => Some(Asked::Pause(src)),
                _ => None,
            };
        }
        if self.is_searching {
            self.search_key(key.code);
            return None;
        }
        match (&self.screen, key.code) {
            (_, KeyCode::Char('q')) => return Some(Asked::Quit),
            (Screen::Overview, KeyCode::Esc) if self.search.is_empty() => {
                return Some(Asked::Quit);
            }
            (Screen::Overview, KeyCode::Esc) => self.search.clear(),
            (_, KeyCode::Esc | KeyCode::Backspace | KeyCode::Left) => {
                self.screen = Screen::Overview;
                self.packets = None;
            }
            (Screen::Overview, KeyCode::Char('p')) => {
                let asked = self.paths().nth(self.selected).and_then(question);
                self.question = asked;
            }
            (Screen::Path { .. }, KeyCode::Char('p')) => {
                let asked = self.open_path().and_then(question);
                self.question = asked;
            }
            (_, KeyCode::Char('?')) => self.screen = Screen::Help,
            (Screen::Overview, KeyCode::Char('/')) => self.is_searching = true,
            (Screen::Overview, KeyCode::Enter | KeyCode::Right) => self.open_selected(),
            (_, KeyCode::Down | KeyCode::Char('j')) => self.moved(1),
            (_, KeyCode::Up | KeyCode::Char('k')) => self.moved(-1),
            (_, KeyCode::PageDown) => self.moved(10),
            (_, KeyCode::PageUp) => self.moved(-10),
            _ => {}
        }
        None
    }

    fn search_key(&mut self, code: KeyCode) {
        match code {
            KeyCode::Enter => self.is_searching = false,
            KeyCode::Esc => {
                self.is_searching = false;
                self.search.clear();
            }
            KeyCode::Backspace => drop(self.search.pop()),
            KeyCode::Char(letter) if self.search.chars().count() < SEARCH_MAX => {
                self.search.push(letter);
            }
            _ => {}
        }
        self.selected = 0;
    }

    fn open_selected(&mut self) {
        let selected = self.paths().nth(self.selected);
        if let Some(src) = selected.map(|path| path.src.name.clone()) {
            self.screen = Screen::Path { src };
            self.packets = None;
            self.scrolled = 0;
        }
    }

    /// Up or down by so many rows.
    fn moved(&mut self, rows: isize) {
        let (at, last) = match self.screen {
            Screen::Path { .. } => {
                let packets = self.packets.as_ref().map_or(0, Vec::len);
                (&mut self.scrolled, packets.saturating_sub(1))
            }
            Screen::Overview | Screen::Help => {
                let last = self.paths().count().saturating_sub(1);
                (&mut self.selected, last)
            }
        };
        *at = at.saturating_add_signed(rows).min(last);
    }
}

/// Whether to pause this path, or to resume it.
fn question(path: &PathOverview) -> Option<Question> {
    Some(Question {
        src: path.src.key()?,
        is_paused: path.paused_since.is_some(),
    })
}
