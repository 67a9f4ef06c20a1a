//! No more is paid than the budgets allow, and relaying goes on by itself.

use std::collections::BTreeMap;

use tern::engine::status::{ChainStatus, PacketWait, Status};
use tern::engine::EngineHandle;
use tern_chains::ChainId;
use tern_core::budget::{Budget, Budgets, OverBudget, Purpose};
use tern_core::plan::{Assignment, Why};

use super::world::World;

fn kava() -> ChainId {
    ChainId::from_string("kava-1")
}

fn on_kava(budget: Budget) -> Budgets {
    Budgets {
        chains: BTreeMap::from([(kava(), budget)]),
    }
}

fn of_kava(status: &Status) -> &ChainStatus {
    let mut chains = status.chains.iter();
    chains.find(|status| status.chain == kava()).expect("kava")
}

/// Waits until packets to kava are paused.
async fn paused(world: &World, handle: &EngineHandle) -> Status {
    loop {
        let status = handle.status(None).await.expect("a status");
        let budget = of_kava(&status).budget.as_ref().expect("a budget");
        let mut paused = budget.paused.iter();
        if paused.any(|(purpose, _)| *purpose == Purpose::Packets) {
            return status;
        }
        world.blocks(1).await;
    }
}

#[tokio::test]
async fn no_more_is_paid_than_an_hours_budget_and_the_rest_waits_and_says_why() {
    let world = World::start(&[]).await;
    world.open_channel().await;
    let before = world.relayers_balance(1).await;
    // A quarter pays for some packets, and not for 400.
    let budget = Budget {
        hour_max: 100_000,
        ..Budget::unlimited("usdx")
    };
    let engine = world.engine_within(Assignment::Everything, on_kava(budget));
    let handle = engine.handle();
    let relaying = World::run(engine);
    world.send(200).await;
    world.send(200).await;
    paused(&world, &handle).await;
    // What is in flight comes into blocks.
    world.blocks(8).await;
    let status = handle.status(None).await.expect("a status");
    let paid = before - world.relayers_balance(1).await;
    assert!((1..=90_000).contains(&paid), "{paid} of 90,000 for packets");
    let budget = of_kava(&status).budget.as_ref().expect("a budget");
    assert!(budget.paid.hour >= paid, "{} < {paid}", budget.paid.hour);
    let waits = status.packets.iter().map(|packet| &packet.waits_for);
    let is_over = |wait: &&PacketWait| {
        matches!(
            wait,
            PacketWait::Planner(Why::OverBudget(OverBudget::Window { .. }))
        )
    };
    assert!(waits.clone().any(|wait| is_over(&wait)), "{waits:?}");
    assert!(world.pending().await > 0);
    relaying.end().await;

    let relaying = world.relay();
    world.all_acknowledged().await;
    relaying.end().await;
}

#[tokio::test]
async fn relaying_goes_on_when_the_account_is_filled_up() {
    let world = World::start(&[]).await;
    world.open_channel().await;
    let budget = Budget {
        wallet_min: world.relayers_balance(1).await + 1,
        ..Budget::unlimited("usdx")
    };
    let engine = world.engine_within(Assignment::Everything, on_kava(budget));
    let handle = engine.handle();
    let relaying = World::run(engine);
    paused(&world, &handle).await;
    world.send(3).await;
    world.blocks(15).await;
    assert_eq!(world.pending().await, 3, "the account has too little");
    world.give_to_relayer(1, 1_000_000).await;
    world.all_acknowledged().await;
    relaying.end().await;
}
