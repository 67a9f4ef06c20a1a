//! A changed configuration: read and checked as a whole while the old one is at work.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::{bail, Context as _};
use tern::engine::{Kept, NextRevision, Parts, Store};
use tern_config::ChainConfig;
use tern_core::ledger::View;
use tracing::warn;

use super::check_account;
use crate::connect::{revisions, Context, KeyId};
use crate::http::HttpServer;
use crate::setup::{self, ServedChain};

/// Everything that a daemon works with. Chains that did not change go on as they are.
pub struct Configured {
    pub context: Arc<Context>,
    pub chains: Vec<ServedChain>,
    /// None if the configuration has no section for it.
    pub http: Option<HttpServer>,
}

impl Configured {
    /// Connects to every chain of a configuration, and checks its accounts. Those of a
    /// configuration `before` are taken over where nothing changed.
    ///
    /// # Errors
    /// Whatever is wrong. Nothing has changed then.
    pub async fn open(context: Arc<Context>, before: Option<&Self>) -> anyhow::Result<Self> {
        let same = |config: &ChainConfig| {
            let before = before.filter(|before| {
                before.context.config.chain(&config.id) == Some(config)
                    && before.context.config.keys == context.config.keys
            })?;
            let mut served = before.chains.iter();
            served.find(|served| served.chain.id().as_str() == config.id)
        };
        let mut chains = Vec::new();
        for config in &context.config.chains {
            if let Some(served) = same(config) {
                chains.push(served.clone());
                continue;
            }
            let served = setup::served_chain(&context, config).await?;
            chains.push(served);
        }
        Self::claim(&context, before.is_some()).await?;
        for served in &chains {
            let is_checked = same(context.chain_config(served.chain.id().as_str())?).is_some();
            for account in served.accounts.iter().filter(|_| !is_checked) {
                check_account(&**account).await?;
            }
        }
        if chains.len() < 2 {
            bail!("relaying needs two chains or more: add a second [[chain]] section");
        }
        let http = match &context.config.http {
            Some(config) => {
                let before = before.and_then(|before| before.http.as_ref());
                Some(HttpServer::bind(&context.home, config, before).await?)
            }
            None => None,
        };
        Ok(Self {
            context,
            chains,
            http,
        })
    }

    /// The same at the start of a daemon: chains that were upgraded while it did not run go on
    /// under their new ids.
    pub async fn open_at_start(mut context: Arc<Context>) -> anyhow::Result<Self> {
        loop {
            let error = match Self::open(Arc::clone(&context), None).await {
                Err(error) => error,
                opened => return opened,
            };
            let next = error.downcast_ref().and_then(NextRevision::of);
            let Some(NextRevision { chain, now }) = next else {
                return Err(error);
            };
            warn!(%chain, %now, "the chain was upgraded: it goes on under another id");
            revisions::keep(&context.home, &chain, &now)?;
            context = Arc::new(context.read_again()?);
        }
    }

    /// Claims the keys: at the start it waits for them, and later it does not.
    async fn claim(context: &Context, is_running: bool) -> anyhow::Result<()> {
        let keys = setup::key_ids(context);
        if !is_running {
            return crate::turn::claim(context, &keys).await;
        }
        match context.claim(&keys)? {
            None => Ok(()),
            Some(KeyId { chain, name }) => bail!(
                "another `tern` process signs with the key `{name}` of {chain}: stop it first"
            ),
        }
    }

    /// The configuration as its file says it now.
    ///
    /// # Errors
    /// Whatever is wrong with it. Keys that were claimed for it are released.
    pub async fn read_again(&self) -> anyhow::Result<Self> {
        let context = Arc::new(self.context.read_again()?);
        let opened = async {
            let next = Self::open(Arc::clone(&context), Some(self)).await?;
            // What could fail later fails now.
            next.parts(Store::none(), View::default())?;
            anyhow::Ok(next)
        };
        let opened = opened.await;
        if opened.is_err() {
            self.release_others();
        }
        opened
    }

    /// Lets other processes sign with the keys that this configuration does not have.
    pub fn release_others(&self) {
        self.context.keep_claims(&setup::key_ids(&self.context));
    }

    /// What an engine is made of that goes on where another one ended.
    pub fn parts_of(&self, kept: Kept) -> anyhow::Result<Parts> {
        let parts = self.parts(Store::none(), View::default())?;
        Ok(Parts { kept, ..parts })
    }

    pub fn parts(&self, store: Store, view: View) -> anyhow::Result<Parts> {
        setup::parts(&self.context, &self.chains, store, view)
            .context("the configuration cannot be used")
    }

    /// What is different in the other one, in words.
    pub fn changes(&self, next: &Self) -> String {
        let (before, now) = (&self.context.config, &next.context.config);
        let ids = |config: &tern_config::Config| -> BTreeSet<String> {
            config.chains.iter().map(|chain| chain.id.clone()).collect()
        };
        let (old, new) = (ids(before), ids(now));
        let changed = old
            .intersection(&new)
            .filter(|id| before.chain(id) != now.chain(id));
        let mut said = Vec::new();
        let mut say = |what: &str, ids: Vec<&String>| {
            if !ids.is_empty() {
                let ids: Vec<&str> = ids.into_iter().map(String::as_str).collect();
                said.push(format!("{what} {}", ids.join(", ")));
            }
        };
        say("added", new.difference(&old).collect());
        say("removed", old.difference(&new).collect());
        say("changed", changed.collect());
        let sections = [
            ("[policy]", before.policy != now.policy),
            ("[keys]", before.keys != now.keys),
            ("[http]", before.http != now.http),
        ];
        for (section, _) in sections.iter().filter(|(_, is_other)| *is_other) {
            said.push(format!("changed {section}"));
        }
        match said.is_empty() {
            true => "the configuration is read again: it is as before".to_owned(),
            false => format!("the configuration is read again: {}", said.join("; ")),
        }
    }
}
