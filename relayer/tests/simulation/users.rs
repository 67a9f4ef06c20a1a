//! Users who send tokens and packets of other kinds, and another program that uses the
//! relayer's key.

use std::time::Duration;

use sha2::{Digest, Sha256};
use tern_chains::{Height, Message, Timeout};
use tokio::time::sleep;

use super::channels::{Channel, Channels};
use super::fault_counts::Fault;
use super::node::{MockPacket, Transfer};
use super::place::Place;
use super::poison::Poison;
use super::side::{Side, RELAYER, USER};
use super::submit::submit;

const FAR_SECONDS: u64 = 1_200;

/// Sends a few transactions from both sides, then returns.
pub async fn users(place: Place, channels: Channels) {
    let users = Users { place, channels };
    let rng = &users.place.chaos.rng;
    for _ in 0..3 + rng.below(5) {
        let from = rng.below(2) as usize;
        for messages in users.messages(from) {
            submit(&*users.place.sides[from].chain(USER), messages).await;
        }
        if users.place.chaos.occurs(Fault::KeyUsed, 30) {
            for _ in 0..1 + rng.below(4) {
                // At any time between two blocks, when the relayer's may wait or not.
                sleep(Duration::from_millis(rng.below(1_000))).await;
                use_relayers_key(&users.place.sides[rng.below(2) as usize]).await;
            }
        }
        sleep(Duration::from_millis(rng.below(3_000))).await;
    }
}

struct Users {
    place: Place,
    channels: Channels,
}

impl Users {
    /// What is sent from a side in one go, a transaction each.
    fn messages(&self, from: usize) -> Vec<Vec<Message>> {
        let rng = &self.place.chaos.rng;
        let mut txs = Vec::new();
        let count = 1 + rng.below(4);
        let mut together: Vec<Message> = (0..count).map(|_| self.transfer(from)).collect();
        if let Some(mock) = &self.channels.mock {
            together.push(self.mock(mock, from, b"mock packet data".to_vec(), FAR_SECONDS));
            for poison in Poison::ALL {
                let is_sent = self.place.chaos.has(poison.fault()) && poison.is_of(from);
                if !is_sent || !rng.chance(60) {
                    continue;
                }
                // Some are left to wait for ever.
                let seconds = match rng.chance(40) {
                    true => FAR_SECONDS,
                    false => 8 + rng.below(25),
                };
                let message = self.mock(mock, from, poison.data(), seconds);
                match poison {
                    Poison::TooLarge => txs.push(vec![message]),
                    _ => together.push(message),
                }
            }
        }
        txs.insert(0, together);
        if let Some(ordered) = &self.channels.ordered {
            txs.extend(rng.chance(70).then(|| self.burst(ordered, from)));
        }
        txs
    }

    /// More packets of an ordered channel than a transaction holds. In some worlds one
    /// times out, which closes the channel.
    fn burst(&self, ordered: &Channel, from: usize) -> Vec<Message> {
        let chaos = &self.place.chaos;
        let rng = &chaos.rng;
        let may_close = chaos.has(Fault::ChannelClosed);
        let count = match chaos.has(Fault::OrderedBacklog) {
            true => 6 + rng.below(9),
            false => 1 + rng.below(4),
        };
        let first = rng.below(count);
        let seconds = |at: u64| match may_close {
            true if at == first => 1 + rng.below(8),
            true => 15 + rng.below(25),
            false => FAR_SECONDS,
        };
        let packets = (0..count).map(|at| {
            let data = format!("mock packet data {at}");
            self.mock(ordered, from, data.into_bytes(), seconds(at))
        });
        packets.collect()
    }

    fn mock(&self, channel: &Channel, from: usize, data: Vec<u8>, seconds: u64) -> Message {
        let packet = MockPacket {
            channel: channel.id(from),
            data,
            timeout: self.timeout(Height::default(), seconds),
        };
        self.place.sides[from].node.send_mock(USER, &packet)
    }

    /// A transfer of own tokens, or of vouchers back to their chain.
    fn transfer(&self, from: usize) -> Message {
        let rng = &self.place.chaos.rng;
        let (side, other) = (&self.place.sides[from], &self.place.sides[1 - from]);
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
        let (height, seconds) = self.deadline(other);
        let transfer = Transfer {
            channel: self.channels.transfer.id(from),
            denom,
            amount: 1 + rng.below(10),
            receiver,
            timeout: self.timeout(height, seconds),
        };
        side.node.transfer(USER, &transfer)
    }

    /// A timeout: far away, or near by height or by time.
    fn deadline(&self, other: &Side) -> (Height, u64) {
        if !self.place.chaos.occurs(Fault::NearTimeout, 40) {
            return (Height::default(), FAR_SECONDS);
        }
        let rng = &self.place.chaos.rng;
        if rng.chance(50) {
            return (Height::default(), 1 + rng.below(8));
        }
        let height = other.node.latest() + 1 + rng.below(8);
        (Height::new(other.id().version(), height), FAR_SECONDS)
    }

    fn timeout(&self, height: Height, seconds: u64) -> Timeout {
        Timeout {
            height,
            timestamp_ns: (self.place.clock)().0 + seconds * 1_000_000_000,
        }
    }
}

/// The denom of the other chain's tokens on this one.
pub fn voucher(denom: &str) -> String {
    let hash = Sha256::digest(format!("transfer/channel-0/{denom}").as_bytes());
    let hex: String = hash.iter().map(|byte| format!("{byte:02X}")).collect();
    format!("ibc/{hex}")
}

/// Another program signs with the relayer's key. The account sequence moves,
/// and may collide with a transaction the relayer has just signed.
async fn use_relayers_key(side: &Side) {
    let message = side.node.payment(RELAYER, USER);
    let chain = side.node.chain_of_other_program(RELAYER);
    submit(&*chain, vec![message]).await;
}
