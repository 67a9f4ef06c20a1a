//! Questions to nodes that are slow, silent, behind or wrong, in simulated time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use tern_chains::{ChainError, ChainId, NodeState};
use tokio::time::{sleep, Instant};

use super::*;
use crate::errors::Fault;
use crate::settings::NodeAddress;

mod states;

const MS: Duration = Duration::from_millis(1);

/// What each node does with a question, and how often it was asked.
struct World {
    pool: Pool,
    asked: Vec<AtomicUsize>,
    behaviour: Vec<Behaviour>,
}

#[derive(Clone, Copy)]
enum Behaviour {
    Answers(u64),
    Fails(u64),
    /// Cannot tell the first so many times.
    NotYet(usize),
    /// Says that it does not have it.
    Lacks,
    Lies,
    OtherChain,
    KnowsNoAccount,
    Refuses,
    Silent,
}
use Behaviour::*;

impl World {
    fn new(behaviour: &[Behaviour]) -> Self {
        let address = |index: usize| {
            let url = |port: usize| format!("http://127.0.0.1:{port}").parse().unwrap();
            NodeAddress {
                rpc: url(1 + index),
                grpc: url(101 + index),
            }
        };
        let first = address(0);
        let price = "0stake".parse().unwrap();
        let id = ChainId::from_string("a-1");
        let mut settings = CosmosSettings::new(id, first.rpc, first.grpc, "a", price);
        settings.further_nodes = (1..behaviour.len()).map(address).collect();
        Self {
            pool: Pool::new(&settings).unwrap(),
            asked: behaviour.iter().map(|_| AtomicUsize::new(0)).collect(),
            behaviour: behaviour.to_vec(),
        }
    }

    /// The index of the node whose answer it was.
    async fn ask(&self, need: Need) -> Result<usize> {
        let ask = |node: Arc<Node>| async move { self.answer(&node).await };
        let answered = self.pool.read_from(Kind::State, need, &[], ask).await?;
        assert_eq!(answered.0, answered.1);
        Ok(answered.0)
    }

    async fn answer(&self, node: &Node) -> Result<usize> {
        let before = self.asked[node.index].fetch_add(1, Ordering::Relaxed);
        let origin = &node.rpc.origin;
        match self.behaviour[node.index] {
            Answers(ms) => {
                sleep(MS * ms as u32).await;
                Ok(node.index)
            }
            Fails(ms) => {
                sleep(MS * ms as u32).await;
                Err(origin.node("asking", Fault::Transport("refused".into())))
            }
            NotYet(times) if before < times => {
                Err(origin.node("asking", Fault::NotYet("starting".into())))
            }
            NotYet(_) => Ok(node.index),
            Lacks => Err(origin.node("asking", Fault::Answer("no such height".into()))),
            Lies => Err(origin.unverified("asking", "another root")),
            OtherChain => Err(ChainError::WrongChain {
                expected: origin.chain.clone(),
                actual: "b-1".into(),
                node: origin.node.clone(),
            }),
            Refuses => Err(ChainError::Rejected {
                chain: origin.chain.clone(),
                doing: "asking".into(),
                codespace: "sdk".into(),
                code: 5,
                log: "no".into(),
                blame: tern_chains::Blame::Unnamed,
            }),
            KnowsNoAccount => Err(ChainError::NoAccount {
                chain: origin.chain.clone(),
                address: "akash1relayer".into(),
                denom: "uakt".into(),
            }),
            Silent => std::future::pending().await,
        }
    }

    /// What people are told of each node.
    fn states(&self) -> Vec<NodeState> {
        let statuses = self.pool.statuses().into_iter();
        statuses.map(|status| status.state).collect()
    }

    fn asked(&self) -> Vec<usize> {
        let asked = self.asked.iter();
        asked
            .map(|times| times.swap(0, Ordering::Relaxed))
            .collect()
    }

    /// Enough questions that it is known how long answers take.
    async fn warm_up(&self) {
        for _ in 0..20 {
            self.ask(Need::Newest).await.unwrap();
        }
        self.asked();
    }
}

#[tokio::test(start_paused = true)]
async fn the_only_node_is_asked_again_while_it_cannot_tell() {
    let world = World::new(&[NotYet(3)]);
    assert_eq!(world.ask(Need::Newest).await.unwrap(), 0);
    assert_eq!(world.asked(), [4]);
    // For some seconds, and not for ever.
    let world = World::new(&[NotYet(usize::MAX)]);
    assert!(world.ask(Need::Newest).await.is_err());
    assert_eq!(world.asked(), [NOT_YET_ATTEMPTS as usize]);
}

#[tokio::test(start_paused = true)]
async fn a_node_that_cannot_tell_yet_is_not_taken_for_failing() {
    let world = World::new(&[NotYet(1), Answers(5)]);
    assert_eq!(world.ask(Need::Newest).await.unwrap(), 1);
    assert_eq!(world.ask(Need::Newest).await.unwrap(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_chain_with_one_node_asks_it_once_and_gives_its_error() {
    let world = World::new(&[Fails(5)]);
    for _ in 0..3 {
        let error = world.ask(Need::Newest).await.unwrap_err();
        assert!(matches!(error, ChainError::Node { .. }));
    }
    assert_eq!(world.asked(), [3]);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_asked_twice_while_the_first_node_is_well() {
    let world = World::new(&[Answers(20), Answers(1)]);
    for _ in 0..200 {
        assert_eq!(world.ask(Need::Newest).await.unwrap(), 0);
    }
    assert_eq!(world.asked(), [200, 0]);
}

#[tokio::test(start_paused = true)]
async fn a_failed_question_goes_to_the_next_node_within_the_same_call() {
    let world = World::new(&[Fails(3), Lacks, Answers(9)]);
    assert_eq!(world.ask(Need::Newest).await.unwrap(), 2);
    assert_eq!(world.asked(), [1, 1, 1]);
    // The first rests; the second has not failed, it only lacks that.
    assert_eq!(world.ask(Need::Newest).await.unwrap(), 2);
    assert_eq!(world.asked(), [0, 1, 1]);
}

#[tokio::test(start_paused = true)]
async fn when_all_fail_the_most_telling_reason_is_given() {
    let world = World::new(&[Fails(1), Lacks, Fails(1)]);
    let error = world.ask(Need::At(7)).await.unwrap_err();
    assert!(crate::errors::answer(&error).is_some(), "{error}");
    assert_eq!(world.asked(), [1, 1, 1]);
}

#[tokio::test(start_paused = true)]
async fn one_nodes_refusal_is_not_the_chains() {
    let world = World::new(&[Refuses, Answers(1)]);
    assert_eq!(world.ask(Need::Newest).await.unwrap(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_account_that_one_node_does_not_have_may_be_on_chain() {
    let world = World::new(&[KnowsNoAccount, Answers(1)]);
    assert_eq!(world.ask(Need::Newest).await.unwrap(), 1);
    let world = World::new(&[KnowsNoAccount, KnowsNoAccount, Answers(1)]);
    let error = world.ask(Need::Newest).await.unwrap_err();
    assert!(matches!(error, ChainError::NoAccount { .. }));
    // One that is refused is another matter.
    let world = World::new(&[KnowsNoAccount, Refuses, Answers(1)]);
    assert_eq!(world.ask(Need::Newest).await.unwrap(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_two_nodes_refuse_is_not_asked_for_again() {
    let world = World::new(&[Refuses, Refuses, Answers(1)]);
    let error = world.ask(Need::Newest).await.unwrap_err();
    assert!(matches!(error, ChainError::Rejected { .. }));
    assert_eq!(world.asked(), [1, 1, 0]);
    // And what the only one that answers refuses.
    let world = World::new(&[Refuses, Fails(1)]);
    let error = world.ask(Need::Newest).await.unwrap_err();
    assert!(matches!(error, ChainError::Rejected { .. }));
}

#[tokio::test(start_paused = true)]
async fn a_height_that_a_node_claims_and_does_not_have_is_not_believed() {
    let world = World::new(&[Lacks, Answers(1)]);
    world.pool.saw(0, 1_000_000_000);
    world.pool.saw(1, 107);
    assert_eq!(world.ask(Need::At(107)).await.unwrap(), 1);
    assert!(!world.pool.is_heard(0) && world.pool.is_heard(1));
    world.pool.saw(0, 1_000_000_000);
    let records = world.pool.board().records.clone();
    assert_eq!(choice::newest(&records, Instant::now()), 107);
}

#[tokio::test(start_paused = true)]
async fn a_node_that_has_lost_an_old_block_is_still_heard() {
    let world = World::new(&[Lacks, Answers(1)]);
    for node in [0, 1] {
        world.pool.saw(node, 1_000);
    }
    for height in [1_000, 10] {
        assert_eq!(world.ask(Need::At(height)).await.unwrap(), 1);
    }
    assert!(world.pool.is_heard(0) && world.pool.is_heard(1));
}

#[tokio::test(start_paused = true)]
async fn a_late_answer_is_asked_of_the_next_node_and_the_first_one_wins() {
    let mut world = World::new(&[Answers(20), Answers(30)]);
    world.warm_up().await;
    world.behaviour[0] = Answers(700);
    let begin = Instant::now();
    assert_eq!(world.ask(Need::Newest).await.unwrap(), 1);
    // The lower bound of waiting, and the other's answer.
    assert_eq!(begin.elapsed(), 80 * MS);
    assert_eq!(world.asked(), [1, 1]);
}

#[tokio::test(start_paused = true)]
async fn few_questions_are_asked_twice_of_nodes_that_are_all_slow() {
    let mut world = World::new(&[Answers(20), Answers(20)]);
    world.warm_up().await;
    world.behaviour = vec![Answers(300), Answers(300)];
    for _ in 0..10 {
        join_all((0..40).map(|_| world.ask(Need::Newest))).await;
    }
    let extra = world.asked().iter().sum::<usize>() - 400;
    assert!(extra <= 400 / 20 + 4, "{extra}");
}

#[tokio::test(start_paused = true)]
async fn a_node_that_falls_silent_in_a_burst_costs_it_little_time() {
    let mut world = World::new(&[Answers(20), Answers(20)]);
    world.warm_up().await;
    world.behaviour[0] = Silent;
    let begin = Instant::now();
    let answers = join_all((0..500).map(|_| world.ask(Need::Newest))).await;
    assert!(answers.into_iter().all(|answer| answer.unwrap() == 1));
    assert!(begin.elapsed() < 1000 * MS, "{:?}", begin.elapsed());
    // And when it is well again, it is preferred again.
    world.behaviour[0] = Answers(20);
    sleep(Duration::from_secs(40)).await;
    world.ask(Need::Newest).await.unwrap();
    world.asked();
    assert_eq!(world.ask(Need::Newest).await.unwrap(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_silent_node_nothing_is_known_of_is_given_up_before_its_timeout() {
    let world = World::new(&[Silent, Answers(20)]);
    let begin = Instant::now();
    assert_eq!(world.ask(Need::Newest).await.unwrap(), 1);
    assert_eq!(begin.elapsed(), 1020 * MS);
    // Simulations are not asked twice: they depend on a node's mempool.
    let world = World::new(&[Silent, Answers(20)]);
    let begin = Instant::now();
    assert_eq!(world.ask(Need::Mempool).await.unwrap(), 1);
    assert_eq!(begin.elapsed(), 5020 * MS);
}

#[tokio::test(start_paused = true)]
async fn who_lies_or_serves_another_chain_is_set_aside_and_not_asked_again() {
    for wrong in [Lies, OtherChain] {
        let world = World::new(&[wrong, Answers(1)]);
        assert_eq!(world.ask(Need::Newest).await.unwrap(), 1);
        world.asked();
        for _ in 0..50 {
            assert_eq!(world.ask(Need::Newest).await.unwrap(), 1);
        }
        assert_eq!(world.asked(), [0, 50]);
        sleep(Duration::from_secs(31 * 60)).await;
        world.ask(Need::Newest).await.unwrap();
        assert_eq!(world.asked(), [1, 1], "after half an hour it may be right");
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_is_set_aside_for_what_all_nodes_say() {
    let world = World::new(&[Lies, Lies]);
    for _ in 0..2 {
        let error = world.ask(Need::Newest).await.unwrap_err();
        assert!(matches!(error, ChainError::Unverified { .. }));
        assert_eq!(world.asked(), [1, 1]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_question_that_is_dropped_leaves_its_place_to_others() {
    let mut world = World::new(&[Silent, Silent]);
    for _ in 0..10 {
        let many = join_all((0..100).map(|_| world.ask(Need::Newest)));
        tokio::time::timeout(3 * MS, many).await.unwrap_err();
    }
    world.asked();
    world.behaviour = vec![Answers(1), Answers(1)];
    join_all((0..100).map(|_| world.ask(Need::Newest))).await;
    assert_eq!(world.asked(), [100, 0]);
}
