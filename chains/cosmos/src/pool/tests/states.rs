//! What people are told of nodes that fail, lie or serve another chain.

use tern_chains::{ChannelId, End, Height, PortId, Proof, Proven, StorePath};

use super::*;

fn failing(failures: u32, reason: &str) -> NodeState {
    let reason = reason.to_owned();
    NodeState::Failing { failures, reason }
}

#[tokio::test(start_paused = true)]
async fn people_are_told_that_a_node_fails_until_it_answers_again() {
    let mut world = World::new(&[Fails(1), Answers(1)]);
    assert_eq!(world.ask(Need::Newest).await.unwrap(), 1);
    assert_eq!(world.states(), [failing(1, "refused"), NodeState::Well]);
    world.behaviour[0] = Answers(1);
    sleep(1000 * MS).await;
    assert_eq!(world.ask(Need::Newest).await.unwrap(), 0);
    assert_eq!(world.states(), [NodeState::Well, NodeState::Well]);
}

#[tokio::test(start_paused = true)]
async fn people_are_told_that_the_only_node_fails_though_it_is_not_ranked() {
    let mut world = World::new(&[Fails(1)]);
    for failures in 1..=3 {
        world.ask(Need::Newest).await.unwrap_err();
        assert_eq!(world.states(), [failing(failures, "refused")]);
        assert!(world.pool.is_well(0), "its failures change nothing");
    }
    // What it says with good reason does not make it fail, nor well.
    for answer in [Lacks, Refuses, NotYet(usize::MAX)] {
        world.behaviour[0] = answer;
        world.ask(Need::Newest).await.unwrap_err();
        assert_eq!(world.states(), [failing(3, "refused")]);
    }
    world.behaviour[0] = Answers(1);
    world.ask(Need::Newest).await.unwrap();
    assert_eq!(world.states(), [NodeState::Well]);
    world.behaviour[0] = OtherChain;
    let error = world.ask(Need::Newest).await.unwrap_err();
    assert_eq!(world.states(), [failing(1, &error.to_string())]);
}

#[tokio::test(start_paused = true)]
async fn people_are_told_who_is_set_aside_and_why() {
    for (wrong, said) in [
        (Lies, "a-1: asking: does not verify: another root"),
        (OtherChain, "http://127.0.0.1:1 serves chain b-1, not a-1"),
    ] {
        let world = World::new(&[wrong, Answers(1)]);
        world.ask(Need::Newest).await.unwrap();
        let [NodeState::SetAside { reason }, NodeState::Well] = &world.states()[..] else {
            panic!("{:?}", world.states());
        };
        assert!(reason.starts_with(said), "{reason}");
        sleep(Duration::from_secs(31 * 60)).await;
        assert_eq!(world.states()[0], NodeState::Well);
    }
}

#[test]
fn a_proof_of_the_only_node_that_does_not_verify_makes_it_suspect_until_one_does() {
    let world = World::new(&[Answers(1)]);
    let proven = Proven {
        path: StorePath::NextSequenceSend(End::channel(&PortId::transfer(), &ChannelId::new(0))),
        value: None,
        proof: Proof {
            bytes: vec![],
            height: Height {
                revision: 1,
                height: 8,
            },
        },
        height: 7,
    };
    let error = world
        .pool
        .origin()
        .unverified("a proof at 7", "another root");
    world.pool.checked(&proven, Some(&error));
    let reason = error.to_string();
    assert_eq!(world.states(), [NodeState::Suspect { reason }]);
    world.pool.checked(&proven, None);
    assert_eq!(world.states(), [NodeState::Well]);
}
