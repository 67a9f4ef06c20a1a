//! What a lane knows of its account and its chain before it makes a transaction.

use tern_chains::{AccountState, ChainError};
use tern_core::plan::cut::TxLimits;
use tokio::sync::oneshot;
use tracing::debug;

use super::Lane;
use crate::engine::follow::describe;
use crate::engine::input::Input;
use crate::engine::prove::Messages;

impl Lane {
    /// Asks what the first transaction needs before there is one. What fails is
    /// asked again when it is needed.
    pub(super) async fn prepare(&mut self) {
        let prepared = async {
            self.limits().await?;
            self.account = Some(self.account().await?);
            Ok::<_, ChainError>(())
        };
        if let Err(error) = prepared.await {
            debug!(chain = %self.signer.chain_id(), reason = describe(&error), "not prepared yet");
        }
    }

    /// The account with the sequence the next transaction takes.
    pub(super) async fn account(&mut self) -> Result<AccountState, ChainError> {
        if let Some(account) = &self.account {
            return Ok(account.clone());
        }
        let mut account = self.signer.state().await?;
        let (reply, next) = oneshot::channel();
        self.send(Input::NextSequence {
            chain: self.signer.chain_id().clone(),
            signer: account.address.clone(),
            reply,
        })
        .await;
        if let Ok(Some(in_flight)) = next.await {
            account.account_sequence = account.account_sequence.max(in_flight);
        }
        Ok(account)
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

    /// The account's sequence is not certain any more, nor what is before it.
    pub(super) fn forget_account(&mut self) {
        self.account = None;
        self.client_heights.clear();
    }

    /// Whether an earlier transaction carries these messages' client update.
    pub(super) fn is_updated_before(&self, messages: &Messages) -> bool {
        let updated = messages.updated.as_ref();
        !messages.atomic
            && updated
                .is_some_and(|(client, height)| self.client_heights.get(client) == Some(height))
    }
}
