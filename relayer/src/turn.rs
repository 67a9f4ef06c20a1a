//! Who signs: the daemon of the home folder, or this process, once no other has the
//! keys. Two processes never sign with one key.

use std::time::Duration;

use tern::engine::status::LaneStatus;

use crate::connect::{Context, KeyId};
use crate::daemon::DaemonClient;
use crate::output;

/// A file's lock cannot be awaited: it is tried this often.
const TRY_EVERY: Duration = Duration::from_millis(200);

/// Whose turn it is to sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// The daemon of the home folder does.
    Daemon,
    /// This process does: it has the keys.
    Here,
}

/// Waits for a daemon in the home folder or for the keys, whichever comes first. A
/// daemon that is about to start has its keys before it can be reached.
pub async fn daemon_or_claim(context: &Context, keys: &[KeyId]) -> anyhow::Result<Turn> {
    wait(context, keys, None).await
}

/// Like [`daemon_or_claim`], for a daemon that signs with this account.
pub async fn daemon_with_account_or_claim(
    context: &Context,
    key: &KeyId,
    address: &str,
) -> anyhow::Result<Turn> {
    let has_account =
        |lane: &LaneStatus| lane.chain.as_str() == key.chain && lane.address == address;
    wait(context, std::slice::from_ref(key), Some(&has_account)).await
}

/// Waits until this process has these keys.
pub async fn claim(context: &Context, keys: &[KeyId]) -> anyhow::Result<()> {
    let mut is_noted = false;
    while let Some(taken) = context.claim(keys)? {
        pause(&taken, &mut is_noted).await;
    }
    Ok(())
}

async fn wait(
    context: &Context,
    keys: &[KeyId],
    is_wanted: Option<&dyn Fn(&LaneStatus) -> bool>,
) -> anyhow::Result<Turn> {
    let mut is_noted = false;
    loop {
        if let Some(daemon) = DaemonClient::find(&context.home).await? {
            // A status costs the daemon a plan: only if it matters which lanes it has.
            let is_found = match is_wanted {
                None => true,
                Some(is_wanted) => daemon.status(None).await?.lanes.iter().any(is_wanted),
            };
            if is_found {
                return Ok(Turn::Daemon);
            }
        }
        match context.claim(keys)? {
            None => return Ok(Turn::Here),
            Some(taken) => pause(&taken, &mut is_noted).await,
        }
    }
}

async fn pause(taken: &KeyId, is_noted: &mut bool) {
    let KeyId { chain, name } = taken;
    if !std::mem::replace(is_noted, true) {
        output::note(format!(
            "note: another `tern` process signs with the key `{name}` of {chain}: waiting for it"
        ));
    }
    tokio::time::sleep(TRY_EVERY).await;
}
