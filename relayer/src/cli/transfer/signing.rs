//! Who signs the transactions: the daemon of this home folder if it has the account,
//! or else an engine of this command. Two processes never sign with one key.

use std::path::PathBuf;
use std::sync::Arc;

use tern::engine::{EngineHandle, SendRequest, Sent};
use tern_chains::Account;

use super::preflight::Route;
use crate::connect::Context;
use crate::daemon::DaemonClient;

/// Where the account of the transfers is.
pub enum Signing {
    /// The daemon of this home folder has it.
    Daemon(PathBuf),
    /// This command has it, and no other process.
    Here(Arc<dyn Account>),
}

impl Signing {
    /// Asks the daemon, if there is one, and claims the key if it has not got it.
    pub async fn choose(context: &Context, route: &Route) -> anyhow::Result<Self> {
        if let Some(daemon) = DaemonClient::find(&context.home).await? {
            let lanes = daemon.status(None).await?.lanes;
            let (chain, address) = (route.src.id(), &route.account.address);
            if lanes
                .iter()
                .any(|lane| lane.chain == *chain && lane.address == *address)
            {
                return Ok(Self::Daemon(context.home.clone()));
            }
        }
        let account = context.signer(&route.src, route.key.as_deref()).await?;
        Ok(Self::Here(account))
    }

    /// The account for an engine of this command.
    pub fn account(&self) -> Option<Arc<dyn Account>> {
        match self {
            Self::Daemon(_) => None,
            Self::Here(account) => Some(Arc::clone(account)),
        }
    }

    /// Sends one transaction. `engine` is the engine of this command.
    pub async fn send(&self, engine: &EngineHandle, request: SendRequest) -> anyhow::Result<Sent> {
        let home = match self {
            Self::Here(_) => return Ok(engine.send(request).await?),
            Self::Daemon(home) => home,
        };
        match DaemonClient::find(home).await? {
            Some(daemon) => Ok(daemon.send(request).await?),
            None => Ok(Sent::Failed(
                "the daemon that has the account has ended: run the command again".to_owned(),
            )),
        }
    }
}
