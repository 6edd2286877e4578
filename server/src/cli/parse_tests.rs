//! What the values of flags mean, and which are refused.

use super::*;

#[test]
fn permissions_name_a_table_and_its_actions() {
    let read = permission("comments:data_read, data_add").expect("valid");
    assert_eq!(read.table, "comments");
    assert_eq!(read.actions, [Action::DataRead as i32, Action::DataAdd as i32]);
    for every in ["all:schema_add", "*:schema_add"] {
        assert_eq!(permission(every).expect("valid").table, "*", "{every}");
    }
    assert_eq!(permission("odd:name:data_delete").expect("valid").table, "odd:name");
}

#[test]
fn wrong_permissions_are_refused() {
    for bad in ["", "comments", ":data_read", "comments:", "comments:read", "c:data_read,,data_add"]
    {
        assert!(permission(bad).is_err(), "{bad}");
    }
    let message = permission("t:select").expect_err("no such action");
    assert!(message.contains("'select'") && message.contains("schema_delete"), "{message}");
}

#[test]
fn every_action_has_a_name() {
    for number in 1.. {
        let Ok(action) = Action::try_from(number) else { break };
        assert!(permission(&format!("t:{}", action_name(action))).is_ok(), "{action:?}");
    }
}

#[test]
fn expirations_are_never_or_a_time() {
    assert_eq!(expiration("never"), Ok(Expiration::Never));
    for (text, seconds) in [
        ("7d", 604_800),
        ("12h", 43_200),
        ("30m", 1800),
        ("90s", 90),
        ("2w", 1_209_600),
        ("1d12h", 129_600),
    ] {
        assert_eq!(expiration(text), Ok(Expiration::After(Duration::from_secs(seconds))), "{text}");
    }
}

#[test]
fn wrong_expirations_are_refused() {
    let bad = [
        "",
        "7",
        "d",
        "7 d",
        "-7d",
        "0d",
        "7y",
        "7dd",
        "1.5h",
        "Never",
        "٧d",
        "99999999999999999999d",
    ];
    for text in bad {
        assert!(expiration(text).is_err(), "{text}");
    }
    assert!(expiration("18446744073709551615w").is_err());
}

#[test]
fn an_attached_database_is_of_the_same_group() {
    assert_eq!(in_group_of("shop/alice", "catalogue"), "shop/catalogue");
    assert_eq!(in_group_of("shop/alice", "other/catalogue"), "other/catalogue");
    assert_eq!(in_group_of("alice", "catalogue"), "catalogue");
}

#[test]
fn labels_split_at_the_first_equals_sign() {
    assert_eq!(label("plan=a=b"), Ok(("plan".into(), "a=b".into())));
    assert_eq!(label("plan="), Ok(("plan".into(), String::new())));
    assert!(label("plan").is_err());
}

#[test]
fn sizes_take_binary_units() {
    assert_eq!(size_bytes("0"), Ok(0));
    assert_eq!(size_bytes("4096"), Ok(4096));
    assert_eq!(size_bytes("512MiB"), Ok(512 << 20));
    for bad in ["", "GiB", "1GB", "1.5GiB", "-1", "99999999TiB"] {
        assert!(size_bytes(bad).is_err(), "{bad}");
    }
}

#[test]
fn references_say_their_group_or_take_the_default_one() {
    assert_eq!((group_of("customer"), group_of("shop/customer")), ("default", "shop"));
    for (reference, expected) in
        [("alice", Some("alice")), ("shop/alice", Some("alice")), ("other/alice", None)]
    {
        assert_eq!(name_in_group("shop", reference), expected, "{reference}");
    }
}
