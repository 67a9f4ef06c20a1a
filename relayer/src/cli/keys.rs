//! `tern keys`: signing keys.

use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use serde_json::json;
use zeroize::Zeroizing;

use crate::connect::{Context, SigningKey};
use crate::output::{self, Outcome};

const ADD_EXAMPLE: &str = "\
Examples:
  tern keys add akash-a --mnemonic-file akash.txt
  pass show akash | tern keys add akash-a --name user --mnemonic-file -";
const LIST_EXAMPLE: &str = "\
Example:
  tern keys list akash-a";
const BALANCE_EXAMPLE: &str = "\
Example:
  tern keys balance akash-a --name user";

#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// Add a key from a mnemonic
    #[command(after_help = ADD_EXAMPLE)]
    Add(AddArgs),
    /// List a chain's keys
    #[command(after_help = LIST_EXAMPLE)]
    List(ListArgs),
    /// Show the balances of a key's account
    #[command(after_help = BALANCE_EXAMPLE)]
    Balance(BalanceArgs),
}

#[derive(Debug, Args)]
pub struct AddArgs {
    /// The chain that the key signs for
    chain: String,
    /// The key's name [default: the `key` of the chain's configuration]
    #[arg(long)]
    name: Option<String>,
    /// File with the mnemonic (12 to 24 words); `-` reads it from stdin
    #[arg(long, value_name = "FILE")]
    mnemonic_file: PathBuf,
    /// Derivation path [default: `hd_path` of the chain's configuration, else
    /// m/44'/118'/0'/0/0 with its `coin_type`]
    #[arg(long, value_name = "PATH")]
    hd_path: Option<String>,
    /// Replace the key of the same name; the old key is lost
    #[arg(long)]
    overwrite: bool,
}

#[derive(Debug, Args)]
pub struct ListArgs {
    /// The chain whose keys to list
    chain: String,
}

#[derive(Debug, Args)]
pub struct BalanceArgs {
    /// The chain to query
    chain: String,
    /// The key's name [default: the `key` of the chain's configuration]
    #[arg(long)]
    name: Option<String>,
}

pub async fn run(context: &Context, command: KeysCommand) -> anyhow::Result<Outcome> {
    match command {
        KeysCommand::Add(args) => add(context, &args),
        KeysCommand::List(args) => list(context, &args),
        KeysCommand::Balance(args) => balance(context, &args).await,
    }
}

fn add(context: &Context, args: &AddArgs) -> anyhow::Result<Outcome> {
    let chain = context.chain_config(&args.chain)?;
    let keys = context.keys(&args.chain)?;
    let name = args.name.as_deref().unwrap_or(&chain.key);
    let hd_path = args.hd_path.clone().unwrap_or_else(|| chain.hd_path());
    keys.file(name)?;
    let mnemonic = read_mnemonic(&args.mnemonic_file)?;
    let key = SigningKey::from_mnemonic(&mnemonic, &hd_path, &chain.account_prefix)
        .with_context(|| format!("cannot add the key `{name}` for {}", chain.id))?;
    let path = keys.save(name, &key, &hd_path, args.overwrite)?;
    if context.json {
        output::json(&json!({
            "chain": chain.id,
            "name": name,
            "address": key.address(),
            "hd_path": hd_path,
            "file": path,
        }))?;
    } else {
        let address = key.address();
        output::line(format!(
            "{}: added key `{name}` with address {address}",
            chain.id
        ))?;
    }
    Ok(Outcome::Done)
}

fn list(context: &Context, args: &ListArgs) -> anyhow::Result<Outcome> {
    let chain = context.chain_config(&args.chain)?;
    let keys = context.keys(&args.chain)?;
    let mut rows = Vec::new();
    for name in keys.names()? {
        let address = keys.load(&name)?.address().to_owned();
        rows.push([name, address]);
    }
    if context.json {
        let keys = rows.iter().map(|[name, address]| {
            json!({ "name": name, "address": address, "default": *name == chain.key })
        });
        let keys: Vec<_> = keys.collect();
        output::json(&json!({ "chain": chain.id, "keys": keys }))?;
    } else {
        output::table(["NAME", "ADDRESS"], &rows)?;
    }
    Ok(Outcome::Done)
}

async fn balance(context: &Context, args: &BalanceArgs) -> anyhow::Result<Outcome> {
    let config = context.chain_config(&args.chain)?;
    let name = args.name.as_deref().unwrap_or(&config.key);
    let key = context.keys(&args.chain)?.load(name)?;
    let chain = context.connect(&args.chain)?;
    let coins = chain.balances(key.address()).await?;
    if context.json {
        let coins = coins
            .iter()
            .map(|coin| json!({ "denom": coin.denom, "amount": coin.amount }));
        output::json(&json!({
            "chain": config.id,
            "name": name,
            "address": key.address(),
            "balances": coins.collect::<Vec<_>>(),
        }))?;
    } else if coins.is_empty() {
        output::line(format!("{} has no balance on {}", key.address(), config.id))?;
    } else {
        let rows = coins.into_iter().map(|coin| [coin.denom, coin.amount]);
        let rows: Vec<_> = rows.collect();
        output::table(["DENOM", "AMOUNT"], &rows)?;
    }
    Ok(Outcome::Done)
}

/// A mnemonic is not accepted as an argument: other users of the machine can see
/// arguments, and the shell writes them to its history.
fn read_mnemonic(file: &Path) -> anyhow::Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::new());
    if file == Path::new("-") {
        let read = std::io::stdin().read_to_string(&mut text);
        read.context("cannot read the mnemonic from stdin")?;
    } else {
        let read = std::fs::File::open(file).and_then(|mut file| file.read_to_string(&mut text));
        read.with_context(|| format!("cannot read the mnemonic file {}", file.display()))?;
    }
    Ok(text)
}
