//! Values of the provable stores, plain and with their ICS-23 proofs, by `abci_query`.

use std::sync::Arc;

use futures::{stream, StreamExt, TryStreamExt};
use ibc_relayer_types::core::ics23_commitment::merkle::convert_tm_to_ics_merkle_proof;
use tendermint_rpc::endpoint::abci_query::AbciQuery;
use tern_chains::{ChainError, Proven, StorePath};

use crate::codec::store_of;
use crate::errors::{flex_line, Fault, Result};
use crate::node::Node;
use crate::pool::{Kind, Need, Pool};
use crate::proof;
use crate::rpc::Rpc;

/// Proofs of one batch asked for at once; each node's own bound still holds.
const PROOFS_AT_ONCE: usize = 64;

/// The value at `path`; `None` if there is none. `height` as `None` is newest.
pub(crate) async fn value(
    rpc: &Rpc,
    path: &StorePath,
    height: Option<u64>,
) -> Result<Option<Vec<u8>>> {
    let answer = ask(rpc, path, height, false).await?;
    Ok(present(answer.value))
}

/// Values with proofs of the state at `height`, in the order asked.
#[tracing::instrument(level = "debug", skip_all, fields(chain = %pool.origin().chain, height, paths = paths.len()))]
pub(crate) async fn proven(pool: &Pool, paths: Vec<StorePath>, height: u64) -> Result<Vec<Proven>> {
    let one = |path: StorePath| async move {
        let ask = |node: Arc<Node>| {
            let path = path.clone();
            async move { one_proven(&node.rpc, path, height).await }
        };
        let need = Need::At(height);
        let (source, proven) = pool.read_from(Kind::State, need, &[], ask).await?;
        pool.gave(source, &proven);
        Ok(proven)
    };
    stream::iter(paths)
        .map(one)
        .buffered(PROOFS_AT_ONCE)
        .try_collect()
        .await
}

async fn one_proven(rpc: &Rpc, path: StorePath, height: u64) -> Result<Proven> {
    let answer = ask(rpc, &path, Some(height), true).await?;
    let doing = || describe(&path, Some(height));
    let missing = || Fault::Answer("the answer has no proof".to_owned());
    let ops = answer
        .proof
        .ok_or_else(|| rpc.origin.node(doing(), missing()))?;
    let proof = convert_tm_to_ics_merkle_proof(&ops)
        .map_err(|error| rpc.origin.malformed(doing(), flex_line!(error)))?;
    Ok(Proven {
        path,
        value: present(answer.value),
        proof: proof::encode(proof, rpc.origin.chain.version(), height),
        height,
    })
}

/// The newest value of a key in the store of an application; `None` if there is none.
pub(crate) async fn value_in(rpc: &Rpc, store: &str, key: &str) -> Result<Option<Vec<u8>>> {
    let doing = format!("abci_query {key} in {store}");
    let answer = ask_store(rpc, doing, store, key, None, false).await?;
    Ok(present(answer.value))
}

async fn ask(rpc: &Rpc, path: &StorePath, height: Option<u64>, prove: bool) -> Result<AbciQuery> {
    let (doing, key) = (describe(path, height), path.to_string());
    ask_store(rpc, doing, store_of(path), &key, height, prove).await
}

async fn ask_store(
    rpc: &Rpc,
    doing: String,
    store: &str,
    key: &str,
    height: Option<u64>,
    prove: bool,
) -> Result<AbciQuery> {
    let store = format!("store/{store}/key");
    let key = key.as_bytes().to_vec();
    let answer = rpc.abci_query(&doing, &store, key, height, prove).await?;
    if missing_version(&answer) {
        return Err(no_such_version(rpc, doing, height).await);
    }
    if answer.code.is_err() {
        let said = format!(
            "{} (codespace {}, code {})",
            answer.log,
            answer.codespace,
            answer.code.value()
        );
        return Err(rpc.origin.node(doing, Fault::Answer(said)));
    }
    Ok(answer)
}

/// The state at that height is not there: either no longer, or not yet.
async fn no_such_version(rpc: &Rpc, doing: String, height: Option<u64>) -> ChainError {
    let latest = match rpc.status().await {
        Ok(status) => status.sync_info.latest_block_height.value(),
        Err(error) => return error,
    };
    match height {
        Some(height) if height <= latest => rpc.origin.pruned(doing, height),
        _ => {
            let why = format!("the node has no such state yet; its newest block is {latest}");
            rpc.origin.node(doing, Fault::Answer(why))
        }
    }
}

/// Whether an answer says that the node's store lacks the asked height.
///
/// Without a proof the SDK's IAVL store says so with code 0, no value and a
/// log; the log of a value that is merely absent is empty. With a proof the
/// multi-store gives "invalid request": code 18 of `sdk` or 7 of `store`.
fn missing_version(answer: &AbciQuery) -> bool {
    if answer.code.is_ok() {
        return answer.value.is_empty() && !answer.log.is_empty();
    }
    matches!(
        (answer.codespace.as_str(), answer.code.value()),
        ("sdk", 18) | ("store", 7)
    )
}

fn present(value: Vec<u8>) -> Option<Vec<u8>> {
    (!value.is_empty()).then_some(value)
}

fn describe(path: &StorePath, height: Option<u64>) -> String {
    match height {
        Some(height) => format!("abci_query {path} at {height}"),
        None => format!("abci_query {path}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(code: u32, codespace: &str, log: &str, value: &[u8]) -> AbciQuery {
        AbciQuery {
            code: code.into(),
            codespace: codespace.to_owned(),
            log: log.to_owned(),
            value: value.to_vec(),
            ..AbciQuery::default()
        }
    }

    #[test]
    fn a_missing_version_is_told_from_a_missing_value() {
        assert!(missing_version(&answer(
            0,
            "",
            "version does not exist",
            b""
        )));
        assert!(missing_version(&answer(
            18,
            "sdk",
            "proof is unexpectedly empty",
            b""
        )));
        assert!(missing_version(&answer(
            7,
            "store",
            "proof is unexpectedly empty",
            b""
        )));
        assert!(!missing_version(&answer(0, "", "", b"")));
        assert!(!missing_version(&answer(0, "", "", b"value")));
        assert!(!missing_version(&answer(6, "sdk", "unknown request", b"")));
    }
}
