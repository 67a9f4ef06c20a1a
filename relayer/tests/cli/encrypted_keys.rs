//! Keys on disk that are encrypted, and where their passphrase comes from.

use std::fs::{self, Permissions};
#[cfg(target_os = "linux")]
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
#[cfg(target_os = "linux")]
use std::process::{Command, Stdio};

use super::home::{Home, Ran, MNEMONIC, TWO_CHAINS};

const ADDRESS: &str = "akash19rl4cm2hmr8afy4kldpxz3fka4jguq0a3mq6x0";
const PASSPHRASE: &str = "correct horse battery staple";
const KEY_FILE: &str = "keys/akash-a/relayer.json";

/// A file that only its owner can read.
fn private(home: &Home, name: &str, content: &str) -> String {
    let path = home.path(name);
    fs::write(&path, content).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    path.to_str().unwrap().to_owned()
}

fn config(keys: &str) -> String {
    format!("{TWO_CHAINS}\n{keys}\n")
}

/// A home with an encrypted key, whose passphrase is in no configuration.
fn encrypted(keys: &str) -> Home {
    let home = Home::with(&config(keys));
    let file = private(&home, "passphrase", &format!("{PASSPHRASE}\n"));
    let add = ["keys", "add", "akash-a", "--mnemonic-file", "-"];
    let with = [&add[..], &["--passphrase-file", &file]].concat();
    let ran = home.tern_with_input(&with, MNEMONIC);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains("added encrypted key"), "{ran:?}");
    home
}

/// What the key check of `tern health` says: it opens the key as `tern start` does.
fn key_check(ran: &Ran) -> String {
    let checks = ran.json();
    let chain = &checks["chains"][0];
    let checks = chain["checks"].as_array().unwrap().iter();
    let mut says = checks
        .filter(|check| check["name"] == "key")
        .map(|check| check["says"].as_str().unwrap().to_owned());
    says.next().unwrap()
}

fn health(home: &Home) -> String {
    let ran = home.tern(&["--json", "--log", "trace", "health"]);
    assert!(!format!("{ran:?}").contains(PASSPHRASE), "{ran:?}");
    key_check(&ran)
}

#[test]
fn a_key_is_added_encrypted_and_its_address_is_known_without_the_passphrase() {
    let home = encrypted("");
    let path = home.path(KEY_FILE);
    let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    let stored: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    assert_eq!(stored.get("private_key"), None);
    let sealed = stored["encrypted_private_key"].as_str().unwrap();
    assert!(sealed.starts_with("-----BEGIN AGE ENCRYPTED FILE-----"));
    let ran = home.tern(&["keys", "list", "akash-a"]);
    assert!(
        ran.out.contains(ADDRESS) && ran.out.contains("encrypted"),
        "{ran:?}"
    );
}

#[test]
fn a_plain_key_is_encrypted_and_decrypted_in_place() {
    let home = Home::with_key();
    let plain = fs::read(home.path(KEY_FILE)).unwrap();
    let file = private(&home, "passphrase", PASSPHRASE);
    let change = |what: &str| home.tern(&["keys", what, "akash-a", "--passphrase-file", &file]);
    let ran = change("encrypt");
    assert_eq!(ran.code, 0, "{ran:?}");
    let ran = home.tern(&["--json", "keys", "list", "akash-a"]);
    assert_eq!(ran.json()["keys"][0]["encrypted"], true, "{ran:?}");
    let ran = change("encrypt");
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.contains("is encrypted already"), "{ran:?}");

    let wrong = private(&home, "wrong", "another");
    let ran = home.tern(&["keys", "decrypt", "akash-a", "--passphrase-file", &wrong]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.contains("cannot be decrypted"), "{ran:?}");
    let ran = change("decrypt");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(fs::read(home.path(KEY_FILE)).unwrap(), plain);
}

#[test]
fn a_configured_file_opens_the_key_and_encrypts_new_ones() {
    // A relative path starts in the home folder.
    let home = encrypted("[keys]\npassphrase = { file = \"passphrase\" }");
    assert_eq!(health(&home), format!("relayer {ADDRESS}"));
    let add = ["keys", "add", "kava-a", "--mnemonic-file", "-"];
    let ran = home.tern_with_input(&add, MNEMONIC);
    assert!(ran.out.contains("added encrypted key"), "{ran:?}");
}

#[test]
fn the_passphrase_of_one_chain_comes_before_that_of_all() {
    let home = encrypted("");
    let own = TWO_CHAINS.replacen(
        "account_prefix = \"akash\"",
        "account_prefix = \"akash\"\nkey_passphrase = { file = \"passphrase\" }",
        1,
    );
    let all = format!("{own}\n[keys]\npassphrase = {{ file = \"no such file\" }}\n");
    fs::write(home.path("config.toml"), all).unwrap();
    assert_eq!(health(&home), format!("relayer {ADDRESS}"));
}

#[test]
fn a_wrong_passphrase_is_one_clear_error() {
    let home = encrypted("[keys]\npassphrase = { file = \"passphrase\" }");
    private(&home, "passphrase", "wrong");
    assert_eq!(
        health(&home),
        "the key `relayer` for akash-a cannot be decrypted: the passphrase is not the one it was \
         encrypted with"
    );
}

#[test]
fn a_passphrase_file_that_others_can_read_is_refused() {
    let home = encrypted("[keys]\npassphrase = { file = \"passphrase\" }");
    fs::set_permissions(home.path("passphrase"), Permissions::from_mode(0o644)).unwrap();
    let says = health(&home);
    assert!(
        says.contains("is encrypted: other users can read"),
        "{says}"
    );
    assert!(says.contains("run `chmod 600 "), "{says}");
}

#[test]
fn without_a_passphrase_and_a_terminal_the_error_says_what_to_do() {
    let home = encrypted("");
    let says = health(&home);
    assert!(says.contains("is encrypted: nothing says where"), "{says}");
    assert!(says.contains("section [keys]"), "{says}");
    let ran = home.tern(&["start"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.contains("section [keys]"), "{ran:?}");
}

#[test]
fn a_wrong_source_in_the_configuration_names_its_line() {
    let home = Home::with(&config("[keys]\npassphrase = \"correct horse\""));
    let ran = home.tern(&["keys", "list", "akash-a"]);
    assert_eq!(ran.code, 64, "{ran:?}");
    assert!(ran.err.contains("say where the passphrase is"), "{ran:?}");
    assert!(!ran.err.contains("horse"), "{ran:?}");
}

#[test]
fn a_file_descriptor_gives_the_passphrase_once_for_all_keys() {
    let home = encrypted("[keys]\npassphrase = { fd = 0 }");
    let file = home.path("passphrase");
    let add = ["keys", "add", "kava-a", "--mnemonic-file"];
    let mnemonic = private(&home, "mnemonic", MNEMONIC);
    let file = file.to_str().unwrap();
    let with = [&add[..], &[&mnemonic, "--passphrase-file", file]].concat();
    let ran = home.tern(&with);
    assert_eq!(ran.code, 0, "{ran:?}");
    // Standard input is a pipe, which gives its content to one reader.
    let ran = home.tern_with_input(&["--json", "health"], PASSPHRASE);
    for chain in ran.json()["chains"].as_array().unwrap() {
        let checks = chain["checks"].as_array().unwrap().iter();
        let key = checks.filter(|check| check["name"] == "key");
        assert!(key.clone().count() == 1, "{ran:?}");
        assert!(key.into_iter().all(|key| key["good"] == true), "{ran:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn the_keyring_of_the_system_keeps_a_passphrase() {
    // A name of this test's own: the keyring is the user's.
    let entry = format!("test-{}", std::process::id());
    let home = encrypted(&format!("[keys]\npassphrase = {{ keyring = \"{entry}\" }}"));
    let says = health(&home);
    let expected = format!("tern keys store-passphrase {entry}");
    assert!(says.contains(&expected), "{says}");
    let file = home.path("passphrase");
    let store = ["keys", "store-passphrase", &entry, "--passphrase-file"];
    let ran = home.tern(&[&store[..], &[file.to_str().unwrap()]].concat());
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(!format!("{ran:?}").contains(PASSPHRASE), "{ran:?}");
    assert_eq!(health(&home), format!("relayer {ADDRESS}"));

    use linux_keyutils::{KeyRing, KeyRingIdentifier};
    let user = KeyRing::from_special_id(KeyRingIdentifier::User, false).unwrap();
    let kept = user.search(&format!("tern:{entry}")).unwrap();
    kept.invalidate().unwrap();
}

/// Runs a command in a terminal of its own and types lines, each once it is asked for.
#[cfg(target_os = "linux")]
fn in_a_terminal(home: &Home, args: &str, answers: &[(&str, &str)]) -> (bool, String) {
    let command = format!("tty; exec {} {args}", env!("CARGO_BIN_EXE_tern"));
    let mut child = Command::new("script")
        .args(["--quiet", "--return", "--command", &command, "/dev/null"])
        .env("TERN_HOME", home.path(""))
        .env_remove("TERN_LOG")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("`script` of util-linux is on every Linux");
    let (mut typed, mut shown) = (child.stdin.take().unwrap(), String::new());
    let mut screen = child.stdout.take().unwrap();
    let mut read = |shown: &mut String| {
        let mut bytes = [0; 512];
        let count = screen.read(&mut bytes).unwrap_or(0);
        *shown += &String::from_utf8_lossy(&bytes[..count]);
        count > 0
    };
    for (question, answer) in answers {
        while !shown.contains(question) {
            assert!(read(&mut shown), "not asked `{question}`: {shown}");
        }
        // The question is there a moment before what is typed is not shown any more.
        let terminal = shown.lines().next().unwrap().trim();
        while shows_what_is_typed(terminal) {}
        writeln!(typed, "{answer}").unwrap();
    }
    while read(&mut shown) {}
    (child.wait().unwrap().success(), shown)
}

#[cfg(target_os = "linux")]
fn shows_what_is_typed(terminal: &str) -> bool {
    let settings = Command::new("stty").args(["-a", "-F", terminal]).output();
    let settings = String::from_utf8(settings.unwrap().stdout).unwrap();
    settings.split_whitespace().any(|setting| setting == "echo")
}

#[cfg(target_os = "linux")]
#[test]
fn a_person_at_a_terminal_is_asked_and_nothing_of_the_answer_is_shown() {
    let home = Home::with_key();
    let question = "new passphrase for the key `relayer` for akash-a: ";
    let twice = |again| [(question, PASSPHRASE), ("the same again: ", again)];
    let (done, shown) = in_a_terminal(&home, "keys encrypt akash-a", &twice("another"));
    assert!(!done && shown.contains("are not the same"), "{shown}");
    let (done, shown) = in_a_terminal(&home, "keys encrypt akash-a", &twice(PASSPHRASE));
    assert!(done && shown.contains("is encrypted now"), "{shown}");
    assert!(!shown.contains(PASSPHRASE), "{shown}");

    let asked = ("passphrase of the key `relayer` for akash-a: ", PASSPHRASE);
    let (done, shown) = in_a_terminal(&home, "keys decrypt akash-a", &[asked]);
    assert!(done && shown.contains("is plain now"), "{shown}");
    assert!(!shown.contains(PASSPHRASE), "{shown}");
}
