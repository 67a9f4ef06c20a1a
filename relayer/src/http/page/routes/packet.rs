//! The view of one packet: its way is read from the chains.

use axum::extract::{Path as Segments, State as Shared};
use axum::http::StatusCode;
use tern::words;

use super::super::super::problem::Problem;
use super::super::super::trace::channel_end;
use super::super::super::State;
use super::super::answer::{Page, Unmet};
use super::super::layout::{Place, Renewal, View};
use super::super::packet;
use crate::trace::{self, Engine, Found, Target};

/// Seconds between two looks of a script at a packet that is on its way: each asks its
/// chains.
const LOOK_EVERY: u32 = 3;

pub async fn packet(
    Shared(served): State,
    Segments((chain, port, channel, sequence)): Segments<(String, String, String, String)>,
) -> Result<Page, Unmet> {
    let src = channel_end(&chain, &port, &channel)?;
    let sequence = sequence.parse().ok().filter(|sequence| *sequence > 0);
    let named = src.as_channel().zip(sequence);
    let (src, sequence) = named
        .ok_or_else(|| Problem::bad_request("the sequence of a packet is a number from 1 on"))?;
    let observation = served.daemon.observed.look().await?;
    let target = Target::Packet { src, sequence };
    let context = served.daemon.context();
    let engine = Engine::Here(served.daemon.observed.clone());
    let lookup = trace::look(&context, &engine, &target);
    let Found::Packet(hops) = served.lookups.run(lookup).await? else {
        let detail = "something else than a packet was found";
        return Err(Problem::new(StatusCode::INTERNAL_SERVER_ERROR, detail).into());
    };
    let seen = observation.overview();
    let lanes = observation.status.lanes.iter();
    let ours: Vec<String> = lanes.map(|lane| lane.address.clone()).collect();
    let now = words::rfc3339(crate::clock::now());
    let sections = packet::sections(&packet::Packet {
        hops: &hops,
        ours: &ours,
        txs: &seen.txs,
        chains: &seen.chains,
        now: &now,
    });
    Ok(Page::of(&View {
        title: &packet::title(&hops.first.src, sequence),
        place: Place::Elsewhere,
        at: &now,
        query: "",
        renewal: match hops.waits() {
            Some(_) => Renewal::Every(LOOK_EVERY),
            None => Renewal::Never,
        },
        sections,
    }))
}
