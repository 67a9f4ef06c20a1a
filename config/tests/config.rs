//! The errors of wrong configurations, and the values of right ones.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tern_config::{
    Config, ConfigError, FeePayee, LimitConfig, PassphraseSource, SignerAddressConfig, EXAMPLE,
};

fn refusal(text: &str) -> String {
    match Config::parse(text) {
        Err(fault) => fault.to_string(),
        Ok(config) => panic!("was accepted:\n{text}\nas {config:?}"),
    }
}

/// The example with the line of `field` replaced, or added if there is none.
fn with(field: &str, line: &str) -> String {
    let is_it = |l: &str| l.split('=').next().is_some_and(|key| key.trim() == field);
    let mut found = false;
    let mut text = String::new();
    for l in EXAMPLE.lines() {
        found |= is_it(l);
        text += if is_it(l) { line } else { l };
        text += "\n";
    }
    if !found {
        text += line;
        text += "\n";
    }
    text
}

#[test]
fn a_budget_is_an_amount_in_the_denom_of_fees_or_none() {
    let text = format!("{EXAMPLE}\n[chain.budget]\nhour = \"5000uakt\"\nday = \"none\"\n");
    let config = Config::parse(&text).unwrap();
    let budget = &config.chains[0].budget;
    let hour = LimitConfig::Amount {
        amount: 5_000,
        denom: "uakt".into(),
    };
    assert_eq!(budget.hour, Some(hour));
    assert_eq!(budget.day, Some(LimitConfig::None));
    assert_eq!(budget.packet, None);
    for (budget, reason) in [
        ("hour = 5000", "expected a string"),
        ("hour = \"5 uakt\"", "is not an amount such as"),
        ("hour = \"0.5uakt\"", "is not an amount such as"),
        ("packet = \"5uatom\"", "`packet` of its budget is in uatom"),
        ("minute = \"5uakt\"", "unknown field"),
    ] {
        let refusal = refusal(&format!("{EXAMPLE}\n[chain.budget]\n{budget}\n"));
        assert!(refusal.contains(reason), "{refusal}");
    }
}

#[test]
fn http_is_served_only_if_wanted_and_to_others_only_if_said() {
    assert_eq!(Config::parse(EXAMPLE).unwrap().http, None);
    let http = |lines: &str| Config::parse(&format!("{EXAMPLE}\n[http]\n{lines}\n"));
    let default = http("").unwrap().http.unwrap();
    assert_eq!(default.listen.to_string(), "127.0.0.1:7676");
    for address in ["0.0.0.0:7676", "[::]:7676", "10.0.0.7:80"] {
        let listen = format!("listen = \"{address}\"");
        let refusal = http(&listen).unwrap_err().to_string();
        assert!(refusal.contains("allow_remote = true"), "{refusal}");
        let allowed = http(&format!("{listen}\nallow_remote = true"));
        assert_eq!(allowed.unwrap().http.unwrap().listen.to_string(), address);
    }
    assert!(http("listen = \"[::1]:7676\"").is_ok());
    assert!(http("listen = \"localhost\"").is_err());
    assert!(http("port = 7676").is_err());
}

#[test]
fn the_highest_gas_price_is_in_the_denom_of_fees() {
    let most = |price: &str| format!("gas_price_max = \"{price}\"");
    let config = Config::parse(&with("gas_price_max", &most("0.25uakt"))).unwrap();
    assert_eq!(config.chains[0].gas_price_max.as_deref(), Some("0.25uakt"));
    let refusal = refusal(&with("gas_price_max", &most("0.25ukava")));
    assert!(
        refusal.contains("`gas_price_max` is in ukava, but fees are paid in uakt"),
        "{refusal}"
    );
}

#[test]
fn a_trusted_header_has_a_height_and_the_hash_of_its_block() {
    let hash = "0A".repeat(32);
    let given = |hash: &str| format!("light_client = {{ height = 7, hash = \"{hash}\" }}");
    let config = Config::parse(&with("light_client", &given(&hash))).unwrap();
    let read = config.chains[0].light_client.clone().unwrap();
    assert_eq!((read.height, read.hash), (7, vec![10; 32]));
    let refusal = refusal(&with("light_client", &given("12AB")));
    assert!(refusal.contains("64 hexadecimal digits"), "{refusal}");
}

#[test]
fn a_wrong_value_is_reported_with_line_chain_and_field() {
    for (field, line, place, reason) in [
        ("id", r#"id = "../x""#, ":2:6", "a chain id has"),
        ("id", r#"id = """#, ":2:6", "a chain id has"),
        ("rpc", "rpc = 26657", ":3:7", "expected a string"),
        ("rpc", r#"rpc = "127.0.0.1:26657""#, ":3:7", "not a URL"),
        (
            "rpc",
            r#"rpc = "ws://127.0.0.1""#,
            ":3:7",
            "the scheme is `ws`",
        ),
        (
            "grpc",
            r#"grpc = "localhost:9090""#,
            ":4:8",
            "the scheme is `localhost`",
        ),
        (
            "account_prefix",
            r#"account_prefix = "Akash""#,
            ":5:18",
            "lower-case",
        ),
        (
            "account_prefix",
            r#"account_prefix = """#,
            ":5:18",
            "lower-case",
        ),
        (
            "gas_price",
            r#"gas_price = "0.025 uakt""#,
            ":6:13",
            "a gas price is",
        ),
        (
            "gas_price",
            r#"gas_price = "uakt""#,
            ":6:13",
            "a gas price is",
        ),
        (
            "gas_price",
            r#"gas_price = "0.025""#,
            ":6:13",
            "a gas price is",
        ),
        (
            "gas_price",
            r#"gas_price = "-1uakt""#,
            ":6:13",
            "a gas price is",
        ),
        (
            "gas_price",
            "gas_price = 0.025",
            ":6:13",
            "expected a string",
        ),
        ("key", r#"key = "a/b""#, ":7:7", "a key name has"),
        ("key", r#"key = "..""#, ":7:7", "a key name has"),
        (
            "gas_multiplier",
            "gas_multiplier = 0.9",
            ":7:18",
            "from 1 to 10",
        ),
        (
            "gas_multiplier",
            "gas_multiplier = 10.5",
            ":7:18",
            "from 1 to 10",
        ),
        (
            "gas_multiplier",
            "gas_multiplier = []",
            ":7:18",
            "from 1 to 10",
        ),
        ("max_gas", "max_gas = 0", ":7:11", "not 1 or more"),
        ("max_gas", r#"max_gas = "1""#, ":7:11", "invalid type"),
        (
            "tx_timeout_blocks",
            "tx_timeout_blocks = -1",
            ":7:21",
            "not 1 or more",
        ),
        (
            "request_timeout",
            r#"request_timeout = "0s""#,
            ":7:19",
            "more than zero",
        ),
        (
            "request_timeout",
            r#"request_timeout = "10""#,
            ":7:19",
            "write it like `10s`",
        ),
        (
            "trusting_period",
            "trusting_period = 14",
            ":7:19",
            "expected a string",
        ),
        ("coin_type", "coin_type = -1", ":7:13", "invalid value"),
    ] {
        let refusal = refusal(&with(field, line));
        let chain = if field == "id" {
            ""
        } else {
            "chain `akash-a`, "
        };
        let start = format!("{place}: ");
        assert!(refusal.starts_with(&start), "{line}: {refusal}");
        assert!(refusal.contains(chain), "{line}: {refusal}");
        assert!(
            refusal.contains(&format!("field `{field}`: ")),
            "{line}: {refusal}"
        );
        assert!(refusal.contains(reason), "{line}: {refusal}");
        assert!(
            refusal.contains(&format!("| {line}\n")),
            "{line}: {refusal}"
        );
    }
}

#[test]
fn an_unknown_field_is_shown_in_its_line() {
    let text = with("rpc", r#"rpcc = "http://127.0.0.1:26657""#);
    let expected = ":3:1: chain `akash-a`: unknown field `rpcc`, expected one of `id`, `rpc`, ";
    let refusal = refusal(&text);
    assert!(refusal.starts_with(expected), "{refusal}");
    let shown = "\n  |\n3 | rpcc = \"http://127.0.0.1:26657\"\n  | ^";
    assert!(refusal.ends_with(shown), "{refusal}");
}

#[test]
fn a_missing_field_is_reported_with_its_chain() {
    let second = with("rpc", "").replace("akash-a", "kava-a");
    let refusal = refusal(&format!("{EXAMPLE}\n{second}"));
    assert!(
        refusal.starts_with(":8:1: chain `kava-a`: missing field `rpc`"),
        "{refusal}"
    );
}

#[test]
fn an_error_outside_a_chain_section_names_no_chain() {
    for (added, expected) in [
        ("[polcy]\n", ":7:2: unknown field `polcy`"),
        ("[policy]\ninterval = 1\n", ":8:1: unknown field `interval`"),
        (
            "[policy]\nclear_interval = 5\n",
            ":8:18: field `clear_interval`: invalid type",
        ),
        (
            "[policy]\nrefresh_after_percent = 100\n",
            ":8:25: field `refresh_after_percent`: 100 is not from 1 to 90",
        ),
        (
            "[policy]\nitems_in_flight = 0\n",
            ":8:19: field `items_in_flight`: 0 is not 1 or more",
        ),
    ] {
        let refusal = refusal(&format!("{EXAMPLE}{added}"));
        assert!(refusal.starts_with(expected), "{refusal}");
    }
}

const NODE: &str = "[[chain.node]]\nrpc = \"http://b:26657\"\ngrpc = \"http://b:9090\"\n";

#[test]
fn a_chain_has_further_nodes_in_the_order_of_the_file() {
    let chain = |text: &str| Config::parse(text).unwrap().chains.remove(0);
    assert_eq!(chain(EXAMPLE).further_nodes().count(), 0);
    let text = format!("{EXAMPLE}{NODE}{}", NODE.replace("//b", "//c"));
    let chain = chain(&text);
    let hosts: Vec<_> = chain
        .further_nodes()
        .map(|node| (node.rpc.as_str(), node.grpc.as_str()))
        .collect();
    assert_eq!(
        hosts,
        [
            ("http://b:26657/", "http://b:9090/"),
            ("http://c:26657/", "http://c:9090/")
        ]
    );
}

#[test]
fn an_error_of_a_node_is_reported_with_line_chain_and_field() {
    let other = EXAMPLE.replace("akash-a", "kava-a");
    for (node, expected) in [
        (
            NODE.replace("grpc", "grcp"),
            ":9:1: chain `akash-a`: unknown field `grcp`, expected `rpc` or `grpc`",
        ),
        (
            NODE.replace("http://b:9090", "b:9090"),
            ":9:8: chain `akash-a`, field `grpc`: the scheme is `b`",
        ),
        (
            NODE.replace("grpc = \"http://b:9090\"\n", ""),
            ":7:1: chain `akash-a`: missing field `grpc`",
        ),
        (
            NODE.replace("//b:26657", "//127.0.0.1:26657"),
            ":7:1: chain `akash-a`: this node is listed twice",
        ),
        (
            NODE.replace("[[chain.node]]", "[chain.node]"),
            ":7:1: write `[[chain.node]]`",
        ),
    ] {
        let refusal = refusal(&format!("{EXAMPLE}{node}{other}"));
        assert!(refusal.starts_with(expected), "{refusal}");
    }
}

#[test]
fn a_chain_field_after_a_node_is_refused_with_its_right_place() {
    let refusal = refusal(&format!("{EXAMPLE}{NODE}key = \"mine\"\n"));
    let expected = ":10:1: chain `akash-a`: unknown field `key`, expected `rpc` or `grpc`; fields \
                    of the chain go before its first [[chain.node]]";
    assert!(refusal.starts_with(expected), "{refusal}");
}

#[test]
fn there_is_at_least_one_chain_and_ids_differ() {
    assert!(refusal("").starts_with(": no chain is configured"));
    assert!(refusal("[chain]\nid = \"a\"\n").starts_with(":1:1: write `[[chain]]`"));
    let twice = refusal(&format!("{EXAMPLE}{EXAMPLE}"));
    let expected = ":7:1: chain `akash-a`: the section on line 1 has the same id";
    assert!(twice.starts_with(expected), "{twice}");
}

#[test]
fn each_key_is_listed_once() {
    let config = Config::parse(&with("extra_keys", r#"extra_keys = ["b", "c"]"#)).unwrap();
    let keys: Vec<_> = config.chains[0].keys().collect();
    assert_eq!(keys, ["relayer", "b", "c"]);
    for (line, reason) in [
        (
            r#"extra_keys = ["b", "relayer"]"#,
            "key `relayer` is listed twice",
        ),
        (r#"extra_keys = ["b", "b"]"#, "key `b` is listed twice"),
        (r#"extra_keys = ["../b"]"#, "a key name has letters"),
        (r#"extra_keys = "b""#, "expected a sequence"),
    ] {
        let refusal = refusal(&with("extra_keys", line));
        assert!(refusal.contains(reason), "{refusal}");
    }
}

#[test]
fn a_syntax_error_is_reported_with_its_place() {
    let refusal = refusal("[[chain]]\nid = \"akash-a\nrpc = 3\n");
    assert!(
        refusal.starts_with(":2:14: field `id`: invalid basic string"),
        "{refusal}"
    );
}

#[test]
fn a_missing_optional_field_has_its_documented_default() {
    let config = Config::parse(EXAMPLE).unwrap();
    let chain = config.chain("akash-a").unwrap();
    assert_eq!(chain.key, "relayer");
    assert_eq!(chain.hd_path(), "m/44'/118'/0'/0/0");
    assert_eq!(chain.gas_multiplier, "1.2");
    assert_eq!((chain.max_gas, chain.max_msgs_per_tx), (None, 100));
    assert_eq!(chain.tx_timeout_blocks, 20);
    assert_eq!(chain.memo, "");
    assert_eq!(chain.trusting_period, None);
    assert_eq!(chain.max_clock_drift, Duration::from_secs(40));
    assert_eq!(chain.request_timeout, Duration::from_secs(10));
    assert_eq!(chain.max_concurrent_requests, 32);
    let policy = config.policy;
    assert_eq!(policy.clear_interval, Duration::from_secs(300));
    assert_eq!(policy.refresh_after_percent, 33);
    assert_eq!(policy.catch_up_blocks, 5_000);
    assert_eq!(policy.items_in_flight, 4_000);
    assert_eq!(policy.packets_in_memory, 10_000);
    assert!(policy.freeze_forked_clients);
}

#[test]
fn prices_and_multipliers_are_kept_as_text() {
    for price in ["0uakt", "0.025uakt", "1ibc/AB12", "2.5factory/osmo1x/y"] {
        let config =
            Config::parse(&with("gas_price", &format!("gas_price = \"{price}\""))).unwrap();
        assert_eq!(config.chains[0].gas_price, price);
    }
    for (written, kept) in [
        ("1.3", "1.3"),
        ("2", "2"),
        ("\"1.25\"", "1.25"),
        ("10.0", "10"),
    ] {
        let text = with("gas_multiplier", &format!("gas_multiplier = {written}"));
        assert_eq!(Config::parse(&text).unwrap().chains[0].gas_multiplier, kept);
    }
}

#[test]
fn hd_path_has_priority_over_coin_type() {
    let kava = Config::parse(&with("coin_type", "coin_type = 459")).unwrap();
    assert_eq!(kava.chains[0].hd_path(), "m/44'/459'/0'/0/0");
    let text = with("hd_path", "coin_type = 459\nhd_path = \"m/44'/60'/1'/0/0\"");
    let own = Config::parse(&text).unwrap();
    assert_eq!(own.chains[0].hd_path(), "m/44'/60'/1'/0/0");
}

#[test]
fn the_type_of_the_keys_decides_about_the_coin_type() {
    for (key_type, path) in [
        ("secp256k1", "m/44'/118'/0'/0/0"),
        ("ethermint", "m/44'/60'/0'/0/0"),
        ("cosmos-evm", "m/44'/60'/0'/0/0"),
        ("injective", "m/44'/60'/0'/0/0"),
    ] {
        let line = format!("key_type = \"{key_type}\"");
        let config = Config::parse(&with("key_type", &line)).unwrap();
        assert_eq!(config.chains[0].hd_path(), path, "{key_type}");
        let given = format!("{line}\ncoin_type = 118");
        let config = Config::parse(&with("key_type", &given)).unwrap();
        assert_eq!(config.chains[0].hd_path(), "m/44'/118'/0'/0/0");
    }
    let refusal = refusal(&with("key_type", "key_type = \"ed25519\""));
    assert!(
        refusal.contains("unknown variant `ed25519`") && refusal.contains("cosmos-evm"),
        "{refusal}"
    );
}

#[test]
fn a_fee_market_has_a_limit_and_a_priority_only_where_the_chain_knows_one() {
    let parse = |lines: &str| Config::parse(&with("fee_market", lines));
    for market in ["osmosis", "feemarket", "cosmos-evm", "ethermint"] {
        let lines = format!("fee_market = \"{market}\"\ngas_price_max = \"1uakt\"");
        let config = parse(&lines).unwrap();
        assert_eq!(config.chains[0].fee_market_multiplier, "1.1");
        let prior = parse(&format!("{lines}\npriority_price = \"0.1uakt\""));
        assert_eq!(prior.is_ok(), market.starts_with(['c', 'e']), "{market}");
    }
    for (lines, reason) in [
        ("fee_market = \"osmosis\"", "needs `gas_price_max`"),
        ("priority_price = \"0uakt\"", "`priority_price` is for"),
        ("fee_market = \"x\"", "unknown variant `x`"),
        (
            "fee_market = \"ethermint\"\ngas_price_max = \"1uakt\"\npriority_price = \"1ukava\"",
            "`priority_price` is in ukava",
        ),
        (
            "fee_market_multiplier = 0.9",
            "a multiplier is a decimal number from 1 to 10",
        ),
    ] {
        let refusal = refusal(&with("fee_market", lines));
        assert!(refusal.contains(reason), "{refusal}");
    }
}

#[test]
fn the_error_for_a_missing_file_has_its_path_and_an_example() {
    let path = Path::new("/nowhere/config.toml");
    let error = Config::load(path).unwrap_err();
    assert!(matches!(error, ConfigError::Missing { .. }));
    let text = error.to_string();
    assert!(
        text.contains("no configuration file /nowhere/config.toml") && text.contains(EXAMPLE),
        "{text}"
    );
}

#[test]
fn every_example_is_a_valid_configuration() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let mut count = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            Config::load(&path).unwrap_or_else(|error| panic!("{error}"));
            count += 1;
        }
    }
    assert!(
        count >= 2,
        "the examples are gone from {}",
        folder.display()
    );
}

#[test]
fn rules_about_what_is_served_are_for_all_chains_or_for_one() {
    let text = format!(
        r#"{EXAMPLE}
[chain.admission]
excluded_sequences = {{ "channel-0" = [7, "10-20"] }}
min_recv_fees = {{ "channel-*" = ["50uakt", "7ibc/27394F"] }}
trusting_period_min = "2h"

[policy.admission]
channels = {{ allow = ["channel-0", "channel-7*"] }}
senders = {{ deny = ["akash1bad"] }}
memo_bytes_max = 100
"#
    );
    let config = Config::parse(&text).unwrap();
    let own = &config.chains[0].admission;
    assert_eq!(own.excluded_sequences["channel-0"], [7..=7, 10..=20]);
    let least = &own.min_recv_fees["channel-*"];
    let least = least.iter().map(|coin| (coin.amount, coin.denom.as_str()));
    assert!(least.eq([(50, "uakt"), (7, "ibc/27394F")]));
    assert_eq!(own.trusting_period_min, Some(Duration::from_secs(7_200)));
    let all = &config.policy.admission;
    assert_eq!(all.channels.allow, ["channel-0", "channel-7*"]);
    assert_eq!(all.senders.deny, ["akash1bad"]);
    assert_eq!(all.memo_bytes_max, Some(100));
    assert_eq!(all.trusting_period_min, None);
}

#[test]
fn a_wrong_rule_says_where_it_is_and_how_to_write_it() {
    let fault = |rule: &str| {
        let text = format!("{EXAMPLE}\n[policy.admission]\n{rule}\n");
        Config::parse(&text).unwrap_err().to_string()
    };
    let empty = fault(r#"channels = { allow = [""] }"#);
    assert!(empty.contains("write what is meant, or `*`"), "{empty}");
    let range = fault(r#"excluded_sequences = { "channel-0" = ["9-3"] }"#);
    assert!(range.contains("such as `10-20`"), "{range}");
    let channel = fault(r#"excluded_sequences = { "c" = [1] }"#);
    assert!(channel.contains("not a channel identifier"), "{channel}");
    let fee = fault(r#"min_recv_fees = { "channel-0" = ["uakt"] }"#);
    assert!(fee.contains("`uakt` is not an amount"), "{fee}");
    let no_fee = fault(r#"min_recv_fees = { "channel-0" = [] }"#);
    assert!(no_fee.contains("an entry is empty"), "{no_fee}");
    let unknown = fault(r#"chanels = { allow = ["channel-0"] }"#);
    assert!(unknown.contains("unknown field `chanels`"), "{unknown}");
}

#[test]
fn a_signer_is_a_socket_or_has_certificates() {
    let signer = |text: &str| Config::parse(&format!("{EXAMPLE}signer = {{ {text} }}\n"));
    let unix = signer("url = \"unix:///run/signer.sock\", timeout = \"1s\"").unwrap();
    let unix = unix.chains[0].signer.clone().unwrap();
    assert_eq!(unix.timeout, Duration::from_secs(1));
    let path = PathBuf::from("/run/signer.sock");
    assert_eq!(unix.address, SignerAddressConfig::Unix(path));
    let tls = "ca = \"ca.pem\", cert = \"tern.pem\", key = \"tern.key\"";
    let url = "url = \"https://signer.example:7443\"";
    let config = signer(&format!("{url}, {tls}")).unwrap();
    let config = config.chains[0].signer.clone().unwrap();
    assert!(matches!(config.address, SignerAddressConfig::Tls { .. }));
    for (wrong, reason) in [
        (url, "both ends show a certificate"),
        ("url = \"https://a:1\", ca = \"ca.pem\"", "both ends show"),
        ("url = \"http://a:1\"", "the scheme is `http`"),
        ("url = \"signer.sock\"", "not a URL"),
        ("url = \"unix://signer.sock\"", "is not absolute"),
        (
            "url = \"unix:///a\", ca = \"ca.pem\"",
            "has no certificates",
        ),
        (
            "url = \"unix:///a\", address = \"b\"",
            "unknown field `address`",
        ),
    ] {
        let fault = signer(wrong).unwrap_err().to_string();
        assert!(fault.contains(reason), "{fault}");
    }
}

#[test]
fn the_passphrase_of_keys_is_somewhere_else() {
    let all = |text: &str| Config::parse(&format!("{EXAMPLE}\n[keys]\n{text}"));
    for (text, expected) in [
        (
            "passphrase = { file = \"p\" }",
            PassphraseSource::File("p".into()),
        ),
        ("passphrase = { fd = 3 }", PassphraseSource::Fd(3)),
        (
            "passphrase = { keyring = \"tern\" }",
            PassphraseSource::Keyring("tern".into()),
        ),
    ] {
        assert_eq!(all(text).unwrap().keys.passphrase, Some(expected));
    }
    assert_eq!(Config::parse(EXAMPLE).unwrap().keys.passphrase, None);
    let own = Config::parse(&format!("{EXAMPLE}key_passphrase = {{ fd = 3 }}")).unwrap();
    assert_eq!(own.chains[0].key_passphrase, Some(PassphraseSource::Fd(3)));
    for wrong in [
        "passphrase = \"secret words\"",
        "passphrase = { text = \"secret words\" }",
        "passphrase = { fd = -1 }",
        "passphrase = { file = \"a\", fd = 3 }",
    ] {
        let fault = all(wrong).unwrap_err();
        assert_eq!(fault.place.as_ref().unwrap().line, 9, "{wrong}");
        let text = fault.to_string();
        assert!(text.contains("say where the passphrase is"), "{text}");
        assert!(!text.contains("secret"), "{text}");
    }
}

#[test]
fn who_is_paid_fees_is_an_address_of_the_chain_or_its_own_account() {
    let payee = |text: &str| Config::parse(&format!("{EXAMPLE}fee_payee = \"{text}\"\n"));
    let own = payee("self").unwrap().chains[0].fee_payee.clone();
    assert_eq!(own, Some(FeePayee::Own));
    let address = payee("akash1xyz").unwrap().chains[0].fee_payee.clone();
    assert_eq!(address, Some(FeePayee::Address("akash1xyz".to_owned())));
    assert_eq!(Config::parse(EXAMPLE).unwrap().chains[0].fee_payee, None);
    for (text, told) in [
        ("relayer", "or `self`"),
        ("kava1xyz", "its addresses begin with `akash1`"),
        ("akash11xyz", "its addresses begin with `akash1`"),
    ] {
        let fault = payee(text).unwrap_err().to_string();
        assert!(fault.contains(told), "{text}: {fault}");
    }
}
