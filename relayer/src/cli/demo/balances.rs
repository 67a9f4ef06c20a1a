//! The balances that the packets change, and their expected values.

use anyhow::Context as _;
use bech32::{Bech32, Hrp};
use sha2::{Digest, Sha256};

use super::environment::{DemoEnvironment, CHANNEL};
use super::transcript::Transcript;
use crate::cli::devnet::USER;
use crate::output;

/// The addresses of both users, and every balance that the packets change.
pub struct Balances {
    users: [String; 2],
    /// The denom of uakt on kava-dev.
    pub akt_voucher: String,
    /// The denom of usdx on akash-dev.
    pub usdx_voucher: String,
    watched: Vec<Watched>,
}

struct Watched {
    /// The index of the chain.
    chain: usize,
    account: &'static str,
    address: String,
    denom: String,
    /// The name of the token in the output.
    token: &'static str,
    change: Change,
}

/// The expected change of a balance: the amount of a token (0: AKT, 1: USDX) that is
/// on the other chain at the end. Nothing else changes the balance, because users
/// pay no fees here.
#[derive(Clone, Copy)]
enum Change {
    Decrease(usize),
    Increase(usize),
}

impl Balances {
    pub fn of_users(environment: &DemoEnvironment) -> anyhow::Result<Self> {
        let specs = [environment.spec(0), environment.spec(1)];
        let user = |chain: usize| anyhow::Ok(specs[chain].key(USER)?.address().to_owned());
        let escrow = |chain: usize| escrow(specs[chain].prefix);
        let users = [user(0)?, user(1)?];
        let (akt, usdx) = (voucher("uakt"), voucher("usdx"));
        let mut watched = Vec::new();
        let mut watch = |chain, account, address: &str, denom: &str, token, change| {
            watched.push(Watched {
                chain,
                account,
                address: address.to_owned(),
                denom: denom.to_owned(),
                token,
                change,
            });
        };
        watch(0, "user", &users[0], "uakt", "uakt", Change::Decrease(0));
        watch(
            0,
            "escrow",
            &escrow(0)?,
            "uakt",
            "uakt",
            Change::Increase(0),
        );
        watch(
            1,
            "user",
            &users[1],
            &akt,
            "uakt of akash-dev",
            Change::Increase(0),
        );
        watch(1, "user", &users[1], "usdx", "usdx", Change::Decrease(1));
        watch(
            1,
            "escrow",
            &escrow(1)?,
            "usdx",
            "usdx",
            Change::Increase(1),
        );
        watch(
            0,
            "user",
            &users[0],
            &usdx,
            "usdx of kava-dev",
            Change::Increase(1),
        );
        Ok(Self {
            users,
            akt_voucher: akt,
            usdx_voucher: usdx,
            watched,
        })
    }

    pub fn akash_user(&self) -> &str {
        &self.users[0]
    }

    pub fn kava_user(&self) -> &str {
        &self.users[1]
    }

    /// The amounts, read from the state of the chains.
    pub fn read(&self, environment: &DemoEnvironment) -> Vec<u128> {
        let balance = |of: &Watched| {
            let node = environment.node(of.chain);
            node.read(|chain| chain.balance(&of.address, &of.denom))
        };
        self.watched.iter().map(balance).collect()
    }

    /// Prints a table. Returns whether every balance is right.
    pub fn print(
        &self,
        environment: &DemoEnvironment,
        transcript: &Transcript,
        before: &[u128],
        moved: [u128; 2],
    ) -> anyhow::Result<bool> {
        let after = self.read(environment);
        let mut is_right = true;
        let mut rows = Vec::new();
        for ((of, &before), &after) in self.watched.iter().zip(before).zip(&after) {
            let expected = match of.change {
                Change::Decrease(token) => before.checked_sub(moved[token]),
                Change::Increase(token) => before.checked_add(moved[token]),
            };
            is_right &= expected == Some(after);
            let sign = if after < before { "-" } else { "+" };
            let verdict = match expected {
                Some(expected) if expected == after => "right".to_owned(),
                Some(expected) => format!("WRONG, expected {expected}"),
                None => "WRONG".to_owned(),
            };
            rows.push([
                environment.spec(of.chain).id.clone(),
                of.account.to_owned(),
                of.token.to_owned(),
                before.to_string(),
                after.to_string(),
                format!("{sign}{}", after.abs_diff(before)),
                verdict,
            ]);
        }
        let header = ["CHAIN", "ACCOUNT", "TOKEN", "BEFORE", "AFTER", "CHANGE", ""];
        transcript.text(output::layout(header, &rows))?;
        Ok(is_right)
    }
}

/// The denom of a token on the other chain (ICS-20).
fn voucher(denom: &str) -> String {
    let trace = format!("transfer/{CHANNEL}/{denom}");
    format!("ibc/{}", hex::encode_upper(Sha256::digest(trace)))
}

/// The escrow account of the channel (`GetEscrowAddress` in ibc-go).
fn escrow(prefix: &str) -> anyhow::Result<String> {
    let hash = Sha256::digest(format!("ics20-1\0transfer/{CHANNEL}"));
    let prefix = Hrp::parse(prefix).context("the account prefix")?;
    Ok(bech32::encode::<Bech32>(prefix, &hash[..20])?)
}
