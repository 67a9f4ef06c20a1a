//! Users who send tokens, and another program that uses the relayer's key.

use std::time::Duration;

use ibc_proto::cosmos::bank::v1beta1::MsgSend;
use ibc_proto::cosmos::base::v1beta1::Coin;
use ibc_proto::ibc::applications::transfer::v1::MsgTransfer;
use ibc_proto::ibc::core::client::v1::Height;
use sha2::{Digest, Sha256};
use tern::engine::Clock;
use tern_chains::{Account, Chain, Check, Deadline, Encoded, Message, MessageKind, TxDraft};
use tern_devnet::DevnetChain;
use tokio::time::sleep;

use super::chaos::Chaos;
use super::fault_counts::Fault;
use super::side::{Side, RELAYER, USER};

/// Sends a few transactions from both sides, then returns.
pub async fn users(sides: [Side; 2], chaos: Chaos, clock: Clock) {
    let rng = &chaos.rng;
    for _ in 0..3 + rng.below(5) {
        let from = rng.below(2) as usize;
        let (side, other) = (&sides[from], &sides[1 - from]);
        let count = 1 + rng.below(4);
        let transfers = (0..count).map(|_| transfer(side, other, &chaos, &clock));
        submit(&side.chain(USER), transfers.collect()).await;
        if chaos.occurs(Fault::KeyUsed, 30) {
            use_relayers_key(&sides[rng.below(2) as usize]).await;
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
    let has_vouchers = side
        .node
        .read(|chain| chain.balance(&side.address(USER), &voucher))
        > 40;
    let denom = match has_vouchers && rng.chance(40) {
        true => voucher,
        false => side.denom.to_owned(),
    };
    let receiver = match rng.chance(10) {
        true => "nobody".to_owned(),
        false => other.address(USER),
    };
    let (timeout_height, seconds) = deadline(other, chaos);
    let message = MsgTransfer {
        source_port: "transfer".into(),
        source_channel: "channel-0".into(),
        token: Some(Coin {
            denom,
            amount: (1 + rng.below(10)).to_string(),
        }),
        sender: side.address(USER),
        receiver,
        timeout_height,
        timeout_timestamp: clock().0 + seconds * 1_000_000_000,
        memo: String::new(),
    };
    any("/ibc.applications.transfer.v1.MsgTransfer", &message)
}

/// A timeout: far away, or near by height or by time.
fn deadline(other: &Side, chaos: &Chaos) -> (Option<Height>, u64) {
    const FAR_SECONDS: u64 = 1_200;
    if !chaos.occurs(Fault::NearTimeout, 40) {
        return (None, FAR_SECONDS);
    }
    let rng = &chaos.rng;
    if rng.chance(50) {
        return (None, 1 + rng.below(8));
    }
    let height = Height {
        revision_number: other.id().version(),
        revision_height: other.node.read(|chain| chain.latest().0) + 1 + rng.below(8),
    };
    (Some(height), FAR_SECONDS)
}

/// Another program signs with the relayer's key. The account sequence moves,
/// and may collide with a transaction the relayer has just signed.
async fn use_relayers_key(side: &Side) {
    let message = MsgSend {
        from_address: side.address(RELAYER),
        to_address: side.address(USER),
        amount: vec![Coin {
            denom: side.denom.into(),
            amount: "1".into(),
        }],
    };
    let message = any("/cosmos.bank.v1beta1.MsgSend", &message);
    submit(&side.chain(RELAYER), vec![message]).await;
}

/// Signs and broadcasts. Whether it succeeds is seen on the chain.
async fn submit(chain: &DevnetChain, messages: Vec<Message>) {
    let Ok(account) = chain.state().await else {
        return;
    };
    let Ok(gas) = chain.estimate(&messages, &account).await else {
        return;
    };
    let (height, _) = chain.latest().await.expect("a height");
    let draft = TxDraft {
        messages,
        memo: String::new(),
        account,
        gas,
        deadline: Deadline::Height(height + 20),
    };
    let tx = chain.sign(&draft).expect("a signature");
    if chain.broadcast(&tx).await.expect("an answer") == Check::Accepted {
        // The account's next transaction needs this one's block.
        let _ = chain.next_block(height).await;
    }
}

fn any(url: &str, message: &impl prost::Message) -> Message {
    Message {
        kind: MessageKind::Other,
        encoded: Encoded {
            type_name: url.to_owned(),
            bytes: message.encode_to_vec(),
        },
    }
}
