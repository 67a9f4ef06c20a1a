//! Keys on disk.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::home::{Home, MNEMONIC, TWO_CHAINS};

const ADDRESS: &str = "akash19rl4cm2hmr8afy4kldpxz3fka4jguq0a3mq6x0";

#[test]
fn a_key_is_added_listed_and_readable_by_its_owner_only() {
    let home = Home::with(TWO_CHAINS);
    let file = home.path("mnemonic");
    fs::write(&file, format!("\n  {MNEMONIC}\n")).unwrap();
    let file = file.to_str().unwrap();
    let ran = home.tern(&["keys", "add", "akash-a", "--mnemonic-file", file]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains(ADDRESS), "{ran:?}");

    let path = home.path("keys/akash-a/relayer.json");
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let stored: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    assert_eq!(stored["name"], "relayer");
    assert_eq!(stored["hd_path"], "m/44'/118'/0'/0/0");
    assert_eq!(stored["private_key"].as_str().unwrap().len(), 64);
    assert_eq!(stored["public_key"].as_str().unwrap().len(), 66);

    let ran = home.tern(&["keys", "list", "akash-a"]);
    assert!(
        ran.out.contains("relayer") && ran.out.contains(ADDRESS),
        "{ran:?}"
    );
    let ran = home.tern(&["keys", "list", "akash-a", "--json"]);
    assert_eq!(ran.json()["keys"][0]["address"], ADDRESS);
    let left: Vec<_> = fs::read_dir(home.path("keys/akash-a")).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

#[test]
fn the_coin_type_of_the_chain_and_a_given_path_are_used() {
    let home = Home::with(TWO_CHAINS);
    let add = |args: &[&str]| {
        let mut all = vec!["--json", "keys", "add", "kava-a", "--mnemonic-file", "-"];
        all.extend(args);
        home.tern_with_input(&all, MNEMONIC).json()
    };
    let by_chain = add(&[]);
    let by_hand = add(&["--name", "hand", "--hd-path", "m/44'/118'/0'/0/0"]);
    assert_eq!(by_chain["hd_path"], "m/44'/459'/0'/0/0");
    assert_eq!(by_hand["hd_path"], "m/44'/118'/0'/0/0");
    assert_ne!(by_chain["address"], by_hand["address"]);
}

#[test]
fn keys_of_ethereums_kind_have_the_addresses_of_their_chains() {
    for (key_type, prefix, address) in [
        (
            "cosmos-evm",
            "cosmos",
            "cosmos1cml96vmptgw99syqrrz8az79xer2pcgp95srxm",
        ),
        (
            "ethermint",
            "evmos",
            "evmos1cml96vmptgw99syqrrz8az79xer2pcgp84pdun",
        ),
        (
            "injective",
            "inj",
            "inj1cml96vmptgw99syqrrz8az79xer2pcgp0a885r",
        ),
    ] {
        let config = TWO_CHAINS.replace(
            "account_prefix = \"akash\"",
            &format!("account_prefix = \"{prefix}\"\nkey_type = \"{key_type}\""),
        );
        let home = Home::with(&config);
        // `dev0` of the `local_node.sh` of Evmos, and of cosmos/evm.
        let mnemonic = "copper push brief egg scan entry inform record adjust fossil boss egg \
                        comic alien upon aspect dry avoid interest fury window hint race symptom";
        let add = ["--json", "keys", "add", "akash-a", "--mnemonic-file", "-"];
        let added = home.tern_with_input(&add, mnemonic).json();
        assert_eq!(added["address"], address);
        assert_eq!(added["hd_path"], "m/44'/60'/0'/0/0");
        let listed = home.tern(&["keys", "list", "akash-a", "--json"]).json();
        assert_eq!(listed["keys"][0]["address"], address);
    }
}

/// The key of `MNEMONIC`, by `simd keys export` of ibc-go v10.
const ARMOR: &str = "\
-----BEGIN TENDERMINT PRIVATE KEY-----
kdf: argon2
salt: 542F10BD6A23291D0A2031E25A01B1FC
type: secp256k1

Fml10zi37Ft1oe952zWdE05xbWOWUAakT7B7mMshcvvlJlb7FH7yqTUoDa5n6PjF
soDTkIs=
=pUXu
-----END TENDERMINT PRIVATE KEY-----
";

#[test]
fn an_exported_key_is_added_with_its_passphrase_alone() {
    let home = Home::with(TWO_CHAINS);
    let write = |name: &str, text: &str| {
        let path = home.path(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path.to_string_lossy().into_owned()
    };
    let armor = write("key.asc", ARMOR);
    let (right, wrong) = (write("right", "correct horse"), write("wrong", "wrong"));
    let add = |passphrase: &str| {
        home.tern(&[
            "keys",
            "add",
            "akash-a",
            "--json",
            "--armor",
            &armor,
            "--armor-passphrase-file",
            passphrase,
        ])
    };
    let refused = add(&wrong);
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(refused.out.contains("the passphrase is not"), "{refused:?}");
    let added = add(&right).json();
    assert_eq!(added["address"], ADDRESS);

    // The chain's keys are of another type.
    let other = TWO_CHAINS.replace("gas_price", "key_type = \"ethermint\"\ngas_price");
    fs::write(home.path("config.toml"), other).unwrap();
    let refused = add(&right);
    assert!(refused.out.contains("`key_type`"), "{refused:?}");
}

#[test]
fn a_key_of_hermes_is_added_if_its_address_is_one_of_the_chain() {
    let home = Home::with(TWO_CHAINS);
    let key = |account: &str| {
        format!(
            "{{\"private_key\": \"{}\", \"public_key\": \"02\", \"address\": [1], \
             \"address_type\": \"Cosmos\", \"account\": \"{account}\"}}",
            "07".repeat(32)
        )
    };
    let path = home.path("relayer.json");
    let file = path.to_string_lossy().into_owned();
    let add = || home.tern(&["keys", "add", "akash-a", "--json", "--hermes", &file]);
    fs::write(&path, key("cosmos1x")).unwrap();
    let refused = add();
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(refused.out.contains("is that of cosmos1x"), "{refused:?}");
    assert!(!refused.out.contains("0707"), "{refused:?}");
    let told = refused.out.split("it is that of ").nth(1).unwrap();
    let ours = told.split(['"', ' ']).next().unwrap();
    assert!(ours.starts_with("akash1"), "{ours}");
    fs::write(&path, key(ours)).unwrap();
    assert_eq!(add().json()["address"], ours);
}

#[test]
fn a_wrong_mnemonic_is_not_printed_and_leaves_no_file() {
    let home = Home::with(TWO_CHAINS);
    let wrong = MNEMONIC.replace("about", "zebrafish");
    let add = [
        "keys",
        "add",
        "akash-a",
        "--mnemonic-file",
        "-",
        "--log",
        "trace",
    ];
    let ran = home.tern_with_input(&add, &wrong);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.contains("not a valid mnemonic"), "{ran:?}");
    for word in ["zebrafish", "abandon"] {
        assert!(
            !ran.err.contains(word) && !ran.out.contains(word),
            "{ran:?}"
        );
    }
    assert!(!home.path("keys").exists());
}

#[test]
fn a_key_is_not_replaced_by_accident() {
    let home = Home::with_key();
    let add = ["keys", "add", "akash-a", "--mnemonic-file", "-"];
    let ran = home.tern_with_input(&add, MNEMONIC);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.contains("--overwrite"), "{ran:?}");
    let ran = home.tern_with_input(&[&add[..], &["--overwrite"]].concat(), MNEMONIC);
    assert_eq!(ran.code, 0, "{ran:?}");
}

#[test]
fn a_key_that_others_can_read_is_refused_with_the_command_that_fixes_it() {
    let home = Home::with_key();
    let path = home.path("keys/akash-a/relayer.json");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let ran = home.tern(&["keys", "list", "akash-a"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(
        ran.err.contains(&format!("chmod 600 {}", path.display())),
        "{ran:?}"
    );
}

#[test]
fn a_key_name_cannot_leave_the_folder() {
    let home = Home::with(TWO_CHAINS);
    let add = [
        "keys",
        "add",
        "akash-a",
        "--mnemonic-file",
        "-",
        "--name",
        "../../x",
    ];
    let ran = home.tern_with_input(&add, MNEMONIC);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.contains("is not a valid key name"), "{ran:?}");
}

#[test]
fn a_missing_key_says_how_to_add_it() {
    let ran = Home::with(TWO_CHAINS).tern(&["keys", "balance", "akash-a"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(
        ran.err.contains("tern keys add akash-a --name relayer"),
        "{ran:?}"
    );
}

#[test]
fn a_signer_that_is_away_is_said_before_anything_starts() {
    let home = Home::empty();
    let socket = home.path("signer.sock");
    let signer = format!("signer = {{ url = \"unix://{}\" }}", socket.display());
    let config = TWO_CHAINS.replace("request_timeout", &format!("{signer}\nrequest_timeout"));
    fs::write(home.path("config.toml"), config).unwrap();
    for command in ["start", "keys balance akash-a"] {
        let args: Vec<&str> = command.split(' ').collect();
        let ran = home.tern(&args);
        assert_eq!(ran.code, 1, "{ran:?}");
        let expected = format!("the signer at unix://{} does not answer", socket.display());
        assert!(ran.err.contains(&expected), "{ran:?}");
    }
}
