//! Which source wins.

use super::*;

fn layer(endpoint: Option<&str>, token: Option<&str>, is_bound: bool) -> Layer {
    Layer {
        endpoint: endpoint.map(str::to_owned),
        ca: None,
        token: token.map(|token| Token::Given(token.to_owned())),
        is_bound,
    }
}

fn check(layers: [Layer; 3], endpoint: &str, token: Option<&str>) {
    let (chosen, _, read) = combine(layers);
    let read = read.map(|token| match token {
        Token::Given(token) => token,
        Token::File(_) => panic!("no file was named"),
    });
    assert_eq!((chosen.as_str(), read.as_deref()), (endpoint, token));
}

#[test]
fn the_first_that_says_something_says_it() {
    let nothing = || layer(None, None, false);
    check([nothing(), nothing(), nothing()], DEFAULT_ENDPOINT, None);
    let context = || layer(Some("c"), Some("of c"), true);
    check([nothing(), nothing(), context()], "c", Some("of c"));
    check([layer(None, Some("t"), false), nothing(), context()], "c", Some("t"));
    let environment = || layer(Some("e"), Some("of e"), false);
    check([nothing(), environment(), context()], "e", Some("of e"));
    check([nothing(), context(), environment()], "c", Some("of c"));
    check([layer(Some("f"), None, false), environment(), nothing()], "f", Some("of e"));
}

#[test]
fn what_a_context_keeps_goes_to_its_own_server_alone() {
    let nothing = || layer(None, None, false);
    let context = || layer(Some("c"), Some("of c"), true);
    check([layer(Some("other"), None, false), nothing(), context()], "other", None);
    check([nothing(), layer(Some("other"), None, false), context()], "other", None);
    check([layer(Some("c"), None, false), nothing(), context()], "c", Some("of c"));
}

#[test]
fn a_token_in_a_file_is_trimmed_and_bounded() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("token");
    fs::write(&path, " abc\n").expect("it is written");
    assert_eq!(read_file(&path).expect("a token"), "abc");
    for bad in ["\n".to_owned(), "x".repeat(TOKEN_BYTES_MAX as usize + 1)] {
        fs::write(&path, bad).expect("it is written");
        assert!(read_file(&path).is_err());
    }
    assert!(read_file(&directory.path().join("missing")).is_err());
}
