//! What settings are read as, and what is said of those that are wrong.

use clap::Parser;

use super::*;

#[derive(clap::Parser)]
struct Command {
    #[command(flatten)]
    flags: Flags,
}

fn read(args: &[&str]) -> Result<Config, Problems> {
    Command::parse_from(["serve"].iter().chain(args)).flags.read()
}

#[test]
fn the_defaults_are_valid() {
    let config = read(&[]).expect("valid");
    assert_eq!(config.listen.to_string(), "127.0.0.1:50051");
    assert_eq!(config.request_max, Duration::from_secs(30));
    assert_eq!(config.undelete_window, Duration::from_secs(24 * 60 * 60));
    assert_eq!(config.synchronous, Synchronous::Full);
    assert!((1..=WORKERS_MAX).contains(&config.prepare_workers));
    assert_eq!(config.apply_workers, config.prepare_workers);
    assert_eq!(config.fence_wait_max, Duration::from_secs(1));
    assert!(config.issuers.is_empty());
    assert!(config.web_origins.is_empty());
    assert_eq!(config.tls, None);
}

#[test]
fn origins_are_exact() {
    let read = |text: &str| read(&["--web-origins", text]).map(|config| config.web_origins);
    let several = "https://app.example, http://localhost:8080,tauri://localhost,http://[::1]:1";
    assert_eq!(read(several).expect("valid").len(), 4);
    assert_eq!(read("*").expect("valid"), ["*"]);
    assert_eq!(read("").expect("valid"), [""; 0]);
    for bad in [
        "app.example",
        "https://",
        "https://app.example/",
        "https://App.example",
        "https://app.example:443",
        "http://app.example:80",
        "http://app.example:0",
        "http://app.example:",
        "http://app.example:65536",
        "https://*.example",
        "https://user@app.example",
        "http://[::1",
        "null",
        "*,https://app.example",
        "https://app.example,",
    ] {
        assert!(read(bad).is_err(), "{bad}");
    }
}

#[test]
fn all_problems_are_told_at_once() {
    let problems = read(&[
        "--listen=localhost",
        "--drain-ms-max=soon",
        "--request-ms-max=0",
        "--write-queue-max=-1",
        "--open-databases-max=1000001",
        "--prepare-workers=0",
        "--held-max=65",
        "--synchronous=off",
        "--log-format=xml",
        "--log=inof",
        "--issuer=iss=a",
        "--web-origins=https://a/,*",
        "--tls-cert=a.pem",
    ]);
    let problems = problems.expect_err("wrong").to_string();
    assert_eq!(problems.lines().count(), 14, "{problems}");
    let drain = "--drain-ms-max (TENANTRY_DRAIN_MS_MAX) is 'soon': it must be a whole number from 0 to 600000";
    assert!(problems.lines().any(|line| line == drain), "{problems}");
}

#[test]
fn issuers_are_read_one_by_one() {
    let config = read(&[
        "--issuer=iss=https://a,aud=x,jwks=/a.json;iss=https://b,aud=y,jwks=/b.json",
        "--issuer=jwks=c.json, aud=z, iss=c",
    ]);
    let issuers = config.expect("valid").issuers;
    let names: Vec<_> = issuers.iter().map(|issuer| issuer.issuer.as_str()).collect();
    assert_eq!(names, ["https://a", "https://b", "c"]);
    assert_eq!(issuers[1].audience, "y");
    assert_eq!(issuers[2].jwks_path, PathBuf::from("c.json"));
    for bad in ["iss=a,aud=b", "iss=a,aud=b,jwks=", "iss=a,iss=a,aud=b,jwks=c", "x=1"] {
        assert!(read(&["--issuer", bad]).is_err(), "{bad}");
    }
    assert!(read(&["--issuer=iss=a,aud=b,jwks=c", "--issuer=iss=a,aud=b,jwks=d"]).is_err());
}
