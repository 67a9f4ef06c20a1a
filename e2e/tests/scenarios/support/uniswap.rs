//! A pair of Uniswap V2, without the contract that wallets put before it: what is to be
//! swapped is given to the pair, which is then told what to give for it.

use anyhow::Result;
use tern_e2e::ethereum::Argument::{Address, Text, Uint};
use tern_e2e::ethereum::{call_data, Wallet};
use tern_e2e::uniswap_v2;

/// How much there is of the other token.
const GOLD: u128 = 1_000_000_000_000;

/// A pair of AKT and another token.
pub struct Pair<'a> {
    contract: String,
    akt: &'a str,
    /// The address of the other token.
    pub gold: String,
    /// Whether AKT is the token that the pair calls the first.
    akt_is_first: bool,
}

impl<'a> Pair<'a> {
    /// Deploys Uniswap V2 and a token, and makes a pair of that and AKT.
    pub fn create(owner: &Wallet<'_>, akt: &'a str) -> Result<Self> {
        let gold = owner.deploy(&uniswap_v2("ERC20")?, Uint(GOLD))?;
        let factory = owner.deploy(&uniswap_v2("UniswapV2Factory")?, Address(&owner.address))?;
        let tokens = [Address(akt), Address(&gold)];
        let create = call_data("createPair(address,address)", &tokens);
        owner.call(&factory, &create)?;
        let pair = call_data("getPair(address,address)", &tokens);
        let contract = owner.ask_for_address(&factory, &pair)?;
        let first = owner.ask_for_address(&contract, &call_data("token0()", &[]))?;
        Ok(Self {
            akt_is_first: first == akt,
            contract,
            akt,
            gold,
        })
    }

    /// Gives the pair so many AKT, and twice as many of the other token.
    pub fn fill(&self, owner: &Wallet<'_>, amount: u128) -> Result<()> {
        self.pay(owner, self.akt, amount)?;
        self.pay(owner, &self.gold, amount * 2)?;
        let mint = call_data("mint(address)", &[Address(&owner.address)]);
        owner.call(&self.contract, &mint)
    }

    fn pay(&self, owner: &Wallet<'_>, token: &str, amount: u128) -> Result<()> {
        let arguments = [Address(&self.contract), Uint(amount)];
        owner.call(token, &call_data("transfer(address,uint256)", &arguments))
    }

    /// Gives so much of one token and takes all that the pair gives for it of the other.
    pub fn swap(&self, owner: &Wallet<'_>, token: &str, amount: u128) -> Result<u128> {
        let is_akt = token == self.akt;
        let other = if is_akt { &self.gold } else { self.akt };
        let reserve = |token| owner.chain().balance_of(token, &self.contract);
        // 3 of 1,000 are the pair's.
        let paid = amount * 997;
        let taken = paid * reserve(other)? / (reserve(token)? * 1_000 + paid);
        self.pay(owner, token, amount)?;
        let amounts = if is_akt == self.akt_is_first {
            [0, taken]
        } else {
            [taken, 0]
        };
        let [first, second] = amounts.map(Uint);
        let arguments = [first, second, Address(&owner.address), Text("")];
        let swap = call_data("swap(uint256,uint256,address,bytes)", &arguments);
        owner.call(&self.contract, &swap)?;
        Ok(taken)
    }
}
