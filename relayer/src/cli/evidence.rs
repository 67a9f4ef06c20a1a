//! `tern client evidence`: the headers that were shown to a client in the newest blocks of
//! its host, beside those of the client's chain (ICS-02 misbehaviour).

use anyhow::Context as _;
use clap::Args;
use futures::{stream, StreamExt as _, TryStreamExt as _};
use serde::Serialize;
use tern_chains::{
    ChainId, ClientId, Datagram, Encoded, HeaderCheck, LightClient, Misbehaviour, StorePath, TxHash,
};

use super::parse;
use super::send_once::send_once;
use crate::connect::{ConnectedChain, Context};
use crate::output::{self, Outcome};

/// Most blocks that are read at the same time.
const AT_ONCE: usize = 8;

#[derive(Debug, Args)]
pub struct EvidenceArgs {
    /// The chain that has the client
    chain: String,
    /// The client, such as `07-tendermint-0`
    #[arg(value_parser = parse::client)]
    client: ClientId,
    /// Number of the newest blocks to look at
    #[arg(long, default_value = "100", value_parser = clap::value_parser!(u64).range(1..=100_000))]
    blocks: u64,
    /// Show the client that its chain has forked, so that it is frozen
    #[arg(long)]
    submit: bool,
}

/// What was shown to the client, and what its chain says of it.
#[derive(Debug, Serialize)]
struct Shown {
    /// Height on the host.
    height: u64,
    tx: String,
    #[serde(flatten)]
    verdict: Verdict,
    #[serde(skip)]
    message: Encoded,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "header", rename_all = "snake_case")]
enum Verdict {
    /// The chain's own.
    Same,
    /// The chain has another one: it has forked.
    Conflicting {
        #[serde(skip)]
        own: Encoded,
    },
    /// The nodes do not have that height.
    Unknown { of_height: u64 },
    /// No header of the chain.
    Invalid { reason: String },
}

#[derive(Debug, Serialize)]
struct Report<'a> {
    chain: &'a ChainId,
    client: &'a ClientId,
    of: &'a ChainId,
    from_height: u64,
    to_height: u64,
    shown: &'a [Shown],
    /// The transaction that showed it to the client.
    submitted: Option<String>,
}

pub async fn run(context: &Context, args: EvidenceArgs) -> anyhow::Result<Outcome> {
    let host = context.connect(&args.chain)?;
    let of = client_chain(&host, &args.client).await?;
    let of = context.connect(of.as_str()).with_context(|| {
        format!(
            "the headers of {} are compared with those of its chain",
            args.client
        )
    })?;
    let (newest, _) = host.latest().await?;
    let first = newest.saturating_sub(args.blocks - 1).max(1);
    let shown = shown(&host, &args.client, first..=newest).await?;
    let shown = compare(&*of.access().light_client, shown).await?;
    let conflict = shown.iter().find_map(|shown| match &shown.verdict {
        Verdict::Conflicting { own } => Some(Misbehaviour {
            seen: shown.message.clone(),
            own: own.clone(),
        }),
        _ => None,
    });
    let submitted = match &conflict {
        Some(misbehaviour) if args.submit => {
            Some(submit(context, &host, &args.client, misbehaviour).await?)
        }
        _ => None,
    };
    let report = Report {
        chain: host.id(),
        client: &args.client,
        of: of.id(),
        from_height: first,
        to_height: newest,
        shown: &shown,
        submitted: submitted.map(|hash| hash.to_string()),
    };
    match context.json {
        true => output::json(&report)?,
        false => lines(&report, args.submit)
            .into_iter()
            .try_for_each(output::line)?,
    }
    Ok(match conflict {
        None => Outcome::Done,
        Some(_) => Outcome::Failed,
    })
}

/// The chain that a client is of.
async fn client_chain(host: &ConnectedChain, client: &ClientId) -> anyhow::Result<ChainId> {
    let state = host
        .query(StorePath::ClientState(client.clone()), None)
        .await?;
    let state = state.with_context(|| {
        let host = host.id();
        format!("there is no client {client} on {host}: `tern client list {host}` lists them")
    })?;
    let client = host
        .codec()
        .client(&state)
        .with_context(|| format!("Tern does not know the type of client {client}"))?;
    Ok(client.summary.chain_id)
}

/// The client messages of these blocks, each different one once.
async fn shown(
    host: &ConnectedChain,
    client: &ClientId,
    heights: std::ops::RangeInclusive<u64>,
) -> anyhow::Result<Vec<(u64, TxHash, Encoded)>> {
    let blocks = stream::iter(heights).map(|height| host.block(height));
    let blocks: Vec<_> =
        blocks.buffered(AT_ONCE).try_collect().await.context(
            "a block cannot be read: with fewer `--blocks` only newer ones are looked at",
        )?;
    let mut shown = Vec::<(u64, TxHash, Encoded)>::new();
    for block in blocks {
        for tx in block.txs.into_iter().filter(|tx| tx.code == 0) {
            let messages = tx.client_messages.into_iter();
            for message in messages.filter(|message| message.client_id == *client) {
                if !shown.iter().any(|(_, _, known)| *known == message.message) {
                    shown.push((block.height, tx.hash, message.message));
                }
            }
        }
    }
    Ok(shown)
}

async fn compare(
    of: &dyn LightClient,
    shown: Vec<(u64, TxHash, Encoded)>,
) -> anyhow::Result<Vec<Shown>> {
    let mut compared = Vec::new();
    for (height, tx, message) in shown {
        let verdict = match of.check_header(&message).await {
            Ok(HeaderCheck::Same) => Verdict::Same,
            Ok(HeaderCheck::Conflicting { own }) => Verdict::Conflicting { own },
            Ok(HeaderCheck::NotYet { height } | HeaderCheck::Pruned { height }) => {
                Verdict::Unknown { of_height: height }
            }
            Err(error) if error.class() == tern_chains::Class::Node => return Err(error.into()),
            Err(error) => Verdict::Invalid {
                reason: error.to_string(),
            },
        };
        compared.push(Shown {
            height,
            tx: tx.to_string(),
            verdict,
            message,
        });
    }
    Ok(compared)
}

/// Shows the misbehaviour to the client; the transaction that did.
async fn submit(
    context: &Context,
    host: &ConnectedChain,
    client: &ClientId,
    misbehaviour: &Misbehaviour,
) -> anyhow::Result<TxHash> {
    let account = context.account(host, None).await?;
    let message = account.encode(&Datagram::Misbehaviour {
        client_id: client.clone(),
        misbehaviour: misbehaviour.clone(),
    })?;
    let key = context.key_id(host.id().as_str(), None)?;
    let sent = send_once(context, host.clone(), &key, account, vec![message]).await?;
    Ok(sent.hash)
}

fn lines(report: &Report<'_>, is_submit: bool) -> Vec<String> {
    let Report {
        chain,
        client,
        of,
        from_height,
        to_height,
        shown,
        submitted,
    } = report;
    let mut lines = vec![format!(
        "{chain} blocks {from_height} to {to_height}: {} shown to {client}, a client of {of}",
        match shown.len() {
            1 => "1 header".to_owned(),
            number => format!("{number} headers"),
        }
    )];
    for Shown {
        height,
        tx,
        verdict,
        ..
    } in *shown
    {
        let said = match verdict {
            Verdict::Same => continue,
            Verdict::Conflicting { .. } => {
                format!("{of} has another header: it has forked")
            }
            Verdict::Unknown { of_height } => {
                format!("no node of {of} has height {of_height}: not compared")
            }
            Verdict::Invalid { reason } => format!("no header of {of}: {reason}"),
        };
        lines.push(format!("block {height}, tx {tx}:\n  {said}"));
    }
    let own = shown.iter().filter(|shown| shown.verdict == Verdict::Same);
    let own = own.count();
    let forked = shown
        .iter()
        .any(|shown| matches!(shown.verdict, Verdict::Conflicting { .. }));
    lines.push(match (submitted, forked) {
        (Some(hash), _) => format!("{client} is frozen by tx {hash}"),
        (None, true) if !is_submit => format!("`--submit` freezes {client}"),
        _ if own == shown.len() => format!("all are {of}'s own"),
        _ => format!("{own} are {of}'s own"),
    });
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(verdict: Verdict) -> Shown {
        Shown {
            height: 7,
            tx: "AB".to_owned(),
            verdict,
            message: header(),
        }
    }

    fn header() -> Encoded {
        Encoded {
            type_name: "/header".to_owned(),
            bytes: vec![1],
        }
    }

    fn said(shown: &[Shown], submitted: Option<&str>) -> String {
        let chain = ChainId::from_string("kava-a");
        let of = ChainId::from_string("akash-a");
        let report = Report {
            chain: &chain,
            client: &"07-tendermint-0".parse().unwrap(),
            of: &of,
            from_height: 1,
            to_height: 9,
            shown,
            submitted: submitted.map(str::to_owned),
        };
        lines(&report, submitted.is_some()).join("\n")
    }

    #[test]
    fn headers_of_the_chain_itself_are_counted_and_others_are_named() {
        let all = "kava-a blocks 1 to 9: 1 header shown to 07-tendermint-0, a client of akash-a\n\
                   all are akash-a's own";
        assert_eq!(said(&[shown(Verdict::Same)], None), all);
        let pruned = said(&[shown(Verdict::Unknown { of_height: 3 })], None);
        assert!(pruned.contains("no node of akash-a has height 3: not compared"));
        assert!(pruned.ends_with("0 are akash-a's own"), "{pruned}");
    }

    #[test]
    fn a_fork_is_told_with_what_freezes_the_client() {
        let fork = || [shown(Verdict::Conflicting { own: header() })];
        let told = said(&fork(), None);
        assert!(told.contains("block 7, tx AB:\n  akash-a has another header: it has forked"));
        assert!(
            told.ends_with("`--submit` freezes 07-tendermint-0"),
            "{told}"
        );
        let done = said(&fork(), Some("CD"));
        assert!(
            done.ends_with("07-tendermint-0 is frozen by tx CD"),
            "{done}"
        );
    }
}
