//! Errors of a configuration, with their place in the file.

use std::fmt;
use std::path::PathBuf;

use serde::Deserialize;
use toml::Spanned;

use crate::EXAMPLE;

/// Why the configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error(
        "there is no configuration file {}: create it, or give another file with --config or \
         another folder with --home. The smallest configuration is:\n\n{EXAMPLE}",
        path.display()
    )]
    Missing { path: PathBuf },
    #[error("cannot read the configuration {}", path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("{}{fault}", path.display())]
    Invalid { path: PathBuf, fault: Box<Fault> },
}

/// A chain that is not in the configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("chain `{id}` is not in the configuration. Configured chains: {}", configured.join(", "))]
pub struct UnknownChain {
    pub id: String,
    pub configured: Vec<String>,
}

/// One error in the text of a file. It is shown as `:4:7: chain …` after the file
/// name, with the line below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub place: Option<Place>,
    /// The id of the chain whose section it is in, if known.
    pub chain: Option<String>,
    pub field: Option<String>,
    pub reason: String,
}

/// A place in a text. Lines and columns count from 1, columns in characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub line: usize,
    pub column: usize,
    /// The whole line.
    pub excerpt: String,
}

impl Fault {
    pub(crate) fn of_toml(text: &str, error: &toml::de::Error) -> Self {
        // Messages of syntax errors have several lines.
        let reason = error.message().trim().replace('\n', ": ");
        let Some(span) = error.span() else {
            return Self::whole_file(reason);
        };
        let mut fault = Self::at(text, span.start, reason);
        fault.field = field_of(text, span.start, &fault.reason);
        let excerpt = fault.place.as_ref().map(|place| place.excerpt.trim());
        if excerpt == Some("[chain]") {
            fault.reason = "write `[[chain]]`: chains are a list".to_owned();
        }
        if excerpt == Some("[chain.node]") {
            fault.reason = "write `[[chain.node]]`: nodes are a list".to_owned();
        } else if is_node(header(text, span.start)) && fault.reason.starts_with("unknown field") {
            fault.reason += "; fields of the chain go before its first [[chain.node]]";
        }
        fault
    }

    pub(crate) fn at(text: &str, offset: usize, reason: impl Into<String>) -> Self {
        Self {
            place: Some(Place::of(text, offset)),
            chain: chain_of(text, offset),
            field: None,
            reason: reason.into(),
        }
    }

    pub(crate) fn whole_file(reason: impl Into<String>) -> Self {
        Self {
            place: None,
            chain: None,
            field: None,
            reason: reason.into(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, ":{}:{}", place.line, place.column)?;
        }
        // Some messages of the parser already contain the field.
        let field = self
            .field
            .as_ref()
            .filter(|field| !self.reason.contains(&format!("`{field}`")));
        match (&self.chain, field) {
            (Some(chain), Some(field)) => write!(f, ": chain `{chain}`, field `{field}`")?,
            (Some(chain), None) => write!(f, ": chain `{chain}`")?,
            (None, Some(field)) => write!(f, ": field `{field}`")?,
            (None, None) => {}
        }
        write!(f, ": {}", self.reason)?;
        if let Some(place) = &self.place {
            let margin = place.line.to_string();
            let gap = " ".repeat(margin.len());
            let before = " ".repeat(place.column - 1);
            write!(
                f,
                "\n{gap} |\n{margin} | {}\n{gap} | {before}^",
                place.excerpt
            )?;
        }
        Ok(())
    }
}

impl Place {
    fn of(text: &str, offset: usize) -> Self {
        let start = line_start(text, offset);
        let rest = text.get(start..).unwrap_or_default();
        Self {
            line: line_of(text, offset),
            column: text.get(start..offset).map_or(1, |s| s.chars().count() + 1),
            excerpt: shown(rest.lines().next().unwrap_or_default()),
        }
    }
}

/// A line without its value, if somebody may have written a secret there.
fn shown(line: &str) -> String {
    match line.split_once('=') {
        Some((name, _)) if line.contains("passphrase") => format!("{name}= …"),
        _ => line.to_owned(),
    }
}

/// The number of the line at a byte offset, from 1.
pub(crate) fn line_of(text: &str, offset: usize) -> usize {
    let before = text.get(..offset).unwrap_or(text);
    before.matches('\n').count() + 1
}

fn line_start(text: &str, offset: usize) -> usize {
    let before = text.get(..offset).unwrap_or(text);
    before.rfind('\n').map_or(0, |newline| newline + 1)
}

/// The field of an error at `offset`: the field in its message, else the key to the
/// left of the value.
fn field_of(text: &str, offset: usize, reason: &str) -> Option<String> {
    for start in ["missing field `", "unknown field `", "duplicate key `"] {
        if let Some(name) = reason.strip_prefix(start) {
            return name.split('`').next().map(str::to_owned);
        }
    }
    let before = text.get(line_start(text, offset)..offset)?;
    let (key, _) = before.rsplit_once('=')?;
    let key = key.rsplit(['{', ',']).next()?.trim();
    (!key.is_empty()).then(|| key.to_owned())
}

/// The id of the chain whose section, or a node of it, contains `offset`.
fn chain_of(text: &str, offset: usize) -> Option<String> {
    #[derive(Deserialize)]
    struct Outline {
        chain: Vec<Spanned<Section>>,
    }
    #[derive(Deserialize)]
    struct Section {
        id: Option<String>,
    }
    let (line, header) = header(text, offset)?;
    let outline: Outline = toml::from_str(text).ok()?;
    let starts = |section: &Spanned<Section>| line_of(text, section.span().start);
    let in_node = is_node(Some((line, header)));
    let mut sections = outline.chain.into_iter().rev();
    let section = sections.find(|section| {
        if in_node {
            starts(section) <= line
        } else {
            starts(section) == line
        }
    })?;
    section.into_inner().id
}

/// The last table header up to `offset`, and its line.
fn header(text: &str, offset: usize) -> Option<(usize, &str)> {
    let lines = text.lines().take(line_of(text, offset)).enumerate();
    let headers = lines.filter(|(_, line)| line.trim_start().starts_with('['));
    let (index, header) = headers.last()?;
    Some((index + 1, header.trim()))
}

fn is_node(header: Option<(usize, &str)>) -> bool {
    header.is_some_and(|(_, header)| header.starts_with("[[chain.node]]"))
}
