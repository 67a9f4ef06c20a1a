//! Who sends tokens, and who else has the relayer's key.

use std::time::Duration;

use ibc_proto::cosmos::bank::v1beta1::MsgSend;
use ibc_proto::cosmos::base::v1beta1::Coin;
use ibc_proto::google::protobuf::Any;
use ibc_proto::ibc::applications::transfer::v1::MsgTransfer;
use ibc_proto::ibc::core::client::v1::Height;
use sha2::{Digest, Sha256};
use tern::engine::Clock;
use tern_chains::{Chain, Check, TxDraft};
use tern_devnet::DevnetChain;
use tokio::time::sleep;

use super::chaos::Chaos;
use super::side::{Side, RELAYER, USER};
use super::tally::Fault;

/// Some transactions from either side, then it is done.
pub async fn users(sides: [Side; 2], chaos: Chaos, clock: Clock) {
    let dice = &chaos.dice;
    for _ in 0..3 + dice.roll(5) {
        let from = dice.roll(2) as usize;
        let (side, other) = (&sides[from], &sides[1 - from]);
        let count = 1 + dice.roll(4);
        let transfers = (0..count).map(|_| transfer(side, other, &chaos, &clock));
        submit(&side.door(USER), transfers.collect()).await;
        if chaos.strikes(Fault::KeyUsed, 30) {
            use_relayers_key(&sides[dice.roll(2) as usize]).await;
        }
        sleep(Duration::from_millis(dice.roll(3_000))).await;
    }
}

/// What a chain calls the other's tokens.
pub fn voucher(denom: &str) -> String {
    let hash = Sha256::digest(format!("transfer/channel-0/{denom}").as_bytes());
    let hex: String = hash.iter().map(|byte| format!("{byte:02X}")).collect();
    format!("ibc/{hex}")
}

/// Tokens to the other side, or some of its own back home.
fn transfer(side: &Side, other: &Side, chaos: &Chaos, clock: &Clock) -> Any {
    let dice = &chaos.dice;
    let voucher = voucher(other.denom);
    let has_vouchers = side
        .node
        .read(|chain| chain.balance(&side.address(USER), &voucher))
        > 40;
    let denom = match has_vouchers && dice.chance(40) {
        true => voucher,
        false => side.denom.to_owned(),
    };
    let receiver = match dice.chance(10) {
        true => "nobody".to_owned(),
        false => other.address(USER),
    };
    let (timeout_height, seconds) = deadline(other, chaos);
    let message = MsgTransfer {
        source_port: "transfer".into(),
        source_channel: "channel-0".into(),
        token: Some(Coin {
            denom,
            amount: (1 + dice.roll(10)).to_string(),
        }),
        sender: side.address(USER),
        receiver,
        timeout_height,
        timeout_timestamp: clock().0 + seconds * 1_000_000_000,
        memo: String::new(),
    };
    any("/ibc.applications.transfer.v1.MsgTransfer", &message)
}

/// Far away, or near in blocks or in seconds.
fn deadline(other: &Side, chaos: &Chaos) -> (Option<Height>, u64) {
    const FAR_SECONDS: u64 = 1_200;
    if !chaos.strikes(Fault::NearTimeout, 40) {
        return (None, FAR_SECONDS);
    }
    let dice = &chaos.dice;
    if dice.chance(50) {
        return (None, 1 + dice.roll(8));
    }
    let height = Height {
        revision_number: other.id().version(),
        revision_height: other.node.read(|chain| chain.latest().0) + 1 + dice.roll(8),
    };
    (Some(height), FAR_SECONDS)
}

/// Somebody else uses the relayer's key: its account sequence moves, and may
/// well collide with what the relayer has just signed.
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
    submit(&side.door(RELAYER), vec![message]).await;
}

/// Signs and sends. Whether it comes to pass, the chain will tell.
async fn submit(door: &DevnetChain, messages: Vec<Any>) {
    let Ok(account) = door.account().await else {
        return;
    };
    let Ok(gas) = door.estimate(&messages, &account).await else {
        return;
    };
    let (height, _) = door.latest().await.expect("a height");
    let draft = TxDraft {
        messages,
        memo: String::new(),
        account,
        gas,
        timeout_height: height + 20,
    };
    let tx = door.sign(&draft).expect("a signature");
    if door.broadcast(&tx).await.expect("an answer") == Check::Accepted {
        // The account's next transaction needs this one's block.
        let _ = door.next_block(height).await;
    }
}

fn any(url: &str, message: &impl prost::Message) -> Any {
    Any {
        type_url: url.to_owned(),
        value: message.encode_to_vec(),
    }
}
