//! The example prints what it is meant to.

mod support;

use std::fs;
use std::path::Path;

use support::Server;
use tokio::process::Command;

#[tokio::test]
async fn the_shop_prints_what_it_is_meant_to() {
    let server = Server::start(&[]).await;
    // Cargo builds examples with the tests, beside their directory.
    let test = std::env::current_exe().expect("this program");
    let target = test.parent().and_then(Path::parent).expect("its directory");
    let shop = Command::new(target.join("examples/shop"))
        .env("TENANTRY_ENDPOINT", server.endpoint())
        .env("TENANTRY_TOKEN", server.token())
        .output();
    let output = shop.await.expect("the example");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let expected = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/shop/expected.txt");
    let expected = fs::read_to_string(expected).expect("what is expected");
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
}
