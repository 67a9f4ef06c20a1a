//! Whose balances are watched, and what they must come to.

use anyhow::{ensure, Result};
use tern_e2e::{voucher, Network, RELAYER, USER};

use crate::CHANNEL;

pub struct Accounts {
    pub akash_user: String,
    pub kava_user: String,
    watched: Vec<Watched>,
}

/// One line of the table.
struct Watched {
    chain: &'static str,
    who: &'static str,
    address: String,
    denom: String,
    token: &'static str,
    changes: Changes,
}

/// Why a balance changes.
enum Changes {
    Left(Token),
    Arrived(Token),
    Fees,
}

/// Which of the two tokens that were sent.
#[derive(Clone, Copy)]
enum Token {
    Akt,
    Usdx,
}

impl Accounts {
    pub fn of(network: &Network) -> Result<Self> {
        let [akash_user, kava_user] = [
            network.address("akash-a", USER.0)?,
            network.address("kava-a", USER.0)?,
        ];
        let mut watched = Vec::new();
        let mut watch = |chain, who, address: &str, denom: &str, token, changes| {
            watched.push(Watched {
                chain,
                who,
                address: address.to_owned(),
                denom: denom.to_owned(),
                token,
                changes,
            });
        };
        let (akash, kava) = ("akash-a", "kava-a");
        let escrow = |chain| network.chain(chain)?.escrow(CHANNEL);
        let (akt, usdx) = (voucher(CHANNEL, "uakt"), voucher(CHANNEL, "usdx"));
        let (out, in_) = (Changes::Left, Changes::Arrived);
        watch(akash, "user", &akash_user, "uakt", "uakt", out(Token::Akt));
        watch(
            akash,
            "escrow",
            &escrow(akash)?,
            "uakt",
            "uakt",
            in_(Token::Akt),
        );
        watch(
            kava,
            "user",
            &kava_user,
            &akt,
            "uakt of akash-a",
            in_(Token::Akt),
        );
        watch(kava, "user", &kava_user, "usdx", "usdx", out(Token::Usdx));
        watch(
            kava,
            "escrow",
            &escrow(kava)?,
            "usdx",
            "usdx",
            in_(Token::Usdx),
        );
        watch(
            akash,
            "user",
            &akash_user,
            &usdx,
            "usdx of kava-a",
            in_(Token::Usdx),
        );
        let relayer = |chain| network.address(chain, RELAYER.0);
        watch(
            akash,
            "relayer",
            &relayer(akash)?,
            "uakt",
            "uakt",
            Changes::Fees,
        );
        watch(
            kava,
            "relayer",
            &relayer(kava)?,
            "ukava",
            "ukava",
            Changes::Fees,
        );
        Ok(Self {
            akash_user,
            kava_user,
            watched,
        })
    }

    pub fn balances(&self, network: &Network) -> Result<Vec<u128>> {
        let balance = |of: &Watched| network.chain(of.chain)?.balance(&of.address, &of.denom);
        self.watched.iter().map(balance).collect()
    }

    /// Prints the table; fails if any line is not what it must be. `moved` is what
    /// of both tokens is on the other side in the end.
    pub fn check(
        &self,
        network: &Network,
        before: &[u128],
        after: &[u128],
        moved: [u128; 2],
    ) -> Result<()> {
        println!(
            "\n  {:<8}  {:<8} {:<16} {:>21} {:>21} {:>15}",
            "CHAIN", "ACCOUNT", "TOKEN", "BEFORE", "AFTER", "CHANGE"
        );
        let mut wrong = Vec::new();
        for ((of, &before), &after) in self.watched.iter().zip(before).zip(after) {
            let expected = match of.changes {
                Changes::Left(token) => before - moved[token as usize],
                Changes::Arrived(token) => before + moved[token as usize],
                Changes::Fees => before - network.chain(of.chain)?.fees(&of.address)?.0,
            };
            let sign = if after < before { "-" } else { "+" };
            let change = format!("{sign}{}", grouped(after.abs_diff(before)));
            let note = match (after == expected, &of.changes) {
                (false, _) => format!("WRONG, not {}", grouped(expected)),
                (true, Changes::Fees) => "ok, the fees in the blocks".to_owned(),
                (true, _) => "ok".to_owned(),
            };
            println!(
                "  {:<8}  {:<8} {:<16} {:>21} {:>21} {:>15}  {note}",
                of.chain,
                of.who,
                of.token,
                grouped(before),
                grouped(after),
                change
            );
            if after != expected {
                wrong.push(format!("{} of the {} on {}", of.token, of.who, of.chain));
            }
        }
        println!();
        ensure!(wrong.is_empty(), "wrong balances: {}", wrong.join(", "));
        Ok(())
    }
}

/// `1,234,567`
fn grouped(amount: u128) -> String {
    let digits = amount.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
