//! Making clients, connections and channels: by the daemon of the home folder, or else by an
//! engine of the command's own. Each step is printed when a block has it.

use anyhow::bail;
use tern::engine::{HandshakeNote, Made};
use tern_core::ledger::HandshakeRequest;
use tokio::sync::mpsc;

use super::not_ready::not_ready;
use crate::connect::Context;
use crate::daemon::DaemonClient;
use crate::output;
use crate::progress::Progress;
use crate::setup;
use crate::shutdown::Shutdown;
use crate::turn::{self, Turn};

/// Notes of steps that wait to be printed.
const NOTES_MAX: usize = 64;

/// Makes it. `doing` is said while the next step is on its way.
pub async fn make(
    context: &Context,
    mut request: HandshakeRequest,
    doing: &str,
) -> anyhow::Result<Made> {
    request.a = setup::chain_id(context, request.a.as_str())?;
    request.b = setup::chain_id(context, request.b.as_str())?;
    let (a, b) = (request.a.as_str(), request.b.as_str());
    if a == b {
        bail!("two different chains are needed: {a} was given twice");
    }
    let json = context.json;
    let print_note = move |note: HandshakeNote| {
        if !json {
            let HandshakeNote {
                chain,
                height,
                what,
            } = note;
            output::note(format!("{chain} block {height}: {what}"));
        }
    };
    let keys = [context.key_id(a, None)?, context.key_id(b, None)?];
    match turn::daemon_or_claim(context, &keys).await? {
        Turn::Daemon => {
            let daemon = DaemonClient::connect(&context.home).await?;
            let made = daemon.make(request, print_note);
            let look = async || Some(doing.to_owned());
            Ok(Progress::new(json).during(made, look).await?)
        }
        Turn::Here => make_alone(context, request, doing, print_note).await,
    }
}

async fn make_alone(
    context: &Context,
    request: HandshakeRequest,
    doing: &str,
    mut print_note: impl FnMut(HandshakeNote),
) -> anyhow::Result<Made> {
    let shutdown = Shutdown::start()?;
    let chains = [
        setup::funded(context, request.a.as_str()).await?,
        setup::funded(context, request.b.as_str()).await?,
    ];
    let engine = setup::engine_for_command(context, &chains).await?;
    let handle = engine.handle();
    let (a, b) = (request.a.clone(), request.b.clone());
    let look = async || {
        let status = handle.status(None).await.ok()?;
        Some(not_ready(&status, [&a, &b]).unwrap_or_else(|| doing.to_owned()))
    };
    let (sender, mut notes) = mpsc::channel(NOTES_MAX);
    let made = async {
        let mut made = std::pin::pin!(handle.make(request, sender));
        loop {
            tokio::select! {
                biased;
                Some(note) = notes.recv() => print_note(note),
                made = &mut made => break made,
            }
        }
    };
    let progress = Progress::new(context.json);
    let made = progress.during(made, look);
    Ok(engine.run_until(shutdown.token(), made).await?)
}
