//! Errors of a missing or wrong configuration.

use super::home::{Home, TWO_CHAINS};

#[test]
fn a_missing_configuration_is_reported_with_its_path_and_an_example() {
    let home = Home::empty();
    let ran = home.tern(&["health"]);
    assert_eq!(ran.code, 64, "{ran:?}");
    let place = home.path("config.toml").display().to_string();
    assert!(
        ran.err.contains(&place) && ran.err.contains("[[chain]]"),
        "{ran:?}"
    );
    assert_eq!(ran.out, "");
}

#[test]
fn an_unknown_field_is_reported_with_file_and_line() {
    let home = Home::with(&TWO_CHAINS.replacen("gas_price", "gas_prize", 1));
    let ran = home.tern(&["query", "channels", "akash-a"]);
    assert_eq!(ran.code, 64, "{ran:?}");
    let place = home.path("config.toml").display().to_string();
    assert!(ran.err.contains(&format!("{place}:7:1")), "{ran:?}");
    assert!(ran.err.contains("unknown field `gas_prize`"), "{ran:?}");
}

#[test]
fn another_configuration_file_can_be_given() {
    let home = Home::with("this is not even toml");
    let other = home.path("other.toml");
    std::fs::write(&other, TWO_CHAINS).unwrap();
    let ran = home.tern(&[
        "keys",
        "list",
        "akash-a",
        "--config",
        other.to_str().unwrap(),
    ]);
    assert_eq!(ran.code, 0, "{ran:?}");
}

#[test]
fn an_unknown_chain_is_reported_with_the_configured_chains() {
    let home = Home::with(TWO_CHAINS);
    for args in [
        &["keys", "list", "osmo-a"][..],
        &["query", "clients", "osmo-a"],
        &["transfer", "osmo-a", "channel-0", "1uosmo", "x"],
        &["channel", "open", "akash-a", "osmo-a"],
        &["packet", "pending", "osmo-a", "channel-0"],
    ] {
        let ran = home.tern(args);
        assert_eq!(ran.code, 64, "{ran:?}");
        assert!(
            ran.err
                .contains("chain `osmo-a` is not in the configuration"),
            "{ran:?}"
        );
        assert!(ran.err.contains("akash-a, kava-a"), "{ran:?}");
    }
}

#[test]
fn with_json_an_error_is_the_only_document() {
    let ran = Home::with(TWO_CHAINS).tern(&["--json", "keys", "list", "osmo-a"]);
    assert_eq!(ran.code, 64, "{ran:?}");
    let error = ran.json()["error"].as_str().unwrap().to_owned();
    assert!(
        error.contains("chain `osmo-a` is not in the configuration"),
        "{error}"
    );
    assert!(ran.json()["caused_by"].as_array().unwrap().is_empty());
    assert_eq!(ran.err, "");
}
