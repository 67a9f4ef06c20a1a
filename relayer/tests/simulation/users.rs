//! Users who send tokens, and another program that uses the relayer's key.

use std::time::Duration;

use sha2::{Digest, Sha256};
use tern::engine::Clock;
use tern_chains::{Check, Height, Message, Timeout, TxDraft};
use tokio::time::sleep;

use super::chaos::Chaos;
use super::fault_counts::Fault;
use super::node::{RelayedChain, Transfer};
use super::side::{Side, RELAYER, USER};

/// Sends a few transactions from both sides, then returns.
pub async fn users(sides: [Side; 2], chaos: Chaos, clock: Clock) {
    let rng = &chaos.rng;
    for _ in 0..3 + rng.below(5) {
        let from = rng.below(2) as usize;
        let (side, other) = (&sides[from], &sides[1 - from]);
        let count = 1 + rng.below(4);
        let transfers = (0..count).map(|_| transfer(side, other, &chaos, &clock));
        submit(&*side.chain(USER), transfers.collect()).await;
        if chaos.occurs(Fault::KeyUsed, 30) {
            for _ in 0..1 + rng.below(4) {
                // At any time between two blocks, when the relayer's may wait or not.
                sleep(Duration::from_millis(rng.below(1_000))).await;
                use_relayers_key(&sides[rng.below(2) as usize]).await;
            }
        }
        sleep(Duration::from_millis(rng.below(3_000))).await;
    }
}

/// The denom of the other chain's tokens on this one.
pub fn voucher(denom: &str) -> String {
    let hash = Sha256::digest(format!("transfer/channel-0/{denom}").as_bytes());
    let hex: String = hash.iter().map(|byte| format!("{byte:02X}")).collect();
    format!("ibc/{hex}")
}

/// A transfer of own tokens, or of vouchers back to their chain.
fn transfer(side: &Side, other: &Side, chaos: &Chaos, clock: &Clock) -> Message {
    let rng = &chaos.rng;
    let voucher = voucher(other.denom);
    let has_vouchers = side.node.balance(&side.address(USER), &voucher) > 40;
    let denom = match has_vouchers && rng.chance(40) {
        true => voucher,
        false => side.denom.to_owned(),
    };
    let receiver = match rng.chance(10) {
        true => "nobody".to_owned(),
        false => other.address(USER),
    };
    let (height, seconds) = deadline(other, chaos);
    let transfer = Transfer {
        denom,
        amount: 1 + rng.below(10),
        receiver,
        timeout: Timeout {
            height,
            timestamp_ns: clock().0 + seconds * 1_000_000_000,
        },
    };
    side.node.transfer(USER, &transfer)
}

/// A timeout: far away, or near by height or by time.
fn deadline(other: &Side, chaos: &Chaos) -> (Height, u64) {
    const FAR_SECONDS: u64 = 1_200;
    if !chaos.occurs(Fault::NearTimeout, 40) {
        return (Height::default(), FAR_SECONDS);
    }
    let rng = &chaos.rng;
    if rng.chance(50) {
        return (Height::default(), 1 + rng.below(8));
    }
    let height = other.node.latest() + 1 + rng.below(8);
    (Height::new(other.id().version(), height), FAR_SECONDS)
}

/// Another program signs with the relayer's key. The account sequence moves,
/// and may collide with a transaction the relayer has just signed.
async fn use_relayers_key(side: &Side) {
    let message = side.node.payment(RELAYER, USER);
    let chain = side.node.chain_of_other_program(RELAYER);
    submit(&*chain, vec![message]).await;
}

/// Signs and broadcasts. Whether it succeeds is seen on the chain.
async fn submit(chain: &dyn RelayedChain, messages: Vec<Message>) {
    let Ok(account) = chain.state().await else {
        return;
    };
    let Ok(gas) = chain.estimate(&messages, &account).await else {
        return;
    };
    let (height, time) = chain.latest().await.expect("a height");
    let draft = TxDraft {
        messages,
        memo: String::new(),
        account,
        gas,
        deadline: chain.deadline(height, time, 20),
    };
    let tx = chain.sign(&draft).expect("a signature");
    if chain.broadcast(&tx).await.expect("an answer") == Check::Accepted {
        // The account's next transaction needs this one's block.
        let _ = chain.next_block(height).await;
    }
}
