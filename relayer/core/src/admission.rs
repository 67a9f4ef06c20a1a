//! What is served: the operator's rules about chains, paths, clients and packets.
//!
//! Anybody may open a channel to a relayer, create a client and send it packets. One
//! function for each of these says whether it is admitted, and if not, which rule
//! says so. The ledger, the planners and the status ask the same ones. Pure.

mod list;
mod rules;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tern_chains::{ChainId, ClientFlaw, Coin, Packet};

use crate::ledger::{
    ChannelKey, ChannelRecord, ClientKey, ConnectionKey, ConnectionRecord, EndKey,
    HandshakeRequest, Path, View,
};
use crate::transfer::{self, Transfer};

pub use list::{Glob, List};
pub use rules::{MinFees, Rules, Sequences};

/// The rules for all chains, and further ones for some.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admission {
    pub everywhere: Rules,
    /// What these admit must be admitted everywhere, too. Their limits replace those
    /// for all chains.
    pub chains: BTreeMap<ChainId, Rules>,
}

/// Why something is not served: the rule by its name in the configuration, and what
/// it meets.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, thiserror::Error,
)]
#[error("{rule}: {reason}")]
pub struct NotAdmitted {
    /// Such as `policy.admission.channels.deny`.
    pub rule: String,
    pub reason: String,
}

type Verdict = Result<(), NotAdmitted>;

impl Default for Admission {
    /// Every path between the chains, over clients as relayers make them. A trusting
    /// period of an hour or more costs some updates an hour; 32,768 bytes of memo and
    /// 2,048 of receiver are what ibc-go takes.
    fn default() -> Self {
        Self {
            everywhere: Rules {
                trusting_period_min: Some(Duration::from_secs(3_600)),
                memo_bytes_max: Some(32_768),
                receiver_bytes_max: Some(2_048),
                ..Rules::default()
            },
            chains: BTreeMap::new(),
        }
    }
}

impl Admission {
    /// Whether packets travel on this path. Of an end that is not known yet nothing is
    /// asked.
    pub fn path(&self, view: &View, path: &Path) -> Verdict {
        self.end(view, &path.src, &path.dst.chain)?;
        self.end(view, &path.dst, &path.src.chain)
    }

    /// Whether packets sent from this end travel; `Ok` for one whose counterparty is
    /// not known.
    pub fn path_from(&self, view: &View, src: &EndKey) -> Verdict {
        view.path(src).map_or(Ok(()), |path| self.path(view, &path))
    }

    /// Whether a client is looked after, if a path needs it: it must be one that a
    /// relayer would have made itself. One that is named without `*` in a list of
    /// allowed clients may look as it likes.
    pub fn client(&self, view: &View, key: &ClientKey) -> Verdict {
        let id = key.client_id.as_str();
        let chain = &key.chain;
        self.listed(chain, "clients", id, |rules| &rules.clients)?;
        if self.rules(chain).any(|(_, rules)| rules.clients.names(id)) {
            return Ok(());
        }
        let Some(record) = view.client(key) else {
            return Ok(());
        };
        let client = || format!("client {id} on {chain}");
        if let Some(flaw) = record.summary.flaws.first() {
            return Err(NotAdmitted {
                rule: rule_of(*flaw),
                reason: format!("{}: {flaw}", client()),
            });
        }
        let (place, least) = self.limit(chain, |rules| rules.trusting_period_min);
        let period = record.summary.trusting_period;
        match least {
            Some(least) if period < least => Err(NotAdmitted {
                rule: format!("{place}.trusting_period_min"),
                reason: format!(
                    "{} has a trusting period of {} s, less than {} s",
                    client(),
                    period.as_secs(),
                    least.as_secs()
                ),
            }),
            _ => Ok(()),
        }
    }

    /// Whether a packet of an admitted path is carried there and back. `offered` is what its
    /// sender offers for its receipt (ICS-29).
    pub fn packet(&self, path: &Path, packet: &Packet, offered: &[Coin]) -> Verdict {
        let chains = [&path.src.chain, &path.dst.chain];
        let sequence = packet.sequence.as_u64();
        if let Some((_, channel)) = path.src.end.as_channel() {
            for (place, rules) in self.rules(chains[0]) {
                if rules.excluded_sequences.contains(channel, sequence) {
                    return Err(NotAdmitted {
                        rule: format!("{place}.excluded_sequences"),
                        reason: format!("packet {sequence} of {}", path.src),
                    });
                }
                if let Some(least) = rules.min_recv_fees.missing(channel, offered) {
                    return Err(NotAdmitted {
                        rule: format!("{place}.min_recv_fees"),
                        reason: format!(
                            "for the receipt of packet {sequence} of {} its sender offers {}, \
                             less than {}",
                            path.src,
                            rules::amounts(offered, ","),
                            rules::amounts(least, " or ")
                        ),
                    });
                }
            }
        }
        let port = path.src.end.as_channel().map(|(port, _)| port.as_str());
        if port != Some(transfer::PORT) {
            return Ok(());
        }
        for chain in chains {
            self.transfer(chain, packet)?;
        }
        Ok(())
    }

    /// Whether that may be made which somebody asks for.
    pub fn request(&self, request: &HandshakeRequest) -> Verdict {
        let HandshakeRequest { a, b, .. } = request;
        for (chain, other) in [(a, b), (b, a)] {
            self.counterparty(chain, other)?;
        }
        let Some(terms) = request.channel() else {
            return Ok(());
        };
        for (chain, port) in [(a, &terms.a_port), (b, &terms.b_port)] {
            self.listed(chain, "ports", port.as_str(), |rules| &rules.ports)?;
        }
        Ok(())
    }

    /// Whether a channel is opened to the end that somebody else has begun at `a`, over
    /// connection `on_b` of the other chain. It must be one that is served once it is open, and
    /// the operator must have named its port.
    pub fn begun_channel(&self, view: &View, a: &ChannelKey, on_b: &ConnectionKey) -> Verdict {
        let names_port = |(_, rules): (_, &Rules)| {
            let mut globs = rules.finish_channels.iter();
            globs.any(|glob| glob.matches(a.port_id.as_str()))
        };
        if !self.rules(&a.chain).any(names_port) {
            return Err(NotAdmitted {
                rule: "policy.admission.finish_channels".to_owned(),
                reason: format!("{} on {} is not in the list", a.port_id, a.chain),
            });
        }
        self.end(view, &a.clone().into(), &on_b.chain)?;
        self.counterparty(&on_b.chain, &a.chain)?;
        if let Some(end) = view.channel(a) {
            let port = end.counterparty_port_id.as_str();
            self.listed(&on_b.chain, "ports", port, |rules| &rules.ports)?;
        }
        let connection = on_b.connection_id.as_str();
        self.listed(&on_b.chain, "connections", connection, |rules| {
            &rules.connections
        })?;
        let Some(record) = view.connection(on_b) else {
            return Ok(());
        };
        let client = ClientKey {
            chain: on_b.chain.clone(),
            client_id: record.client_id.clone(),
        };
        self.client(view, &client)
    }

    /// Whether a connection is opened to the end that somebody else has begun at `a`. Both its
    /// clients must be known, of each other's chains and looked after, and the operator must have
    /// named the one at `a`.
    pub fn begun_connection(
        &self,
        view: &View,
        a: &ConnectionKey,
        end: &ConnectionRecord,
    ) -> Verdict {
        let client = end.client_id.as_str();
        let names_client = |(_, rules): (_, &Rules)| {
            let mut globs = rules.finish_connections.iter();
            globs.any(|glob| glob.matches(client))
        };
        let refused = |reason| NotAdmitted {
            rule: "policy.admission.finish_connections".to_owned(),
            reason,
        };
        if !self.rules(&a.chain).any(names_client) {
            let reason = format!("{client} on {} is not in the list", a.chain);
            return Err(refused(reason));
        }
        let connection = a.connection_id.as_str();
        self.listed(&a.chain, "connections", connection, |rules| {
            &rules.connections
        })?;
        let (here, there) = (&a.chain, &end.counterparty_chain);
        for (chain, client_id, of) in [
            (here, &end.client_id, there),
            (there, &end.counterparty_client_id, here),
        ] {
            self.counterparty(chain, of)?;
            let key = ClientKey {
                chain: chain.clone(),
                client_id: client_id.clone(),
            };
            if view
                .client(&key)
                .is_none_or(|client| client.summary.chain_id != *of)
            {
                return Err(refused(format!("{key} is not known as a client of {of}")));
            }
            self.client(view, &key)?;
        }
        Ok(())
    }

    /// Whether any connection that somebody else has begun is opened to the end.
    pub fn finishes_connections(&self) -> bool {
        let mut all = self.chains.values().chain([&self.everywhere]);
        all.any(|rules| !rules.finish_connections.is_empty())
    }

    /// Whether any channel that somebody else has begun is opened to the end.
    pub fn finishes_channels(&self) -> bool {
        let mut all = self.chains.values().chain([&self.everywhere]);
        all.any(|rules| !rules.finish_channels.is_empty())
    }

    fn end(&self, view: &View, end: &EndKey, counterparty: &ChainId) -> Verdict {
        let chain = &end.chain;
        self.counterparty(chain, counterparty)?;
        let Some((port, channel)) = end.end.as_channel() else {
            return Ok(());
        };
        self.listed(chain, "ports", port.as_str(), |rules| &rules.ports)?;
        self.listed(chain, "channels", channel.as_str(), |rules| &rules.channels)?;
        let record = end.as_channel();
        let record = record.as_ref().and_then(|key| view.channel(key));
        let Some(ChannelRecord {
            connection_id,
            client_id,
            ..
        }) = record
        else {
            return Ok(());
        };
        self.listed(chain, "connections", connection_id.as_str(), |rules| {
            &rules.connections
        })?;
        let client = ClientKey {
            chain: chain.clone(),
            client_id: client_id.clone(),
        };
        self.client(view, &client)
    }

    fn counterparty(&self, chain: &ChainId, counterparty: &ChainId) -> Verdict {
        self.listed(
            chain,
            "counterparty_chains",
            counterparty.as_str(),
            |rules| &rules.counterparty_chains,
        )
    }

    /// The rules about a transfer's data, as far as there are any: data is not read
    /// for nothing.
    fn transfer(&self, chain: &ChainId, packet: &Packet) -> Verdict {
        let memo = self.limit(chain, |rules| rules.memo_bytes_max);
        let receiver = self.limit(chain, |rules| rules.receiver_bytes_max);
        let is_long = |(_, limit): &(_, Option<usize>)| {
            limit.is_some_and(|limit| packet.data().len() > limit)
        };
        let mut all = self.rules(chain);
        let names_accounts = all.find(|(_, rules)| rules.has_transfer_lists());
        if names_accounts.is_none() && !is_long(&memo) && !is_long(&receiver) {
            return Ok(());
        }
        let Some(transfer) = Transfer::read(packet.data()) else {
            // A chain refuses what it cannot read, and its sender gets the tokens back.
            return match names_accounts {
                None => Ok(()),
                Some((place, _)) => Err(NotAdmitted {
                    rule: place.to_string(),
                    reason: "the data of the transfer cannot be read, so that its rules \
                             about senders, receivers and denoms cannot be kept"
                        .to_owned(),
                }),
            };
        };
        for (what, text, (place, limit)) in [
            ("memo", &transfer.memo, memo),
            ("receiver", &transfer.receiver, receiver),
        ] {
            if let Some(limit) = limit.filter(|limit| text.len() > *limit) {
                return Err(NotAdmitted {
                    rule: format!("{place}.{what}_bytes_max"),
                    reason: format!("a {what} of {} bytes, more than {limit}", text.len()),
                });
            }
        }
        self.listed(chain, "senders", &transfer.sender, |rules| &rules.senders)?;
        self.listed(chain, "receivers", &transfer.receiver, |rules| {
            &rules.receivers
        })?;
        self.listed(chain, "denoms", &transfer.denom, |rules| &rules.denoms)
    }

    /// Asks one list of all rules that apply to a chain.
    fn listed(
        &self,
        chain: &ChainId,
        name: &str,
        text: &str,
        list: impl Fn(&Rules) -> &List,
    ) -> Verdict {
        self.rules(chain).try_for_each(|(place, rules)| {
            list(rules).admits(text).map_err(|list| NotAdmitted {
                rule: format!("{place}.{name}.{}", list.name()),
                reason: format!("{text} on {chain} {list}"),
            })
        })
    }

    /// A limit for a chain: its own, or else that for all.
    fn limit<'a, T>(
        &'a self,
        chain: &ChainId,
        limit: impl Fn(&'a Rules) -> Option<T>,
    ) -> (Place<'a>, Option<T>) {
        let limits = self.rules(chain);
        let limits = limits.filter_map(|(place, rules)| Some((place, Some(limit(rules)?))));
        limits.last().unwrap_or((Place(None), None))
    }

    /// The rules that apply to a chain, with their place in the configuration.
    fn rules<'a>(&'a self, chain: &ChainId) -> impl Iterator<Item = (Place<'a>, &'a Rules)> {
        let own = self.chains.get_key_value(chain);
        let own = own.map(|(chain, rules)| (Place(Some(chain)), rules));
        std::iter::once((Place(None), &self.everywhere)).chain(own)
    }
}

/// Where rules are in the configuration: a chain's section, or that for all.
#[derive(Clone, Copy)]
struct Place<'a>(Option<&'a ChainId>);

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => f.write_str("policy.admission"),
            Some(chain) => write!(f, "chain `{chain}`, admission"),
        }
    }
}

/// These have no setting: a client is let through by its name.
fn rule_of(flaw: ClientFlaw) -> String {
    let what = match flaw {
        ClientFlaw::ProofSpecs => "proof specs",
        ClientFlaw::TrustLevel => "trust level",
        ClientFlaw::TrustingPeriod => "trusting period",
        ClientFlaw::UpgradePath => "upgrade path",
    };
    format!("policy.admission.clients ({what})")
}

#[cfg(test)]
mod tests;
