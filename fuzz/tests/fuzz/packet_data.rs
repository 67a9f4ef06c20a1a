//! Data of transfers that anybody sends, and the rules of an operator about them. The
//! verdict is what the rules say by another, slower reading of them.

use std::sync::LazyLock;

use tern_chains::{
    Body, ChainId, ChannelId, ClientId, End, Height, Ordering, Packet, PortId, Timeout,
};
use tern_core::admission::{Admission, Glob, List, Rules};
use tern_core::ledger::{EndKey, Path};
use tern_core::transfer::Transfer;

const MEMO_BYTES_MAX: usize = 40;
const RECEIVER_BYTES_MAX: usize = 30;
const DENIED_SENDERS: [&str; 2] = ["akash1bad*", "*evil*"];
const ALLOWED_DENOMS: [&str; 2] = ["uakt", "transfer/channel-*/u*"];

static ADMISSION: LazyLock<Admission> = LazyLock::new(|| {
    let globs = |patterns: &[&str]| patterns.iter().map(|pattern| Glob::new(*pattern)).collect();
    Admission {
        everywhere: Rules {
            senders: List {
                deny: globs(&DENIED_SENDERS),
                ..List::default()
            },
            denoms: List {
                allow: globs(&ALLOWED_DENOMS),
                ..List::default()
            },
            memo_bytes_max: Some(MEMO_BYTES_MAX),
            receiver_bytes_max: Some(RECEIVER_BYTES_MAX),
            ..Rules::default()
        },
        ..Admission::default()
    }
});

#[test]
fn packet_data() {
    let path = path();
    tern_fuzz::run("packet_data", |data| {
        let packet = Packet {
            src: path.src.end.clone(),
            dst: path.dst.end.clone(),
            sequence: 1.into(),
            timeout: Timeout {
                height: Height::new(0, 0),
                timestamp_ns: 1,
            },
            body: Body::V1 {
                data: data.to_vec(),
            },
        };
        let verdict = ADMISSION.packet(&path, &packet, &[]);
        let transfer = Transfer::read(data);
        assert_eq!(
            verdict.is_ok(),
            transfer.as_ref().is_some_and(is_admitted),
            "{verdict:?} of {transfer:?}"
        );
        // Without rules about accounts what cannot be read is the chain's to refuse.
        let open = Admission::default().packet(&path, &packet, &[]);
        assert!(open.is_ok() || data.len() > 2_048, "{open:?}");
        if let Some(transfer) = &transfer {
            agrees_with_json(data, transfer);
        }
    });
}

fn is_admitted(transfer: &Transfer) -> bool {
    transfer.memo.len() <= MEMO_BYTES_MAX
        && transfer.receiver.len() <= RECEIVER_BYTES_MAX
        && !DENIED_SENDERS
            .iter()
            .any(|glob| is_match(glob.as_bytes(), transfer.sender.as_bytes()))
        && ALLOWED_DENOMS
            .iter()
            .any(|glob| is_match(glob.as_bytes(), transfer.denom.as_bytes()))
}

/// A glob by its definition.
fn is_match(glob: &[u8], text: &[u8]) -> bool {
    // `ends[at]`: whether what was read of the glob stands for the first `at` bytes.
    let mut ends = vec![false; text.len() + 1];
    ends[0] = true;
    for byte in glob {
        let mut next = vec![false; text.len() + 1];
        for at in 0..=text.len() {
            next[at] = match byte {
                b'*' => ends[at] || (at > 0 && next[at - 1]),
                byte => at > 0 && ends[at - 1] && text[at - 1] == *byte,
            };
        }
        ends = next;
    }
    ends[text.len()]
}

/// No reader of the same JSON sees another sender, receiver or denom.
fn agrees_with_json(data: &[u8], transfer: &Transfer) {
    let json: serde_json::Value = serde_json::from_slice(data).expect("JSON was read from it");
    assert_eq!(json["sender"], transfer.sender.as_str());
    assert_eq!(json["receiver"], transfer.receiver.as_str());
    assert_eq!(json["denom"], transfer.denom.as_str());
    // As a reader would that takes `SENDER` for `sender`.
    let fields = json.as_object().expect("an object").keys();
    let lower: std::collections::BTreeSet<String> =
        fields.map(|field| field.to_lowercase()).collect();
    assert_eq!(
        lower.len(),
        json.as_object().map_or(0, |fields| fields.len())
    );
}

fn path() -> Path {
    let end = |chain: &str| EndKey {
        chain: ChainId::from_string(chain),
        end: End::channel(&PortId::transfer(), &ChannelId::new(0)),
    };
    let client: ClientId = "07-tendermint-0".parse().expect("an identifier");
    Path {
        src: end("a-1"),
        dst: end("b-1"),
        client_on_src: client.clone(),
        client_on_dst: Some(client),
        ordering: Ordering::Unordered,
        is_open_on_src: true,
        is_open_on_dst: true,
    }
}
