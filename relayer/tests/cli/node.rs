//! Nodes that do not answer.

use super::home::Home;

#[test]
fn an_unreachable_node_is_reported_once_with_the_reason() {
    let home = Home::with_key();
    let ran = home.tern(&["health"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    let lines: Vec<&str> = ran.out.lines().collect();
    let refused: Vec<_> = lines
        .iter()
        .filter(|line| line.contains("refused"))
        .collect();
    assert_eq!(refused.len(), 2, "one for each chain: {ran:?}");
    assert!(
        refused[0].contains("BAD") && refused[0].contains("http://127.0.0.1:1"),
        "{ran:?}"
    );
    assert_eq!(ran.err, "");
}

#[test]
fn health_in_json_is_one_document() {
    let ran = Home::with_key().tern(&["health", "--json"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    let document = ran.json();
    assert_eq!(document["healthy"], false);
    assert_eq!(document["chains"][0]["chain"], "akash-a");
    let names: Vec<_> = document["chains"][0]["checks"]
        .as_array()
        .unwrap()
        .iter()
        .collect();
    assert_eq!(names[0]["name"], "node");
    assert_eq!(names[0]["good"], false);
}

#[test]
fn commands_that_need_an_unreachable_node_name_it_and_have_exit_code_1() {
    let home = Home::with_key();
    for args in [
        &["query", "clients", "akash-a"][..],
        &["query", "connections", "akash-a"],
        &["query", "channels", "akash-a"],
        &["keys", "balance", "akash-a"],
        &["transfer", "akash-a", "channel-0", "1uakt", "kava1x"],
    ] {
        let ran = home.tern(args);
        assert_eq!(ran.code, 1, "{ran:?}");
        assert!(ran.err.starts_with("error: akash-a: "), "{ran:?}");
        assert!(ran.err.contains("http://127.0.0.1:1"), "{ran:?}");
        assert!(
            !ran.err.contains("Error {"),
            "no Rust debug output: {ran:?}"
        );
        assert_eq!(ran.out, "");
    }
}
