//! Two memos: the sender's, which is the packet's, and the operator's, which is the relayer's
//! transactions'.

use crate::support::Fixture;
use anyhow::{ensure, Context, Result};
use tern_e2e::{attribute, Network};

const SENDERS: &str = "for the receiver";
const OPERATORS: &str = "relayed by a test";

#[test]
fn the_senders_memo_arrives_and_the_operators_is_on_the_transactions() -> Result<()> {
    let fixture = Fixture::new(Network::two()?)?;
    let tern = &fixture.network.tern;
    let id = "id = \"kava-a\"\n";
    tern.reconfigure(id, &format!("{id}memo = \"{OPERATORS}\"\n"))?;
    let way = ["akash-a", &fixture.on_akash, "100uakt", &fixture.kava_user];
    let args = [&["transfer"], &way[..], &["--memo", SENDERS]].concat();
    fixture.network.user.json(&args)?;
    let _daemon = tern.start()?;
    fixture.settled()?;

    let received = fixture.kava().tx_events("recv_packet")?;
    let data = attribute(&received[0], "packet_data_hex").context("no data")?;
    let memo: String = SENDERS.bytes().map(|byte| format!("{byte:02x}")).collect();
    ensure!(data.contains(&memo), "{data}");

    let trace = tern.json(&["trace", "akash-a", &fixture.on_akash, "1"])?;
    let steps = trace["steps"].as_array().context("no steps")?;
    let on_kava = steps.iter().find(|step| step["chain_id"] == "kava-a");
    let hash = on_kava.and_then(|step| step["tx"]["hash"].as_str());
    let hash = hash.with_context(|| format!("not received: {trace}"))?;
    let tx = fixture.kava().query(&["tx", hash])?;
    ensure!(tx["tx"]["body"]["memo"] == OPERATORS, "{tx}");
    fixture.passed()
}
