//! Coins in escrow, vouchers minted and burned.

use ibc::apps::transfer::context::{TokenTransferExecutionContext, TokenTransferValidationContext};
use ibc::apps::transfer::types::{Memo, PrefixedCoin, PrefixedDenom, PORT_ID_STR};
use ibc::core::host::types::error::HostError;
use ibc::core::host::types::identifiers::{ChannelId, PortId};
use ibc::core::primitives::Signer;
use ibc_proto::ibc::applications::transfer::v1::DenomTrace;
use prost::Message;
use sha2::{Digest, Sha256};

use crate::gas::Kv;
use crate::refusal::Refusal;
use crate::state::Modules;
use crate::{account, address, bank};

const TRACE: u8 = 0x02;

/// The transfer module during one message.
#[derive(Debug)]
pub(crate) struct Transfer {
    pub modules: Modules,
    /// Bech32 prefix of this chain's addresses.
    pub prefix: String,
}

/// An address of this chain, checked.
pub(crate) struct Address(pub String);

/// The trace of `ibc/HASH`, if such a voucher was ever minted.
pub(crate) fn trace_of(store: &Kv, hash: &str) -> Option<DenomTrace> {
    let bytes = hex::decode(hash).ok()?;
    DenomTrace::decode(store.get(&trace_key(&bytes))?).ok()
}

fn trace_key(hash: &[u8]) -> Vec<u8> {
    [&[TRACE], hash].concat()
}

/// The bank's denom, with the hash of its trace if it came over IBC.
fn local(denom: &PrefixedDenom) -> (String, Option<Vec<u8>>) {
    if denom.trace_path.is_empty() {
        return (denom.base_denom.as_str().to_owned(), None);
    }
    let hash = Sha256::digest(denom.to_string()).to_vec();
    (format!("ibc/{}", hex::encode_upper(&hash)), Some(hash))
}

fn amount(coin: &PrefixedCoin) -> Result<u128, HostError> {
    let parsed = coin.amount.to_string().parse();
    parsed.map_err(|_| HostError::invalid_state(format!("{coin} is more than this bank holds")))
}

fn refused(refusal: Refusal) -> HostError {
    HostError::Other {
        description: refusal.log,
    }
}

impl Transfer {
    fn escrow(&self, port: &PortId, channel: &ChannelId) -> Result<String, HostError> {
        let bytes = address::escrow(port.as_str(), channel.as_str());
        address::encode(&self.prefix, &bytes)
            .ok_or_else(|| HostError::invalid_state("no escrow address"))
    }

    fn address(&self, signer: &Signer) -> Result<Address, HostError> {
        match address::decode(&self.prefix, signer.as_ref()) {
            Some(_) => Ok(Address(signer.as_ref().to_owned())),
            None => Err(HostError::invalid_state(format!(
                "`{signer}` is not an address with prefix {}",
                self.prefix
            ))),
        }
    }

    fn affords(&self, from: &str, coin: &PrefixedCoin) -> Result<(), HostError> {
        let (denom, amount) = (local(&coin.denom).0, amount(coin)?);
        let rest = bank::affords(&self.modules.bank, from, &denom, amount);
        rest.map(|_| ()).map_err(refused)
    }

    fn pay(&mut self, from: &str, to: &str, coin: &PrefixedCoin) -> Result<(), HostError> {
        let (denom, amount) = (local(&coin.denom).0, amount(coin)?);
        account::ensure(&mut self.modules.acc, to);
        bank::send(&mut self.modules.bank, from, to, &denom, amount).map_err(refused)
    }
}

impl TokenTransferValidationContext for Transfer {
    type AccountId = Address;

    fn sender_account(&self, sender: &Signer) -> Result<Address, HostError> {
        self.address(sender)
    }

    fn receiver_account(&self, receiver: &Signer) -> Result<Address, HostError> {
        self.address(receiver)
    }

    fn get_port(&self) -> Result<PortId, HostError> {
        PORT_ID_STR.parse().map_err(HostError::invalid_state)
    }

    fn can_send_coins(&self) -> Result<(), HostError> {
        Ok(())
    }

    fn can_receive_coins(&self) -> Result<(), HostError> {
        Ok(())
    }

    fn escrow_coins_validate(
        &self,
        from: &Address,
        _: &PortId,
        _: &ChannelId,
        coin: &PrefixedCoin,
        _: &Memo,
    ) -> Result<(), HostError> {
        self.affords(&from.0, coin)
    }

    fn unescrow_coins_validate(
        &self,
        _: &Address,
        port: &PortId,
        channel: &ChannelId,
        coin: &PrefixedCoin,
    ) -> Result<(), HostError> {
        self.affords(&self.escrow(port, channel)?, coin)
    }

    fn mint_coins_validate(&self, _: &Address, coin: &PrefixedCoin) -> Result<(), HostError> {
        let (denom, amount) = (local(&coin.denom).0, amount(coin)?);
        let supply = bank::supply(&self.modules.bank, &denom);
        match supply.checked_add(amount) {
            Some(_) => Ok(()),
            None => Err(HostError::invalid_state(format!(
                "supply of {denom} overflows"
            ))),
        }
    }

    fn burn_coins_validate(
        &self,
        from: &Address,
        coin: &PrefixedCoin,
        _: &Memo,
    ) -> Result<(), HostError> {
        self.affords(&from.0, coin)
    }

    fn denom_hash_string(&self, denom: &PrefixedDenom) -> Option<String> {
        local(denom).1.map(hex::encode_upper)
    }
}

impl TokenTransferExecutionContext for Transfer {
    fn escrow_coins_execute(
        &mut self,
        from: &Address,
        port: &PortId,
        channel: &ChannelId,
        coin: &PrefixedCoin,
        _: &Memo,
    ) -> Result<(), HostError> {
        let escrow = self.escrow(port, channel)?;
        self.pay(&from.0, &escrow, coin)
    }

    fn unescrow_coins_execute(
        &mut self,
        to: &Address,
        port: &PortId,
        channel: &ChannelId,
        coin: &PrefixedCoin,
    ) -> Result<(), HostError> {
        let escrow = self.escrow(port, channel)?;
        self.pay(&escrow, &to.0, coin)
    }

    fn mint_coins_execute(&mut self, to: &Address, coin: &PrefixedCoin) -> Result<(), HostError> {
        let ((denom, hash), amount) = (local(&coin.denom), amount(coin)?);
        if let Some(hash) = hash {
            let trace = DenomTrace {
                path: coin.denom.trace_path.to_string(),
                base_denom: coin.denom.base_denom.as_str().to_owned(),
            };
            let key = trace_key(&hash);
            self.modules.transfer.set(key, trace.encode_to_vec());
        }
        account::ensure(&mut self.modules.acc, &to.0);
        bank::mint(&mut self.modules.bank, &to.0, &denom, amount).map_err(refused)
    }

    fn burn_coins_execute(
        &mut self,
        from: &Address,
        coin: &PrefixedCoin,
        _: &Memo,
    ) -> Result<(), HostError> {
        let (denom, amount) = (local(&coin.denom).0, amount(coin)?);
        bank::burn(&mut self.modules.bank, &from.0, &denom, amount).map_err(refused)
    }
}
