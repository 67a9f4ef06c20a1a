//! `tern keys`: signing keys.

mod grant;

use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use serde_json::json;
use tern_config::{ChainConfig, PassphraseSource};
use zeroize::Zeroizing;

use crate::connect::{account_format, import, keep_in_keyring, Context, SigningKey};
use crate::output::{self, Outcome};

const ADD_EXAMPLE: &str = "\
Examples:
  tern keys add akash-a --mnemonic-file akash.txt
  pass show akash | tern keys add akash-a --name user --mnemonic-file -
  tern keys add akash-a --armor relayer.asc
  tern keys add akash-a --hermes ~/.hermes/keys/akashnet-2/keyring-test/relayer.json";
const ENCRYPT_EXAMPLE: &str = "\
Examples:
  tern keys encrypt akash-a
  tern keys encrypt akash-a --name user --passphrase-file ~/.tern/passphrase";
const DECRYPT_EXAMPLE: &str = "\
Example:
  tern keys decrypt akash-a --passphrase-file ~/.tern/passphrase";
const STORE_EXAMPLE: &str = "\
Examples:
  tern keys store-passphrase relayer
  tern keys store-passphrase relayer --passphrase-file ~/passphrase";
const LIST_EXAMPLE: &str = "\
Example:
  tern keys list akash-a";
const BALANCE_EXAMPLE: &str = "\
Example:
  tern keys balance akash-a --name user";

#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// Add a key from a mnemonic, or from a file of another program
    #[command(after_help = ADD_EXAMPLE)]
    Add(AddArgs),
    /// Encrypt the file of a key with a passphrase
    #[command(after_help = ENCRYPT_EXAMPLE)]
    Encrypt(ChangeArgs),
    /// Write an encrypted key plain
    #[command(after_help = DECRYPT_EXAMPLE)]
    Decrypt(ChangeArgs),
    /// Keep a passphrase in the keyring of the operating system
    #[command(after_help = STORE_EXAMPLE)]
    StorePassphrase(StoreArgs),
    /// List a chain's keys
    #[command(after_help = LIST_EXAMPLE)]
    List(ListArgs),
    /// Let an account pay the fees of the keys that relay
    #[command(after_help = grant::GRANT_EXAMPLE)]
    Grant(grant::GrantArgs),
    /// Stop an account from paying the fees of the keys that relay
    #[command(after_help = grant::REVOKE_EXAMPLE)]
    Revoke(grant::RevokeArgs),
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
    #[command(flatten)]
    source: KeySource,
    /// File with the passphrase of the exported key, which only its owner can read [default: it
    /// is asked for in the terminal]
    #[arg(long, value_name = "FILE", requires = "armor")]
    armor_passphrase_file: Option<PathBuf>,
    /// Derivation path [default: `hd_path` of the chain's configuration, else
    /// m/44'/118'/0'/0/0 with its `coin_type`, or with 60 for keys of Ethereum's kind]
    #[arg(long, value_name = "PATH", requires = "mnemonic_file")]
    hd_path: Option<String>,
    /// Replace the key of the same name; the old key is lost
    #[arg(long)]
    overwrite: bool,
    /// Encrypt the key with a passphrase that is typed in the terminal. A key is also
    /// encrypted if an option or the configuration says where the passphrase is
    #[arg(long)]
    encrypt: bool,
    #[command(flatten)]
    passphrase: PassphraseArgs,
}

/// Where the key is now.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct KeySource {
    /// File with the mnemonic (12 to 24 words); `-` reads it from stdin
    #[arg(long, value_name = "FILE")]
    mnemonic_file: Option<PathBuf>,
    /// File that a program of a chain has exported, as `simd keys export NAME` does
    #[arg(long, value_name = "FILE")]
    armor: Option<PathBuf>,
    /// Key file of Hermes
    #[arg(long, value_name = "FILE")]
    hermes: Option<PathBuf>,
}

/// In the place of a derivation path, of a key that was made elsewhere.
const IMPORTED: &str = "imported";

#[derive(Debug, Args)]
pub struct ChangeArgs {
    /// The chain that the key signs for
    chain: String,
    /// The key's name [default: the `key` of the chain's configuration]
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    passphrase: PassphraseArgs,
}

#[derive(Debug, Args)]
pub struct StoreArgs {
    /// The name of the entry, as in `passphrase = { keyring = "NAME" }`
    #[arg(value_name = "NAME")]
    entry: String,
    #[command(flatten)]
    passphrase: PassphraseArgs,
}

/// Where the passphrase is, if not where the configuration says.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub struct PassphraseArgs {
    /// File with the passphrase, which only its owner can read
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// File descriptor that the passphrase is read from
    #[arg(long, value_name = "NUMBER")]
    passphrase_fd: Option<u32>,
    /// Entry with the passphrase in the keyring of the operating system
    #[arg(long, value_name = "NAME")]
    passphrase_keyring: Option<String>,
}

impl PassphraseArgs {
    fn source(&self) -> anyhow::Result<Option<PassphraseSource>> {
        if let Some(file) = &self.passphrase_file {
            // Relative to where the command is run, not to the home folder.
            let file = std::path::absolute(file).context("there is no current folder")?;
            return Ok(Some(PassphraseSource::File(file)));
        }
        let fd = self.passphrase_fd.map(PassphraseSource::Fd);
        let keyring = self.passphrase_keyring.clone();
        Ok(fd.or(keyring.map(PassphraseSource::Keyring)))
    }
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
        KeysCommand::Encrypt(args) => change(context, &args, Change::Encrypt),
        KeysCommand::Decrypt(args) => change(context, &args, Change::Decrypt),
        KeysCommand::StorePassphrase(args) => store_passphrase(context, &args),
        KeysCommand::List(args) => list(context, &args),
        KeysCommand::Grant(args) => grant::grant(context, &args).await,
        KeysCommand::Revoke(args) => grant::revoke(context, &args).await,
        KeysCommand::Balance(args) => balance(context, &args).await,
    }
}

fn add(context: &Context, args: &AddArgs) -> anyhow::Result<Outcome> {
    let chain = context.chain_config(&args.chain)?;
    let keys = context.keys(&args.chain)?;
    let name = args.name.as_deref().unwrap_or(&chain.key);
    keys.file(name)?;
    let (key, hd_path) = read_key(context, chain, args)
        .with_context(|| format!("cannot add the key `{name}` for {}", chain.id))?;
    let source = context.passphrase_source(&chain.id, args.passphrase.source()?.as_ref())?;
    let passphrase = match (&source, args.encrypt) {
        (None, false) => None,
        _ => {
            let what = format!("the key `{name}` for {}", chain.id);
            Some(context.passphrases().get_new(source.as_ref(), &what)?)
        }
    };
    let path = keys.save(name, &key, &hd_path, passphrase.as_ref(), args.overwrite)?;
    let is_encrypted = passphrase.is_some();
    if context.json {
        output::json(&json!({
            "chain": chain.id,
            "name": name,
            "address": key.address(),
            "hd_path": hd_path,
            "encrypted": is_encrypted,
            "file": path,
        }))?;
    } else {
        let address = key.address();
        let kind = if is_encrypted { "encrypted key" } else { "key" };
        output::line(format!(
            "{}: added {kind} `{name}` with address {address}",
            chain.id
        ))?;
    }
    Ok(Outcome::Done)
}

/// The key from where it is now, and its derivation path.
fn read_key(
    context: &Context,
    chain: &ChainConfig,
    args: &AddArgs,
) -> anyhow::Result<(SigningKey, String)> {
    let (source, format) = (&args.source, account_format(chain));
    if let Some(file) = &source.mnemonic_file {
        let hd_path = args.hd_path.clone().unwrap_or_else(|| chain.hd_path());
        let mnemonic = read_mnemonic(file)?;
        let key = SigningKey::from_mnemonic(&mnemonic, &hd_path, format)?;
        return Ok((key, hd_path));
    }
    let key = if let Some(file) = &source.armor {
        let passphrase = match &args.armor_passphrase_file {
            // Relative to where the command is run.
            Some(file) => Some(PassphraseSource::File(
                std::path::absolute(file).context("there is no current folder")?,
            )),
            None => None,
        };
        let ask = |what: &str| context.passphrases().get(passphrase.as_ref(), what);
        import::from_armor(file, &format, ask)?
    } else {
        let file = source.hermes.as_deref();
        let file = file.context("nothing says where the key is")?;
        import::from_hermes(file, &format)?
    };
    Ok((key, IMPORTED.to_owned()))
}

#[derive(Clone, Copy)]
enum Change {
    Encrypt,
    Decrypt,
}

fn change(context: &Context, args: &ChangeArgs, change: Change) -> anyhow::Result<Outcome> {
    let chain = context.chain_config(&args.chain)?;
    let keys = context.keys(&args.chain)?;
    let name = args.name.as_deref().unwrap_or(&chain.key);
    let source = context.passphrase_source(&chain.id, args.passphrase.source()?.as_ref())?;
    let (source, passphrases) = (source.as_ref(), context.passphrases());
    let (path, done) = match change {
        Change::Encrypt => {
            let ask = |what: &str| passphrases.get_new(source, what);
            (keys.encrypt(name, ask)?, "encrypted")
        }
        Change::Decrypt => {
            let ask = |what: &str| passphrases.get(source, what);
            (keys.decrypt(name, ask)?, "plain")
        }
    };
    if context.json {
        output::json(&json!({
            "chain": chain.id,
            "name": name,
            "encrypted": matches!(change, Change::Encrypt),
            "file": path,
        }))?;
    } else {
        output::line(format!("{}: the key `{name}` is {done} now", chain.id))?;
    }
    Ok(Outcome::Done)
}

fn store_passphrase(context: &Context, args: &StoreArgs) -> anyhow::Result<Outcome> {
    let name = &args.entry;
    let source = args.passphrase.source()?;
    let what = format!("the keyring entry `{name}`");
    let passphrase = context.passphrases().get_new(source.as_ref(), &what)?;
    keep_in_keyring(name, &passphrase)?;
    if context.json {
        output::json(&json!({ "keyring": name }))?;
    } else {
        output::line(format!(
            "stored: write `passphrase = {{ keyring = \"{name}\" }}` in the section [keys] of the \
             configuration"
        ))?;
    }
    Ok(Outcome::Done)
}

fn list(context: &Context, args: &ListArgs) -> anyhow::Result<Outcome> {
    let chain = context.chain_config(&args.chain)?;
    let keys = context.keys(&args.chain)?;
    let mut rows = Vec::new();
    for name in keys.names()? {
        let info = keys.info(&name)?;
        let address = info.public_key.address().to_owned();
        rows.push((name, address, info.is_encrypted));
    }
    if context.json {
        let keys = rows.iter().map(|(name, address, is_encrypted)| {
            json!({
                "name": name,
                "address": address,
                "encrypted": is_encrypted,
                "default": *name == chain.key,
            })
        });
        let keys: Vec<_> = keys.collect();
        output::json(&json!({ "chain": chain.id, "keys": keys }))?;
    } else {
        let rows = rows.into_iter().map(|(name, address, is_encrypted)| {
            let kind = if is_encrypted { "encrypted" } else { "plain" };
            [name, address, kind.to_owned()]
        });
        let rows: Vec<_> = rows.collect();
        output::table(["NAME", "ADDRESS", "FILE"], &rows)?;
    }
    Ok(Outcome::Done)
}

async fn balance(context: &Context, args: &BalanceArgs) -> anyhow::Result<Outcome> {
    let config = context.chain_config(&args.chain)?;
    let name = args.name.as_deref().unwrap_or(&config.key);
    let chain = context.connect(&args.chain)?;
    let address = &context.address(&chain, name).await?;
    let coins = chain.balances(address).await?;
    if context.json {
        let coins = coins
            .iter()
            .map(|coin| json!({ "denom": coin.denom, "amount": coin.amount }));
        output::json(&json!({
            "chain": config.id,
            "name": name,
            "address": address,
            "balances": coins.collect::<Vec<_>>(),
        }))?;
    } else if coins.is_empty() {
        output::line(format!("{address} has no balance on {}", config.id))?;
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
