//! Help and usage errors.

use super::home::{Home, TWO_CHAINS};

#[test]
fn every_command_has_help_with_an_example() {
    let home = Home::empty();
    for command in [
        "",
        "start",
        "health",
        "keys add",
        "keys encrypt",
        "keys decrypt",
        "keys store-passphrase",
        "keys grant",
        "keys revoke",
        "keys list",
        "keys balance",
        "client create",
        "client update",
        "client status",
        "client list",
        "connection open",
        "channel open",
        "channel close",
        "packet pending",
        "packet clear",
        "trace",
        "transfer",
        "query clients",
        "query connections",
        "query channels",
        "devnet",
        "demo",
    ] {
        let mut args: Vec<&str> = command.split_whitespace().collect();
        args.push("--help");
        let ran = home.tern(&args);
        assert_eq!(ran.code, 0, "{ran:?}");
        assert!(ran.out.contains("Example"), "{command}: {}", ran.out);
        assert!(
            ran.out.contains(&format!("  tern {command}")),
            "{command}: {}",
            ran.out
        );
    }
}

#[test]
fn the_version_is_printed() {
    let ran = Home::empty().tern(&["--version"]);
    assert_eq!(ran.code, 0);
    assert_eq!(ran.out, format!("tern {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn wrong_usage_has_exit_code_2_and_says_what_is_expected() {
    let home = Home::with(TWO_CHAINS);
    for (args, expected) in [
        (
            &["transfer", "akash-a", "0", "1uakt", "x"][..],
            "`channel-0`",
        ),
        (
            &["transfer", "akash-a", "channel-0", "uakt", "x"],
            "`100uakt`",
        ),
        (
            &["transfer", "akash-a", "channel-0", "0uakt", "x"],
            "more than zero",
        ),
        (
            &[
                "transfer",
                "akash-a",
                "channel-0",
                "1uakt",
                "x",
                "--timeout",
                "0s",
            ],
            "more than zero",
        ),
        (
            &[
                "transfer",
                "akash-a",
                "channel-0",
                "1uakt",
                "x",
                "--count",
                "0",
            ],
            "1..=1000000",
        ),
        (&["keys", "add", "akash-a"], "--mnemonic-file"),
        (
            &["channel", "open", "akash-a", "kava-a", "--order", "fifo"],
            "unordered",
        ),
        (&["trace", "akash-a", "channel-0", "0"], "SEQUENCE"),
        (&["trace"], "SRC-CHAIN|TXHASH"),
        (&["trace", "akash-a"], "64 hexadecimal digits"),
        (&["trace", "akash-a", "channel-0"], "its sequence"),
        (&["trace", "--sender", "akash1x"], "check the spelling"),
        (&["fly"], "unrecognized subcommand"),
    ] {
        let ran = home.tern(args);
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(ran.err.contains(expected), "{expected}: {ran:?}");
    }
}
