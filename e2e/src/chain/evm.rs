//! Chains with an EVM (`e2e/chains/evm`): how their homes differ from those of `simd`, and
//! Ethereum's JSON-RPC that their nodes answer.

use anyhow::{ensure, Context, Result};
use serde_json::{json, Value};

use super::{ChainSpec, IbcGo, TestChain, BLOCK_TIME};
use crate::ethereum::{call_data, Argument};
use crate::ports::free_ports;
use crate::settings::ConfigFile::App;
use crate::{http, OTHER, RELAYER, USER};

/// The chain's id on Ethereum's side (EIP-155): the default of cosmos/evm.
pub const EVM_CHAIN_ID: u64 = 262_144;

/// The contract that sends coins by IBC, a part of the chain's program (cosmos/evm, ICS-20
/// precompile).
pub const ICS20_CONTRACT: &str = "0x0000000000000000000000000000000000000802";

impl ChainSpec {
    /// A chain with an EVM. Its fee market is switched off, so that gas is free as elsewhere.
    pub fn evm() -> Self {
        let display = json!([
            { "denom": "atest", "exponent": 0 },
            { "denom": "test", "exponent": 18 },
        ]);
        let metadata = json!([{
            "base": "atest", "display": "test", "denom_units": display,
            "name": "Test", "symbol": "TEST",
        }]);
        Self {
            id: "evm-a",
            version: IbcGo::V11Evm,
            prefix: "cosmos",
            denom: "atest",
            coins: "1000000000000000000000000atest",
            block_time: BLOCK_TIME,
            indexer: "kv",
            authority: None,
            evidence_blocks: None,
            genesis: vec![
                ("/app_state/bank/denom_metadata", metadata),
                (
                    "/app_state/evm/params/active_static_precompiles",
                    json!([ICS20_CONTRACT]),
                ),
                ("/app_state/feemarket/params/no_base_fee", true.into()),
            ],
        }
    }
}

/// Ports for the JSON-RPC of a chain that has one.
pub(super) fn free_ports_of(spec: &ChainSpec) -> Result<Option<[u16; 2]>> {
    if spec.version != IbcGo::V11Evm {
        return Ok(None);
    }
    let [http, websocket, _] = free_ports()?;
    Ok(Some([http, websocket]))
}

impl TestChain {
    /// Makes the home of a chain that runs `evmd`.
    pub(super) fn prepare_evmd(&self) -> Result<()> {
        self.prepare_simd()?;
        let [http, websocket] = self.eth_ports.context("no ports for JSON-RPC")?;
        let quoted = |port: u16| format!("\"127.0.0.1:{port}\"");
        self.set(App, "json-rpc", "address", &quoted(http))?;
        self.set(App, "json-rpc", "ws-address", &quoted(websocket))
    }

    /// What `evmd` is told at its start: its home has no place for the authority.
    pub(super) fn evm_options(&self) -> Result<Vec<String>> {
        let is_evm = self.spec.version == IbcGo::V11Evm;
        let Some(authority) = self.spec.authority.filter(|_| is_evm) else {
            return Ok(Vec::new());
        };
        let mut keys = [RELAYER, USER, OTHER].into_iter();
        let key = keys.find(|(name, _)| *name == authority);
        let key = self.spec.key(key.context("no such authority")?)?;
        Ok(vec!["--authority".to_owned(), key.address().to_owned()])
    }

    /// The result of a method of Ethereum's JSON-RPC.
    pub fn eth(&self, method: &str, params: Value) -> Result<Value> {
        let [port, _] = self.eth_ports.context("the chain has no EVM")?;
        let question = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let mut answer = http::post(port, "/", &question)?;
        ensure!(answer["error"].is_null(), "{method}: {answer}");
        Ok(answer["result"].take())
    }

    /// What a contract answers to a call. Both are hexadecimal.
    pub fn eth_call(&self, contract: &str, data: &str) -> Result<String> {
        let call = json!([{ "to": contract, "data": format!("0x{data}") }, "latest"]);
        let answer = self.eth("eth_call", call)?;
        let answer = answer.as_str().and_then(|hex| hex.strip_prefix("0x"));
        Ok(answer.context("no bytes")?.to_owned())
    }

    fn number_of(&self, contract: &str, data: &str) -> Result<u128> {
        let answer = self.eth_call(contract, data)?;
        u128::from_str_radix(&answer, 16).with_context(|| format!("{contract}: `{answer}`"))
    }

    /// What an account, by its address on Ethereum's side, has of an ERC-20 token.
    pub fn balance_of(&self, token: &str, account: &str) -> Result<u128> {
        let account = [Argument::Address(account)];
        self.number_of(token, &call_data("balanceOf(address)", &account))
    }

    /// How much there is of an ERC-20 token.
    pub fn total_supply(&self, token: &str) -> Result<u128> {
        self.number_of(token, &call_data("totalSupply()", &[]))
    }
}

/// The address of the ERC-20 token that a coin received by IBC is: the end of its hash
/// (`RegisterERC20Extension` of cosmos/evm).
pub fn token_of(voucher: &str) -> String {
    let hash = voucher.trim_start_matches("ibc/");
    format!("0x{}", hash[hash.len().saturating_sub(40)..].to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ATOM on a chain with the channel of Osmosis.
    #[test]
    fn the_token_of_a_coin_has_the_end_of_its_hash_as_address() {
        let atom = "ibc/27394FB092D2ECCD56123C74F36E4C1F926001CEADA9CA97EA622B25F41E5EB2";
        assert_eq!(token_of(atom), "0xf36e4c1f926001ceada9ca97ea622b25f41e5eb2");
    }
}
