//! Where a transfer is: the steps of a packet over all its hops, read from the chains.

use axum::extract::State as Shared;
use axum::http::StatusCode;
use axum::Json;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tern::engine::describe;
use tern_chains::{ChainId, ChannelId, End, PortId, TxHash};
use tern_core::ledger::{ChannelKey, EndKey};
use utoipa::openapi::schema::{
    ArrayBuilder, ObjectBuilder, OneOfBuilder, Schema, SchemaType, Type,
};
use utoipa::openapi::RefOr;
use utoipa::{IntoParams, PartialSchema, ToSchema};

use super::problem::Problem;
use super::query::Parameters;
use super::State;
use crate::path::PathError;
use crate::trace::{
    self, json, Engine, Found, Sender, SenderError, Target, TraceError, TxError, WhyUnsearched,
};

/// Packets of a sender that are listed if no number is asked for, and the most.
const LIMIT: usize = 10;
const LIMIT_MAX: usize = 100;
/// What numbers in JSON hold exactly: 2^53 - 1.
const SEQUENCE_MAX: u64 = 9_007_199_254_740_991;

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TraceQuery {
    /// With `channel` and `sequence`: the chain that the packet was sent from. With `tx` or
    /// `sender`: the chain to look on. Default: all that fit.
    chain: Option<String>,
    /// The packet's channel on that chain, such as `channel-0`.
    #[param(pattern = r"^[A-Za-z0-9._+\-#\[\]<>]{8,64}$")]
    channel: Option<String>,
    /// Its port on that chain. Default: `transfer`.
    #[param(pattern = r"^[A-Za-z0-9._+\-#\[\]<>]{2,128}$")]
    port: Option<String>,
    /// Its sequence.
    #[param(minimum = 1, maximum = 9007199254740991_i64)]
    sequence: Option<u64>,
    /// The hash of a transaction that sent, brought or confirmed packets.
    #[param(pattern = "^(0[xX])?[0-9A-Fa-f]{64}$")]
    tx: Option<String>,
    /// An address: its newest packets are listed, and the last one is traced.
    sender: Option<String>,
    /// Most packets of a sender. Default: 10.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
}

/// One packet, the packets of a transaction, or those of a sender: asked of the chains. So
/// there are few places and a limit on how often it may be asked, for all callers together.
/// The answer is what `tern trace --json` prints.
#[utoipa::path(get, path = "/trace", params(TraceQuery), responses(
    (status = 200, body = TraceDocument),
    (status = 400, body = Problem, description = "The packet is not named as it has to be."),
    (status = 404, body = Problem, description = "There is no such packet, or no way to it."),
    (status = 429, body = Problem, description = "Asked too often: see `Retry-After`."),
    (status = 502, body = Problem, description = "A chain does not answer."),
    (status = 503, body = Problem, description = "No place is free, or nobody can look."),
    (status = 504, body = Problem, description = "The chains took too long."),
))]
pub async fn trace(
    Shared(served): State,
    Parameters(query): Parameters<TraceQuery>,
) -> Result<Json<TraceDocument>, Problem> {
    let target = query.target()?;
    let context = served.daemon.context();
    let engine = Engine::Here(served.daemon.observed.clone());
    let lookup = trace::look(&context, &engine, &target);
    let document = match served.lookups.run(lookup).await? {
        Found::Packet(hops) => json::document(&hops),
        Found::Tx(trace) => json::tx_document(&trace),
        Found::Sender(found) => Value::Array(json::sender_document(&found)),
    };
    Ok(Json(TraceDocument(document)))
}

impl TraceQuery {
    fn target(self) -> Result<Target, Problem> {
        let is_of_packet = self.channel.is_some() || self.port.is_some() || self.sequence.is_some();
        if self.limit.is_some() && self.sender.is_none() {
            return Err(Problem::bad_request("`limit` goes with `sender` only"));
        }
        match (self.tx, self.sender) {
            (None, None) => packet(self.chain, self.channel, self.port, self.sequence),
            (Some(hash), None) if !is_of_packet => Ok(Target::Tx {
                hash: tx_hash(&hash)?,
                chain: self.chain,
            }),
            (None, Some(sender)) if !is_of_packet => Ok(Target::Sender {
                sender: Sender::read(&sender)
                    .map_err(|why| Problem::bad_request(format!("`sender`: {why}")))?,
                chain: self.chain,
                limit: limit(self.limit)?,
            }),
            _ => Err(Problem::bad_request(
                "give one of these: `chain`, `channel` and `sequence`; `tx`; `sender`",
            )),
        }
    }
}

fn packet(
    chain: Option<String>,
    channel: Option<String>,
    port: Option<String>,
    sequence: Option<u64>,
) -> Result<Target, Problem> {
    let (Some(chain), Some(channel), Some(sequence)) = (chain, channel, sequence) else {
        return Err(Problem::bad_request(
            "give `chain`, `channel` and `sequence` of a packet, or `tx`, or `sender`",
        ));
    };
    Ok(Target::Packet {
        src: ChannelKey {
            chain: ChainId::from_string(&chain),
            port_id: port_id(port.as_deref())?,
            channel_id: channel_id(&channel)?,
        },
        sequence: numbered(sequence)?,
    })
}

/// A sequence that JSON can tell exactly; there is no 0.
pub fn numbered(sequence: u64) -> Result<u64, Problem> {
    match sequence {
        1..=SEQUENCE_MAX => Ok(sequence),
        _ => Err(Problem::bad_request(format!(
            "`sequence` is {sequence}: it has to be from 1 to {SEQUENCE_MAX}"
        ))),
    }
}

/// The hash in the parameter `tx`.
pub fn tx_hash(text: &str) -> Result<TxHash, Problem> {
    trace::tx_hash(text).ok_or_else(|| {
        let why = "`tx` is not the hash of a transaction, which has 64 hexadecimal digits";
        Problem::bad_request(why)
    })
}

/// The port that was given, or that of transfers.
pub fn port_id(port: Option<&str>) -> Result<PortId, Problem> {
    let port = port.unwrap_or("transfer");
    port.parse()
        .map_err(|error| Problem::bad_request(format!("`port`: {error}")))
}

pub fn channel_id(channel: &str) -> Result<ChannelId, Problem> {
    channel
        .parse()
        .map_err(|error| Problem::bad_request(format!("`channel`: {error}")))
}

/// The end that a chain, a port and a channel name.
pub fn channel_end(chain: &str, port: &str, channel: &str) -> Result<EndKey, Problem> {
    Ok(EndKey {
        chain: ChainId::from_string(chain),
        end: End::channel(&port_id(Some(port))?, &channel_id(channel)?),
    })
}

fn limit(limit: Option<usize>) -> Result<usize, Problem> {
    match limit.unwrap_or(LIMIT) {
        limit @ 1..=LIMIT_MAX => Ok(limit),
        limit => Err(Problem::bad_request(format!(
            "`limit` is {limit}: it has to be from 1 to {LIMIT_MAX}"
        ))),
    }
}

impl From<TraceError> for Problem {
    fn from(error: TraceError) -> Self {
        let detail = describe(&error);
        Self::new(status(&error), detail)
    }
}

fn status(error: &TraceError) -> StatusCode {
    match error {
        TraceError::UnknownChain(_)
        | TraceError::NotSent { .. }
        | TraceError::NotOfChannel(_)
        | TraceError::NoSuchEnd(_) => StatusCode::NOT_FOUND,
        TraceError::Path(PathError::Chain(_)) | TraceError::Chain(_) => StatusCode::BAD_GATEWAY,
        TraceError::Path(_) => StatusCode::NOT_FOUND,
        TraceError::Tx(error) => match error {
            TxError::NotFound { unsearched, .. } => {
                let mut whys = unsearched.iter().map(|unsearched| &unsearched.why);
                // It may be where nobody answered.
                match whys.any(|why| matches!(why, WhyUnsearched::NoAnswer(_))) {
                    true => StatusCode::BAD_GATEWAY,
                    false => StatusCode::NOT_FOUND,
                }
            }
            TxError::NotInBlock { .. } => StatusCode::BAD_GATEWAY,
            TxError::Failed { .. } | TxError::NoPacket { .. } => StatusCode::NOT_FOUND,
        },
        TraceError::Sender(error) => match error {
            SenderError::UnknownPrefix { .. } | SenderError::NothingSent { .. } => {
                StatusCode::NOT_FOUND
            }
            SenderError::NoIndex { .. } => StatusCode::SERVICE_UNAVAILABLE,
        },
        TraceError::Daemon(_) | TraceError::Engine(_) => StatusCode::SERVICE_UNAVAILABLE,
        TraceError::Settings(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// A packet with its hops; or a transaction with its packets; or a list of a sender's
/// packets, the first of them with its `trace`.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub struct TraceDocument(Value);

impl ToSchema for TraceDocument {}

impl PartialSchema for TraceDocument {
    fn schema() -> RefOr<Schema> {
        let object = |fields: &[(&str, Type)]| {
            let mut object = ObjectBuilder::new();
            for (name, kind) in fields {
                let kind = SchemaType::new(kind.clone());
                let field: Schema = match kind == SchemaType::new(Type::Array) {
                    true => ArrayBuilder::new().items(anything()).into(),
                    false => ObjectBuilder::new().schema_type(kind).into(),
                };
                object = object.property(*name, field).required(*name);
            }
            object
        };
        let packet = object(&[
            ("src", Type::Object),
            ("dst", Type::Object),
            ("sequence", Type::Integer),
            ("steps", Type::Array),
            ("state", Type::String),
            ("hops", Type::Array),
            ("outcome", Type::Object),
        ]);
        let tx = object(&[
            ("tx", Type::Object),
            ("packets", Type::Array),
            ("packets_left", Type::Integer),
            ("chains_not_searched", Type::Array),
        ]);
        let listed = object(&[
            ("chain_id", Type::String),
            ("sequence", Type::Integer),
            ("state", Type::String),
            ("tx", Type::String),
            ("height", Type::Integer),
        ]);
        let told = "What `tern trace --json` prints: a packet with its hops, a transaction with \
                    its packets, or the newest packets of a sender.";
        let document = OneOfBuilder::new()
            .item(packet)
            .item(tx)
            .item(ArrayBuilder::new().items(listed))
            .description(Some(told));
        document.into()
    }
}

fn anything() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(SchemaType::AnyValue)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    fn query(parameters: &[(&str, &str)]) -> TraceQuery {
        let get = |name: &str| {
            let mut found = parameters.iter().filter(|(of, _)| *of == name);
            found.next().map(|(_, value)| (*value).to_owned())
        };
        TraceQuery {
            chain: get("chain"),
            channel: get("channel"),
            port: get("port"),
            sequence: get("sequence").map(|text| text.parse().unwrap()),
            tx: get("tx"),
            sender: get("sender"),
            limit: get("limit").map(|text| text.parse().unwrap()),
        }
    }

    #[test]
    fn a_packet_is_named_by_its_source_a_transaction_by_its_hash() {
        let packet = query(&[("chain", "a"), ("channel", "channel-0"), ("sequence", "7")]);
        let Target::Packet { src, sequence } = packet.target().unwrap() else {
            panic!("not a packet");
        };
        assert_eq!(
            (src.to_string().as_str(), sequence),
            ("a transfer/channel-0", 7)
        );
        let tx = query(&[("tx", HASH), ("chain", "a")]).target().unwrap();
        assert!(matches!(tx, Target::Tx { chain: Some(chain), .. } if chain == "a"));
    }

    #[test]
    fn what_names_nothing_or_two_things_is_refused() {
        for wrong in [
            &[][..],
            &[("chain", "a")],
            &[("chain", "a"), ("channel", "channel-0")],
            &[("chain", "a"), ("channel", "channel-0"), ("sequence", "0")],
            &[("chain", "a"), ("channel", "7"), ("sequence", "1")],
            &[
                ("chain", "a"),
                ("channel", "channel-0"),
                ("sequence", "1"),
                ("port", "\0"),
            ],
            &[
                ("chain", "a"),
                ("channel", "channel-0"),
                ("sequence", "1"),
                ("limit", "1"),
            ],
            &[("tx", "abc")],
            &[("tx", HASH), ("sender", "a")],
            &[("tx", HASH), ("channel", "channel-0")],
            &[("tx", HASH), ("limit", "1")],
            &[("sender", "akash1nobody")],
        ] {
            let refused = query(wrong).target().unwrap_err();
            assert_eq!(refused.status, 400, "{wrong:?}");
        }
    }

    /// The fields that the description requires of the form with this field.
    fn required(field: &str) -> Vec<String> {
        let schema = serde_json::to_value(TraceDocument::schema()).unwrap();
        let forms = schema["oneOf"].as_array().unwrap();
        let form = forms
            .iter()
            .find(|form| form["properties"][field].is_object());
        let required = form.unwrap()["required"].as_array().unwrap();
        let names = required
            .iter()
            .map(|name| name.as_str().unwrap().to_owned());
        names.collect()
    }

    #[test]
    fn a_packet_and_a_transaction_are_told_as_they_are_described() {
        let hops = || trace::Hops {
            first: trace::testing::trace(vec![]),
            next: vec![],
            unfollowed: None,
        };
        let packet = json::document(&hops());
        for field in required("hops") {
            assert!(!packet[&field].is_null(), "{field}: {packet}");
        }
        let tx = json::tx_document(&trace::TxTrace {
            hash: trace::tx_hash(HASH).unwrap(),
            chain: ChainId::from_string("a"),
            height: 7,
            packets: vec![],
            packets_left: 0,
            unsearched: vec![],
        });
        for field in required("packets_left") {
            assert!(!tx[&field].is_null(), "{field}: {tx}");
            assert!(packet[&field].is_null(), "{field} is of both: {packet}");
        }
    }

    #[test]
    fn a_chain_without_an_answer_is_another_status_than_nothing_there() {
        let not_found = |why: Option<WhyUnsearched>| {
            let chain = ChainId::from_string("a");
            let unsearched = why.map(|why| trace::Unsearched { chain, why });
            let hash = trace::tx_hash(HASH).unwrap();
            TraceError::Tx(TxError::NotFound {
                hash,
                searched: vec![],
                unsearched: unsearched.into_iter().collect(),
            })
        };
        let no_answer = WhyUnsearched::NoAnswer("refused".to_owned());
        for (why, code) in [
            (None, 404),
            (Some(WhyUnsearched::NoIndex), 404),
            (Some(no_answer), 502),
        ] {
            assert_eq!(Problem::from(not_found(why)).status, code);
        }
    }
}
