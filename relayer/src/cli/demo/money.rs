//! Whose balances are watched, and what they must come to.

use anyhow::Context as _;
use bech32::{Bech32, Hrp};
use sha2::{Digest, Sha256};

use super::say::Say;
use super::stage::{Stage, CHANNEL};
use crate::cli::devnet::USER;
use crate::output;

/// Both users, and every balance the packets change.
pub struct Money {
    users: [String; 2],
    /// What a uakt is called on kava-dev.
    pub akt_voucher: String,
    /// What a usdx is called on akash-dev.
    pub usdx_voucher: String,
    watched: Vec<Watched>,
}

struct Watched {
    /// Which of the stage's chains.
    chain: usize,
    who: &'static str,
    address: String,
    denom: String,
    /// The denom for people.
    token: &'static str,
    change: Change,
}

/// How the balance changes with what of a token (0: AKT, 1: USDX) is on the
/// other side in the end. Nothing else changes it: users pay no fees here.
#[derive(Clone, Copy)]
enum Change {
    Less(usize),
    More(usize),
}

impl Money {
    pub fn of(stage: &Stage) -> anyhow::Result<Self> {
        let specs = [stage.spec(0), stage.spec(1)];
        let user = |chain: usize| anyhow::Ok(specs[chain].key(USER)?.address().to_owned());
        let escrow = |chain: usize| escrow(specs[chain].prefix);
        let users = [user(0)?, user(1)?];
        let (akt, usdx) = (voucher("uakt"), voucher("usdx"));
        let mut watched = Vec::new();
        let mut watch = |chain, who, address: &str, denom: &str, token, change| {
            watched.push(Watched {
                chain,
                who,
                address: address.to_owned(),
                denom: denom.to_owned(),
                token,
                change,
            });
        };
        watch(0, "user", &users[0], "uakt", "uakt", Change::Less(0));
        watch(0, "escrow", &escrow(0)?, "uakt", "uakt", Change::More(0));
        watch(
            1,
            "user",
            &users[1],
            &akt,
            "uakt of akash-dev",
            Change::More(0),
        );
        watch(1, "user", &users[1], "usdx", "usdx", Change::Less(1));
        watch(1, "escrow", &escrow(1)?, "usdx", "usdx", Change::More(1));
        watch(
            0,
            "user",
            &users[0],
            &usdx,
            "usdx of kava-dev",
            Change::More(1),
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

    /// All of them, from the chains' own state.
    pub fn balances(&self, stage: &Stage) -> Vec<u128> {
        let balance = |of: &Watched| {
            let node = stage.node(of.chain);
            node.read(|chain| chain.balance(&of.address, &of.denom))
        };
        self.watched.iter().map(balance).collect()
    }

    /// Prints the table; true if every line is what it must be.
    pub fn show(
        &self,
        stage: &Stage,
        say: &Say,
        before: &[u128],
        moved: [u128; 2],
    ) -> anyhow::Result<bool> {
        let after = self.balances(stage);
        let mut is_right = true;
        let mut rows = Vec::new();
        for ((of, &before), &after) in self.watched.iter().zip(before).zip(&after) {
            let expected = match of.change {
                Change::Less(token) => before.checked_sub(moved[token]),
                Change::More(token) => before.checked_add(moved[token]),
            };
            is_right &= expected == Some(after);
            let sign = if after < before { "-" } else { "+" };
            let verdict = match expected {
                Some(expected) if expected == after => "right".to_owned(),
                Some(expected) => format!("WRONG, not {expected}"),
                None => "WRONG".to_owned(),
            };
            rows.push([
                stage.spec(of.chain).id.clone(),
                of.who.to_owned(),
                of.token.to_owned(),
                before.to_string(),
                after.to_string(),
                format!("{sign}{}", after.abs_diff(before)),
                verdict,
            ]);
        }
        let header = ["CHAIN", "ACCOUNT", "TOKEN", "BEFORE", "AFTER", "CHANGE", ""];
        say.text(output::layout(header, &rows))?;
        Ok(is_right)
    }
}

/// What a token is called at the other end of the channel (ICS-20).
fn voucher(denom: &str) -> String {
    let trace = format!("transfer/{CHANNEL}/{denom}");
    format!("ibc/{}", hex::encode_upper(Sha256::digest(trace)))
}

/// Where the channel keeps what was sent (ibc-go `GetEscrowAddress`).
fn escrow(prefix: &str) -> anyhow::Result<String> {
    let hash = Sha256::digest(format!("ics20-1\0transfer/{CHANNEL}"));
    let prefix = Hrp::parse(prefix).context("the account prefix")?;
    Ok(bech32::encode::<Bech32>(prefix, &hash[..20])?)
}
