//! What the file of contexts holds, and who may read it.

use super::*;

fn context(token: Option<&str>) -> Context {
    Context { endpoint: "https://db.example".to_owned(), ca: None, token: token.map(str::to_owned) }
}

fn contexts() -> Contexts {
    Contexts {
        current: Some("prod".to_owned()),
        contexts: BTreeMap::from([
            ("prod".to_owned(), context(Some("t"))),
            ("test".to_owned(), context(None)),
        ]),
    }
}

#[test]
fn what_is_kept_is_found_again() {
    let home = tempfile::tempdir().expect("a directory");
    let store = Store::new(Some(home.path()));
    assert!(store.load().expect("no file is no context") == Contexts::default());
    store.save(&contexts()).expect("it is kept");
    store.save(&contexts()).expect("and once more");
    assert!(store.load().expect("it is read") == contexts());
    let names = fs::read_dir(home.path().join(DIRECTORY)).expect("it is there").count();
    assert_eq!(names, 1, "nothing else is left behind");
}

#[test]
fn the_one_in_use_is_picked_unless_another_is_named() {
    assert!(contexts().pick(None).expect("it is there") == Some(context(Some("t"))));
    assert!(contexts().pick(Some("test")).expect("it is there") == Some(context(None)));
    assert!(contexts().pick(Some("nobody")).is_err());
    assert!(Contexts::default().pick(None).expect("none is none").is_none());
}

#[cfg(unix)]
#[test]
fn nobody_else_can_read_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = tempfile::tempdir().expect("a directory");
    let store = Store::new(Some(home.path()));
    store.save(&contexts()).expect("it is kept");
    let (directory, file) = (home.path().join(DIRECTORY), home.path().join(DIRECTORY).join(FILE));
    let mode = |path: &Path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    assert_eq!((mode(&directory), mode(&file)), (0o700, 0o600));
    drop(store.lock().expect("nobody holds it"));
    assert_eq!(mode(&directory.join(LOCK)), 0o600);
    for shared in [0o640, 0o604, 0o620] {
        fs::set_permissions(&file, fs::Permissions::from_mode(shared)).expect("it is ours");
        let Err(Failure::Local { message, hint }) = store.load() else {
            panic!("{shared:o} was taken");
        };
        assert!(message.contains("others") && hint.contains("chmod 600"), "{message} {hint}");
    }
}

#[cfg(unix)]
#[test]
fn a_link_to_the_file_stays_one() {
    let (home, elsewhere) =
        (tempfile::tempdir().expect("a directory"), tempfile::tempdir().expect("another"));
    let (link, file) = (home.path().join(DIRECTORY).join(FILE), elsewhere.path().join("dotfile"));
    let store = Store::new(Some(home.path()));
    store.save(&Contexts::default()).expect("it is kept");
    fs::rename(&link, &file).expect("it is moved");
    std::os::unix::fs::symlink(&file, &link).expect("it is linked");
    store.save(&contexts()).expect("it is kept");
    assert!(fs::symlink_metadata(&link).expect("it is there").is_symlink());
    assert!(fs::read_to_string(&file).expect("it is read").contains("prod"));
    assert!(store.load().expect("it is read") == contexts());
}

#[test]
fn what_is_not_understood_is_told() {
    let home = tempfile::tempdir().expect("a directory");
    let store = Store::new(Some(home.path()));
    store.save(&contexts()).expect("it is kept");
    let file = home.path().join(DIRECTORY).join(FILE);
    for bad in ["", "[]", "{\"contexts\":{\"a\":{}}}", "{\"current\":\"a\",\"extra\":1}"] {
        fs::write(&file, bad).expect("it is written");
        assert!(store.load().is_err(), "{bad}");
    }
}
