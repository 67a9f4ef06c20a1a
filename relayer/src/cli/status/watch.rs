//! `tern status --watch`: the board in a terminal, renewed every second.

use std::io::IsTerminal;
use std::time::Duration;

use anyhow::{bail, Context as _};
use crossterm::event::{Event, EventStream, KeyEventKind};
use futures::StreamExt;
use ratatui::DefaultTerminal;
use tern::overview::{Overview, PacketOverview};
use tern_core::plan::Pausable;
use tokio::time::{interval, MissedTickBehavior};

use super::board::{Asked, Board};
use super::draw::{draw, Palette};
use crate::cli::Home;
use crate::clock;
use crate::daemon::DaemonClient;
use crate::output::Outcome;
use crate::shutdown::Shutdown;

const RENEW_EVERY: Duration = Duration::from_secs(1);

pub async fn run(home: &Home, overview: Overview) -> anyhow::Result<Outcome> {
    if !std::io::stdout().is_terminal() {
        bail!("--watch needs a terminal: without it the command prints the same once");
    }
    let shutdown = Shutdown::start()?;
    let mut terminal = ratatui::try_init().context("cannot use the terminal")?;
    let watched = watch(home, Board::new(overview), &mut terminal, &shutdown).await;
    ratatui::restore();
    watched.map(|()| Outcome::Done)
}

async fn watch(
    home: &Home,
    mut board: Board,
    terminal: &mut DefaultTerminal,
    shutdown: &Shutdown,
) -> anyhow::Result<()> {
    let palette = Palette {
        has_colours: std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
    };
    let stopped = shutdown.token();
    let mut events = EventStream::new();
    let mut times = interval(RENEW_EVERY);
    times.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        terminal.draw(|frame| draw(&board, palette, frame))?;
        tokio::select! {
            biased;
            () = stopped.cancelled() => return Ok(()),
            event = events.next() => match event {
                Some(Ok(Event::Key(key))) if key.kind == KeyEventKind::Press => {
                    let opened = board.screen.clone();
                    let asked = board.key(key);
                    if asked == Some(Asked::Quit) {
                        return Ok(());
                    }
                    if let Some(asked) = &asked {
                        board.answer = Some(act(home, asked).await);
                    }
                    if asked.is_some() || board.screen != opened {
                        renew(home, &mut board).await;
                    }
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error).context("cannot read the terminal"),
                None => return Ok(()),
            },
            _ = times.tick() => renew(home, &mut board).await,
        }
    }
}

/// Pauses or resumes, and says what came of it.
async fn act(home: &Home, asked: &Asked) -> String {
    let acted = async {
        let daemon = DaemonClient::connect(&home.folder).await?;
        match asked {
            Asked::Pause(src) => daemon.pause(Pausable::Path(src.clone())).await,
            Asked::Resume(src) => daemon.resume(Pausable::Path(src.clone())).await,
            Asked::Quit => Ok(String::new()),
        }
    };
    acted.await.unwrap_or_else(|error| error.to_string())
}

/// Asks the daemon. What was known stays where it does not answer.
async fn renew(home: &Home, board: &mut Board) {
    match ask(home, board).await {
        Ok((overview, packets)) => board.renewed(overview, packets),
        Err(error) => board.lost = Some(format!("{error:#}")),
    }
}

async fn ask(
    home: &Home,
    board: &Board,
) -> anyhow::Result<(Overview, Option<Vec<PacketOverview>>)> {
    let daemon = DaemonClient::find(&home.folder).await?;
    let daemon = daemon.context("it has ended")?;
    let overview = daemon.overview().await?;
    let Some(src) = board.open_path().map(|path| &path.src) else {
        return Ok((overview, None));
    };
    let Some(end) = src.key() else {
        return Ok((overview, None));
    };
    let daemon = DaemonClient::connect(&home.folder).await?;
    let status = daemon.status(Some(end)).await?;
    let now = clock::now();
    let packets = status.packets.iter();
    let packets = packets.map(|packet| PacketOverview::of(packet, now));
    Ok((overview, Some(packets.collect())))
}
