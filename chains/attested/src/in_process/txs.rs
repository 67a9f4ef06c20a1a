//! The account: its state, gas, signing and broadcast.

use serde_json::value::RawValue;
use tern_chains::{
    Account, AccountState, Blame, ChainError, ChainParams, Check, Deadline, Message, SignedTx,
    TxDraft, TxHash,
};

use super::{AttestedChain, Result};
use crate::chain::Checked;
use crate::tx::{hash, sign, Body};

/// What an estimate is above the gas that was used, in percent.
const SPARE_PERCENT: u64 = 20;

impl AttestedChain {
    pub(super) fn chain_params(&self) -> ChainParams {
        self.node.read(|chain| ChainParams {
            max_block_gas: chain.genesis.block_gas,
            max_tx_bytes: chain.genesis.tx_bytes,
        })
    }

    /// The account after the newest block, final or not: what is in it need not be
    /// signed again.
    pub(super) fn read_account(&self) -> Result<AccountState> {
        let address = self.key.address();
        let (has, next, denom) = self.node.read(|chain| {
            let state = chain.newest();
            let denom = chain.genesis.denom.clone();
            let has = state.machine.balance(address, &denom);
            (has, state.next_sequence(address), denom)
        });
        if has == 0 && next == 0 {
            return Err(ChainError::NoAccount {
                chain: self.origin.chain.clone(),
                address: address.to_owned(),
                denom,
            });
        }
        Ok(AccountState {
            address: address.to_owned(),
            account_number: 0,
            account_sequence: next,
        })
    }

    pub(super) fn simulate(&self, messages: &[Message]) -> Result<u64> {
        let calls = self.calls(messages)?;
        let address = self.key.address();
        let used = self.node.read(|chain| chain.simulate(address, &calls));
        let used = used.map_err(|refusal| ChainError::Rejected {
            chain: self.origin.chain.clone(),
            doing: "simulation".to_owned(),
            codespace: refusal.codespace.to_owned(),
            code: refusal.code,
            blame: refusal.blame(),
            log: refusal.log,
        })?;
        Ok(used.saturating_mul(100 + SPARE_PERCENT) / 100)
    }

    pub(super) fn sign_draft(&self, draft: &TxDraft) -> Result<SignedTx> {
        let expires_ns = match draft.deadline {
            Deadline::Time(time) => time.0,
            Deadline::Height(height) => {
                let reason = format!("its transactions die by time, not at height {height}");
                return Err(self.origin.local(reason));
            }
        };
        let body = Body {
            chain_id: self.origin.chain.to_string(),
            public_key: self.key.public_key(),
            account_sequence: draft.account.account_sequence,
            gas_limit: draft.gas,
            fee: self.fee(draft.gas)?.amount,
            expires_ns,
            memo: draft.memo.clone(),
            calls: self.calls(&draft.messages)?,
        };
        let bytes = sign(&body, &self.key).map_err(|error| self.origin.local(error))?;
        Ok(SignedTx {
            hash: TxHash(hash(&bytes)),
            bytes,
            fee: body.fee,
        })
    }

    pub(super) fn offer(&self, tx: &SignedTx) -> Check {
        match self.node.check_tx(tx.bytes.clone()) {
            Checked::Added | Checked::Replaced(_) | Checked::Known => Check::Accepted,
            Checked::WrongSequence { log } => Check::WrongSequence { log },
            Checked::Full => Check::Busy {
                log: "the mempool is full".to_owned(),
            },
            Checked::Refused(refusal) if refusal.blame() == Blame::Funds => {
                Check::CannotPay { log: refusal.log }
            }
            Checked::Refused(refusal) => Check::Refused {
                codespace: refusal.codespace.to_owned(),
                code: refusal.code,
                log: refusal.log,
            },
        }
    }

    /// The calls that messages carry.
    fn calls(&self, messages: &[Message]) -> Result<Vec<Box<RawValue>>> {
        let read = |message: &Message| {
            let call = serde_json::from_slice(&message.encoded.bytes);
            call.map_err(|error| self.origin.local(error))
        };
        messages.iter().map(read).collect()
    }
}
