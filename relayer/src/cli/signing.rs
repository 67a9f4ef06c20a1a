//! Who signs the transactions: the daemon of this home folder if it has the account,
//! or else an engine of this command. Two processes never sign with one key.

use std::path::PathBuf;
use std::sync::Arc;

use tern::engine::{EngineHandle, SendRequest, Sent};
use tern_chains::Account;

use crate::connect::{Context, KeyId};
use crate::daemon::DaemonClient;
use crate::turn::{self, Turn};

/// Where the account of a command is.
pub enum Signing {
    /// The daemon of this home folder has it.
    Daemon(PathBuf),
    /// This command has it, and no other process.
    Here(Arc<dyn Account>),
}

impl Signing {
    /// Asks the daemon, if there is one, and claims the key if it has not got it.
    pub async fn choose(
        context: &Context,
        key: &KeyId,
        account: &Arc<dyn Account>,
    ) -> anyhow::Result<Self> {
        match turn::daemon_with_account_or_claim(context, key, account.address()).await? {
            Turn::Daemon => Ok(Self::Daemon(context.home.clone())),
            Turn::Here => Ok(Self::Here(Arc::clone(account))),
        }
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
        let daemon = DaemonClient::connect(home).await?;
        Ok(daemon.send(request).await?)
    }
}
