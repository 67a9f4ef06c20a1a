//! Clients, handshakes and ICS-20 packets between two development chains, all
//! by signed transactions, all proofs verified on the way.

use tern_chains::{AccountState, Blame, ChainError, Check, Deadline, End, Event, Message, TxDraft};
use tern_cosmos_core::convert::message;

use crate::world::{World, PORT};

const SUCCESS: &[u8] = br#"{"result":"AQ=="}"#;

#[tokio::test]
async fn tokens_go_there_and_come_back() {
    tokens_go_there_and_come_back_in(World::new()).await;
    tokens_go_there_and_come_back_in(World::on_sockets().await).await;
}

async fn tokens_go_there_and_come_back_in(mut world: World) {
    world.open().await;
    let channel = world.ends[0].channel.parse().unwrap();
    let end = End::channel(&PORT.parse().unwrap(), &channel);

    let packet = world.transfer(0, "uakt", 500, 1000).await;
    let chain = &world.ends[0].chain;
    assert_eq!(
        chain.commitments(&end).await.unwrap().all,
        [packet.sequence]
    );
    let ack = world.recv(1, &packet).await;
    assert_eq!(ack, SUCCESS);
    let block = world.ack(0, &packet, ack).await;
    assert!(block
        .events
        .iter()
        .any(|event| matches!(event, Event::AcknowledgePacket(_))));
    let chain = &world.ends[0].chain;
    assert!(chain.commitments(&end).await.unwrap().all.is_empty());

    let voucher = world.ends[1].node.read(|chain| {
        let coins = chain.balances(&world.ends[1].address);
        coins
            .into_iter()
            .find(|coin| coin.denom.starts_with("ibc/"))
    });
    let voucher = voucher.expect("a voucher");
    assert_eq!(voucher.amount, 500);

    let before = world.balance(0, "uakt");
    let packet = world.transfer(1, &voucher.denom, 200, 1000).await;
    assert_eq!(world.balance(1, &voucher.denom), 300);
    let ack = world.recv(0, &packet).await;
    assert_eq!(ack, SUCCESS);
    let after = world.balance(0, "uakt");
    // Returned, less the fee of that transaction.
    assert!(
        after + 1000 > before + 200 && after < before + 200,
        "{before} {after}"
    );
    world.ack(1, &packet, ack).await;
}

#[tokio::test]
async fn what_is_too_late_is_refunded() {
    what_is_too_late_is_refunded_in(World::new()).await;
    what_is_too_late_is_refunded_in(World::on_sockets().await).await;
}

async fn what_is_too_late_is_refunded_in(mut world: World) {
    world.open().await;
    let packet = world.transfer(0, "uakt", 700, 4).await;
    let before = world.balance(0, "uakt");
    for _ in 0..5 {
        world.tick();
    }
    // By now it can no longer be received.
    let messages = world.recv_messages(1, &packet).await;
    let account = world.ends[1].account.state().await.unwrap();
    let messages: Vec<_> = messages.into_iter().map(message).collect();
    let error = world.ends[1]
        .account
        .estimate(&messages, &account)
        .await
        .unwrap_err();
    assert!(
        matches!(
            error,
            ChainError::Rejected {
                blame: Blame::Message(1),
                ..
            }
        ),
        "{error}"
    );

    let block = world.time_out(0, &packet, 1).await;
    assert!(block
        .events
        .iter()
        .any(|event| matches!(event, Event::TimeoutPacket(_))));
    let after = world.balance(0, "uakt");
    assert!(after > before, "{before} {after}");
}

#[tokio::test]
async fn who_comes_second_pays_nothing() {
    who_comes_second_pays_nothing_in(World::new()).await;
    who_comes_second_pays_nothing_in(World::on_sockets().await).await;
}

async fn who_comes_second_pays_nothing_in(mut world: World) {
    world.open().await;
    let packet = world.transfer(0, "uakt", 500, 1000).await;
    let late = world.recv_messages(1, &packet).await;
    world.recv(1, &packet).await;

    // Alone it is refused in CheckTx; with another message it is a success that
    // changes nothing.
    let tx = world.sign(1, late.clone(), Some(1_000_000)).await;
    let check = world.ends[1].account.broadcast(&tx).await.unwrap();
    let log = "packet messages are redundant".to_owned();
    assert_eq!(check, Check::Redundant { log });
    let denom = world.ends[1].denom;
    let other = world.transfer_message(1, denom, 5, 1000);
    let block = world
        .submit(1, late.into_iter().chain([other]).collect())
        .await;
    assert!(!block
        .events
        .iter()
        .any(|event| matches!(event, Event::RecvPacket(_))));
    assert!(block
        .events
        .iter()
        .any(|event| matches!(event, Event::SendPacket(_))));
}

#[tokio::test]
async fn the_sdks_refusals_have_their_codes() {
    the_sdks_refusals_have_their_codes_in(World::new()).await;
    the_sdks_refusals_have_their_codes_in(World::on_sockets().await).await;
}

async fn the_sdks_refusals_have_their_codes_in(mut world: World) {
    /// A timeout height that no test comes to.
    const NEVER: u64 = 1_000_000;
    world.open().await;
    let transfer = |amount| message(world.transfer_message(0, "uakt", amount, 1000));
    let (small, large) = (transfer(5), transfer(u128::from(u64::MAX)));
    let signer = &world.ends[0].account;
    let account = signer.state().await.unwrap();

    let error = signer
        .estimate(&[small.clone(), large.clone()], &account)
        .await
        .unwrap_err();
    assert!(
        matches!(&error, ChainError::Rejected { blame: Blame::Message(1), log, .. } if log.contains("insufficient funds")),
        "{error}"
    );

    let ahead = AccountState {
        account_sequence: account.account_sequence + 1,
        ..account.clone()
    };
    let error = signer
        .estimate(std::slice::from_ref(&small), &ahead)
        .await
        .unwrap_err();
    assert!(
        matches!(
            &error,
            ChainError::Rejected {
                blame: Blame::Sequence,
                ..
            }
        ),
        "{error}"
    );

    let draft = |messages: &[Message], account: &AccountState, gas, timeout_height| TxDraft {
        messages: messages.to_vec(),
        memo: String::new(),
        account: account.clone(),
        gas,
        deadline: Deadline::Height(timeout_height),
    };
    let offer = |draft: TxDraft| async move {
        let tx = signer.sign(&draft).await.unwrap();
        signer.broadcast(&tx).await.unwrap()
    };
    let wrong = offer(draft(std::slice::from_ref(&small), &ahead, 100_000, NEVER)).await;
    assert!(matches!(wrong, Check::WrongSequence { .. }), "{wrong:?}");
    let late = offer(draft(std::slice::from_ref(&small), &account, 100_000, 3)).await;
    assert!(matches!(late, Check::Busy { .. }), "{late:?}");
    let poor = offer(draft(
        std::slice::from_ref(&small),
        &account,
        u64::MAX / 2,
        NEVER,
    ))
    .await;
    assert!(matches!(poor, Check::CannotPay { .. }), "{poor:?}");
    let tight = offer(draft(std::slice::from_ref(&small), &account, 2000, NEVER)).await;
    assert!(
        matches!(tight, Check::Refused { code: 11, .. }),
        "{tight:?}"
    );
    let other = AccountState {
        account_number: 9,
        ..account.clone()
    };
    let forged = offer(draft(std::slice::from_ref(&small), &other, 100_000, NEVER)).await;
    assert!(
        matches!(forged, Check::Refused { code: 4, .. }),
        "{forged:?}"
    );
}

#[tokio::test]
async fn what_fails_in_a_block_pays_and_leaves_nothing_else() {
    what_fails_in_a_block_pays_and_leaves_nothing_else_in(World::new()).await;
    what_fails_in_a_block_pays_and_leaves_nothing_else_in(World::on_sockets().await).await;
}

async fn what_fails_in_a_block_pays_and_leaves_nothing_else_in(mut world: World) {
    world.open().await;
    let transfer = |amount| world.transfer_message(0, "uakt", amount, 1000);
    let (small, large) = (transfer(5), transfer(u128::from(u64::MAX)));
    // Out of gas, and a second message that fails.
    for (messages, gas, code) in [
        (vec![small.clone()], 40_000, 11),
        (vec![small, large], 500_000, 5),
    ] {
        let tx = world.sign(0, messages, Some(gas)).await;
        let signer = &world.ends[0].account;
        assert_eq!(signer.broadcast(&tx).await.unwrap(), Check::Accepted);
        let before = world.balance(0, "uakt");
        world.tick();
        let chain = &world.ends[0].chain;
        let (height, _) = chain.latest().await.unwrap();
        let block = chain.block(height).await.unwrap();
        assert_eq!(block.txs[0].code, code, "{}", block.txs[0].log);
        assert!(block.events.is_empty());
        assert_eq!(before - world.balance(0, "uakt"), u128::from(gas) / 1000);
    }
}
