use std::os::unix::fs::PermissionsExt;

use super::*;

fn folder(home: &Path) -> KeyFolder {
    KeyFolder::new(home, "akash-a", "akash")
}

fn key(byte: u8) -> SigningKey {
    SigningKey::from_private_key(&[byte; 32], "akash").unwrap()
}

/// No test of a plain key needs a passphrase.
fn nobody(_: &str) -> Result<SecretString, PassphraseError> {
    Err(PassphraseError::NoSource)
}

fn typed(text: &'static str) -> impl Fn(&str) -> Result<SecretString, PassphraseError> {
    move |_| Ok(SecretString::from(text.to_owned()))
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_saved_key_can_be_loaded_and_only_its_owner_can_read_the_file() {
    let home = tempfile::tempdir().unwrap();
    let path = folder(home.path())
        .save("me", &key(7), "m/x", None, false)
        .unwrap();
    assert_eq!(path, home.path().join("keys/akash-a/me.json"));
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(&home.path().join("keys/akash-a")), 0o700);
    assert_eq!(mode(&home.path().join("keys")), 0o700);
    let loaded = folder(home.path()).load("me", nobody).unwrap();
    assert_eq!(loaded.address(), key(7).address());
    assert_eq!(folder(home.path()).names().unwrap(), ["me"]);
}

#[test]
fn a_key_is_replaced_only_when_asked() {
    let home = tempfile::tempdir().unwrap();
    let keys = folder(home.path());
    keys.save("me", &key(7), "m/x", None, false).unwrap();
    let refused = keys.save("me", &key(8), "m/x", None, false).unwrap_err();
    assert!(matches!(refused, KeyFileError::Exists { .. }));
    assert_eq!(keys.load("me", nobody).unwrap().address(), key(7).address());
    keys.save("me", &key(8), "m/x", None, true).unwrap();
    assert_eq!(keys.load("me", nobody).unwrap().address(), key(8).address());
}

#[test]
fn a_file_that_others_can_read_is_refused_with_the_command_that_fixes_it() {
    let home = tempfile::tempdir().unwrap();
    let keys = folder(home.path());
    let path = keys.save("me", &key(7), "m/x", None, false).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let error = keys.load("me", nobody).unwrap_err().to_string();
    let command = format!("`chmod 600 {}`", path.display());
    assert!(
        error.contains("mode 0640") && error.contains(&command),
        "{error}"
    );
}

#[test]
fn a_name_that_could_leave_the_folder_is_refused() {
    let home = tempfile::tempdir().unwrap();
    for name in ["", "..", "../x", "a/b", ".hidden", "a b", "/etc/passwd"] {
        let error = folder(home.path()).load(name, nobody).unwrap_err();
        assert!(matches!(error, KeyFileError::Name { .. }), "{name}");
    }
}

#[test]
fn a_damaged_file_is_reported_without_its_secret() {
    let home = tempfile::tempdir().unwrap();
    let keys = folder(home.path());
    let path = keys.save("me", &key(7), "m/x", None, false).unwrap();
    let whole = fs::read_to_string(&path).unwrap();
    for broken in [
        whole[..whole.len() / 2].to_owned(),
        whole.replace("0707", "0807"),
        whole.replace("0707", "zz07"),
        whole.replace("private_key", "privat_key"),
    ] {
        fs::write(&path, broken).unwrap();
        let error = keys.load("me", nobody).unwrap_err().to_string();
        assert!(error.contains("is damaged"), "{error}");
        assert!(!error.contains("0707"), "{error}");
    }
}

#[test]
fn a_missing_key_says_how_to_add_it() {
    let home = tempfile::tempdir().unwrap();
    let error = folder(home.path())
        .load("me", nobody)
        .unwrap_err()
        .to_string();
    let command = "tern keys add akash-a --name me --mnemonic-file FILE";
    assert!(error.contains(command), "{error}");
    assert!(folder(home.path()).names().unwrap().is_empty());
}

#[test]
fn an_encrypted_key_needs_its_passphrase_and_says_its_address_without() {
    let home = tempfile::tempdir().unwrap();
    let keys = folder(home.path());
    let passphrase = SecretString::from("correct horse".to_owned());
    let path = keys
        .save("me", &key(7), "m/x", Some(&passphrase), false)
        .unwrap();
    assert_eq!(mode(&path), 0o600);
    let text = fs::read_to_string(&path).unwrap();
    assert!(!text.contains("0707") && !text.contains("\"private_key\""));
    let info = keys.info("me").unwrap();
    assert!(info.is_encrypted);
    assert_eq!(info.public_key.address(), key(7).address());

    let loaded = keys.load("me", typed("correct horse")).unwrap();
    assert_eq!(loaded.address(), key(7).address());
    let wrong = keys.load("me", typed("wrong horse")).unwrap_err();
    assert!(matches!(wrong, KeyFileError::WrongPassphrase { .. }));
    let shown = format!("{wrong} {wrong:?}");
    assert!(!shown.contains("horse"), "{shown}");
    let none = keys.load("me", nobody).unwrap_err();
    assert!(matches!(none, KeyFileError::Passphrase { .. }));
}

#[test]
fn a_key_is_encrypted_and_decrypted_in_place() {
    let home = tempfile::tempdir().unwrap();
    let keys = folder(home.path());
    let path = keys.save("me", &key(7), "m/x", None, false).unwrap();
    let plain = fs::read(&path).unwrap();
    let again = keys.decrypt("me", typed("x")).unwrap_err();
    assert!(matches!(again, KeyFileError::Unchanged { .. }));

    keys.encrypt("me", typed("x")).unwrap();
    assert_eq!(mode(&path), 0o600);
    let sealed = fs::read(&path).unwrap();
    assert!(!String::from_utf8_lossy(&sealed).contains("0707"));
    let again = keys.encrypt("me", typed("y")).unwrap_err();
    assert!(matches!(again, KeyFileError::Unchanged { .. }));
    let wrong = keys.decrypt("me", typed("y")).unwrap_err();
    assert!(matches!(wrong, KeyFileError::WrongPassphrase { .. }));
    assert_eq!(fs::read(&path).unwrap(), sealed);

    keys.decrypt("me", typed("x")).unwrap();
    assert_eq!(fs::read(&path).unwrap(), plain);
    assert_eq!(mode(&path), 0o600);
    let left: Vec<_> = fs::read_dir(path.parent().unwrap()).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

#[test]
fn a_key_that_somebody_signs_with_is_not_replaced() {
    let home = tempfile::tempdir().unwrap();
    let keys = folder(home.path());
    let path = keys.save("me", &key(7), "m/x", None, false).unwrap();
    let before = fs::read(&path).unwrap();
    let claim = keys.claim("me").unwrap().unwrap();
    let refused = [
        keys.encrypt("me", typed("x")).unwrap_err(),
        keys.save("me", &key(8), "m/x", None, true).unwrap_err(),
    ];
    for refused in refused {
        assert!(matches!(refused, KeyFileError::InUse { .. }), "{refused}");
    }
    assert_eq!(fs::read(&path).unwrap(), before);
    drop(claim);
    keys.encrypt("me", typed("x")).unwrap();
    assert!(keys.claim("me").unwrap().is_some());
}

#[test]
fn a_lock_on_a_file_that_was_replaced_is_none() {
    let home = tempfile::tempdir().unwrap();
    let path = folder(home.path())
        .save("me", &key(7), "m/x", None, false)
        .unwrap();
    let opened = File::open(&path).unwrap();
    assert!(is_at(&opened, &path).unwrap());
    write_atomically(&path, b"another").unwrap();
    assert!(!is_at(&opened, &path).unwrap());
}

#[test]
fn a_file_with_two_secrets_or_a_foreign_public_key_is_damaged() {
    let home = tempfile::tempdir().unwrap();
    let keys = folder(home.path());
    let passphrase = SecretString::from("x".to_owned());
    let path = keys
        .save("me", &key(7), "m/x", Some(&passphrase), false)
        .unwrap();
    let whole = fs::read_to_string(&path).unwrap();
    let two = whole.replacen('{', "{\"private_key\": \"07\",", 1);
    let foreign = whole.replace(
        &hex::encode(key(7).public_key()),
        &hex::encode(key(8).public_key()),
    );
    let none = whole.replace("encrypted_private_key", "hd_path2");
    for broken in [two, foreign, none] {
        fs::write(&path, broken).unwrap();
        let error = keys.load("me", typed("x")).unwrap_err();
        assert!(matches!(error, KeyFileError::Damaged { .. }), "{error}");
    }
}

#[test]
fn a_key_that_another_process_holds_is_claimed_once_and_is_no_key_of_the_home() {
    let home = tempfile::tempdir().unwrap();
    let keys = folder(home.path());
    let claim = keys.claim_remote("me").unwrap().unwrap();
    assert!(keys.claim_remote("me").unwrap().is_none());
    assert!(keys.claim_remote("another").unwrap().is_some());
    drop(claim);
    assert!(keys.claim_remote("me").unwrap().is_some());
    assert_eq!(mode(&home.path().join("keys/akash-a/me.remote")), 0o600);
    assert!(keys.names().unwrap().is_empty());
}
