//! What a lane knows of its account and its chain before it makes a transaction.

use tern_chains::{AccountState, ChainError};
use tern_core::plan::cut::TxLimits;
use tokio::sync::oneshot;
use tracing::debug;

use super::Lane;
use crate::engine::follow::describe;
use crate::engine::input::Input;

impl Lane {
    /// Asks what the first transaction needs before there is one. What fails is
    /// asked again when it is needed.
    pub(super) async fn prepare(&mut self) {
        let prepared = async {
            self.limits().await?;
            self.account().await?;
            Ok::<_, ChainError>(())
        };
        if let Err(error) = prepared.await {
            debug!(chain = %self.signer.chain_id(), reason = describe(&error), "not prepared yet");
        }
    }

    /// The account with the sequence the next transaction takes.
    pub(super) async fn account(&mut self) -> Result<AccountState, ChainError> {
        if let Some(account) = self.expected.account() {
            return Ok(account.clone());
        }
        let state = self.signer.state().await?;
        let (reply, next) = oneshot::channel();
        self.send(Input::NextSequence {
            chain: self.signer.chain_id().clone(),
            signer: state.address.clone(),
            reply,
        })
        .await;
        // An engine that is gone has nothing in flight to tell of.
        let next_in_flight = next.await.ok().flatten();
        Ok(self.expected.asked(state, next_in_flight))
    }

    /// What a transaction may hold.
    pub(super) async fn limits(&mut self) -> Result<TxLimits, ChainError> {
        let params = match self.params {
            Some(params) => params,
            None => self.signer.params().await?,
        };
        self.params = Some(params);
        let gas_max = self.settings.gas_max.unwrap_or(u64::MAX);
        Ok(TxLimits {
            messages_max: self.settings.messages_max,
            bytes_max: usize::try_from(params.max_tx_bytes).unwrap_or(usize::MAX),
            gas_max: gas_max.min(params.max_block_gas),
        })
    }
}
