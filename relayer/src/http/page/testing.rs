//! What the views are made of in their tests.

use tern::overview::{
    ChainOverview, ChainState, ClientOverview, CostOverview, DayFeesOverview, EndOverview,
    FeesOverview, Need, NeedKind, NodeOverview, OldestOverview, Overview, PathOverview, Severity,
    TxOverview, WalletOverview,
};

pub const NOW: &str = "2026-11-30T12:00:00Z";

pub fn end(chain: &str, channel: usize) -> EndOverview {
    EndOverview {
        chain: chain.to_owned(),
        port: Some("transfer".to_owned()),
        channel: Some(format!("channel-{channel}")),
        name: format!("{chain} transfer/channel-{channel}"),
    }
}

pub fn path(channel: usize) -> PathOverview {
    PathOverview {
        src: end("akashnet-2", channel),
        dst: end("osmosis-1", channel + 1),
        client_on_src: "07-tendermint-3".to_owned(),
        client_on_dst: Some("07-tendermint-4".to_owned()),
        connection_on_src: Some("connection-5".to_owned()),
        connection_on_dst: Some("connection-6".to_owned()),
        ordering: "unordered".to_owned(),
        is_served: true,
        not_served: None,
        paused_since: None,
        pending: 14,
        oldest: Some(OldestOverview {
            sequence: 1_234,
            sent_at: Some("2026-11-30T11:53:00Z".to_owned()),
            age_seconds: Some(420),
            waits_for: "osmosis-1 is not followed up to its newest block yet".to_owned(),
            is_held: true,
        }),
        last_moved: Some("2026-11-30T11:57:00Z".to_owned()),
        sent: 30,
        received: 16,
        acknowledged: 16,
        timed_out: 0,
        by_others: 5,
        ended_by_hour: (0..24).collect(),
        cost: vec![CostOverview {
            chain: "osmosis-1".to_owned(),
            denom: Some("uosmo".to_owned()),
            unit: None,
            amount: "765".to_owned(),
        }],
    }
}

pub fn chain() -> ChainOverview {
    ChainOverview {
        chain: "osmosis-1".to_owned(),
        state: ChainState::Down,
        reason: Some("connection refused by http://127.0.0.1:26657".to_owned()),
        height: Some(61_234_567),
        block_time: Some("2026-11-30T11:57:50Z".to_owned()),
        block_age_seconds: Some(130),
        blocks_behind: 12,
        nodes: vec![NodeOverview {
            address: "http://127.0.0.1:26657".to_owned(),
            is_well: false,
            state: "failing".to_owned(),
            height: None,
        }],
        fee_denom: Some("uosmo".to_owned()),
        fee_unit: None,
        paid_hour: Some("5000".to_owned()),
        paid_hour_max: Some("500000000".to_owned()),
        paid_day: Some("123456789".to_owned()),
        paid_day_max: None,
        days_left: Some(3.25),
        paused_since: None,
        paused: vec![],
    }
}

pub fn client() -> ClientOverview {
    ClientOverview {
        chain: "osmosis-1".to_owned(),
        client: "07-tendermint-4".to_owned(),
        of: "akashnet-2".to_owned(),
        latest_height: 1_000,
        expires_at: Some("2026-12-13T02:24:00Z".to_owned()),
        expires_in_seconds: Some(1_088_640),
        trusting_period_seconds: 14 * 86_400,
        is_frozen: false,
    }
}

pub fn fees(purpose: &str, amount: &str) -> FeesOverview {
    FeesOverview {
        chain: "osmosis-1".to_owned(),
        denom: Some("uosmo".to_owned()),
        unit: None,
        src: Some(end("akashnet-2", 3)),
        purpose: purpose.to_owned(),
        amount: amount.to_owned(),
        messages: 10,
        last_paid: "2026-11-30T11:57:00Z".to_owned(),
    }
}

pub fn day_fees(day: &str, purpose: &str, amount: &str) -> DayFeesOverview {
    DayFeesOverview {
        day: day.to_owned(),
        chain: "osmosis-1".to_owned(),
        denom: Some("uosmo".to_owned()),
        unit: None,
        purpose: purpose.to_owned(),
        amount: amount.to_owned(),
        messages: 10,
    }
}

/// One chain that is down, and so many paths to it.
pub fn overview(paths: usize) -> Overview {
    Overview {
        at: NOW.to_owned(),
        started: "2026-11-30T11:00:00Z".to_owned(),
        version: "0.1.0".to_owned(),
        verdict: "1 thing needs you".to_owned(),
        needs: vec![Need {
            severity: Severity::Act,
            kind: NeedKind::ChainDown,
            subject: "osmosis-1".to_owned(),
            what: "no node answers: connection refused".to_owned(),
            since: Some("2026-11-30T11:58:00Z".to_owned()),
            action: "`tern health` looks at each node".to_owned(),
        }],
        chains: vec![chain()],
        paths: (0..paths).map(path).collect(),
        wallets: vec![WalletOverview {
            chain: "osmosis-1".to_owned(),
            address: "osmo1q2w3e4r5t6y7u8i9o0p1a2s3d4f5g6h7j8k9l0x".to_owned(),
            denom: Some("uosmo".to_owned()),
            unit: None,
            amount: Some("2500000".to_owned()),
            error: None,
            days_left: Some(3.25),
        }],
        clients: vec![client()],
        txs: vec![TxOverview {
            chain: "osmosis-1".to_owned(),
            hash: "AB".repeat(32),
            signer: "osmo1q2w3e4r5t6y7u8i9o0p1a2s3d4f5g6h7j8k9l0x".to_owned(),
            signed_at: "2026-11-30T11:57:40Z".to_owned(),
            what: "3 receive".to_owned(),
            messages: 4,
            paths: vec![end("akashnet-2", 3)],
            fee: "12345".to_owned(),
            state: "succeeded".to_owned(),
            height: Some(61_234_560),
            reason: None,
        }],
    }
}
