//! Which command lines are understood.

use clap::error::ErrorKind;
use clap::{CommandFactory as _, Parser};

use super::*;

#[derive(Parser)]
#[command(name = "tenantry")]
struct Program {
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    command: Command,
}

fn parse(line: &str) -> Result<Program, clap::Error> {
    Program::try_parse_from(["tenantry"].into_iter().chain(line.split_whitespace()))
}

#[test]
fn the_commands_are_well_formed() {
    Program::command().debug_assert();
}

#[test]
fn what_the_contract_lists_is_understood() {
    for line in [
        "group create shop",
        "group list",
        "group show shop",
        "group destroy shop --yes",
        "db create alice",
        "db create alice --group shop --label plan=pro --label vip=",
        "db create customer --type schema",
        "db create alice --schema customer",
        "db create alice --type regular",
        "db branch alice alice-test",
        "db branch shop/alice alice-test --label plan=pro --label vip=",
        "migrate apply customer add.sql",
        "migrate apply customer -",
        "migrate apply shop/customer -e DELETE",
        "migrate apply customer -e --comment",
        "migrate apply customer --execute DELETE --wait apply --expect-generation 0",
        "migrate apply customer f --wait none --request-id a --allow-nondeterministic",
        "migrate apply customer f --foreign-keys check-at-end --dry-run",
        "migrate list customer",
        "migrate list customer --state failed",
        "migrate show customer 0197",
        "migrate watch customer 0197",
        "migrate cancel customer 0197",
        "migrate children customer",
        "migrate children customer --state quarantined",
        "migrate retry customer",
        "migrate retry customer alice shop/bob",
        "migrate schema customer",
        "db list --group shop --schema customer --label plan=pro --deleted",
        "db show shop/alice",
        "db destroy alice -y",
        "db undelete alice",
        "db shell alice",
        "db shell alice SELECT",
        "db shell alice .dump",
        "context add prod --endpoint https://db.example --token-file -",
        "context add prod --replace --ca ca.pem",
        "context use prod",
        "context list",
        "context show",
        "context remove prod",
        "--context prod group list",
        "completions zsh",
        "man --dir man1",
        "db shell alice --attach catalogue,shop/other SELECT",
        "db config attach allow alice",
        "db config attach disallow alice",
        "db config attach show alice",
        "db config delete-protection enable alice",
        "db config block-reads disable alice",
        "db config block-writes show alice",
        "db config size-limit set alice 2GiB",
        "db config size-limit show alice",
        "db tokens create alice",
        "db tokens create alice bob --attach catalogue,other --read-only --expiration 7d",
        "db tokens create alice -p all:data_read -p comments:data_add,data_update",
        "db tokens create --group shop --admin --expiration never --subject ci",
        "db tokens create --server-admin",
        "db tokens list",
        "db tokens list alice --inactive",
        "db tokens revoke 0197",
        "db tokens invalidate alice",
        "db tokens invalidate --group shop",
        "--endpoint http://127.0.0.1:1 --token t --output json --data-dir d group list",
        "group list --endpoint http://127.0.0.1:1 --token t --output json --data-dir d",
    ] {
        if let Err(error) = parse(line) {
            panic!("{line}: {error}");
        }
    }
}

#[test]
fn what_makes_no_sense_is_refused() {
    for (line, kind) in [
        ("db create a --type schema --schema b", ErrorKind::ArgumentConflict),
        ("db create a --label plan", ErrorKind::ValueValidation),
        ("db create a --type child", ErrorKind::InvalidValue),
        ("db branch a", ErrorKind::MissingRequiredArgument),
        ("db branch a b c", ErrorKind::UnknownArgument),
        ("db branch a b --label plan", ErrorKind::ValueValidation),
        ("db branch a b --schema c", ErrorKind::UnknownArgument),
        ("migrate apply customer", ErrorKind::MissingRequiredArgument),
        ("migrate apply -e DELETE", ErrorKind::MissingRequiredArgument),
        ("migrate apply customer f -e DELETE", ErrorKind::ArgumentConflict),
        ("migrate apply customer f --dry-run --wait apply", ErrorKind::ArgumentConflict),
        ("migrate apply customer f --dry-run --request-id a", ErrorKind::ArgumentConflict),
        ("migrate apply customer f --wait ever", ErrorKind::InvalidValue),
        ("migrate apply customer f --expect-generation -1", ErrorKind::UnknownArgument),
        ("migrate apply customer f --foreign-keys off", ErrorKind::InvalidValue),
        ("migrate list customer --state quarantined", ErrorKind::InvalidValue),
        ("migrate children customer --state failed", ErrorKind::InvalidValue),
        ("migrate watch customer", ErrorKind::MissingRequiredArgument),
        ("migrate", ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand),
        ("db tokens create", ErrorKind::MissingRequiredArgument),
        ("db tokens create --admin", ErrorKind::MissingRequiredArgument),
        ("db tokens create a --group g --admin", ErrorKind::ArgumentConflict),
        ("db tokens create --server-admin --read-only", ErrorKind::ArgumentConflict),
        ("db tokens create a -p users", ErrorKind::ValueValidation),
        ("db tokens create a --expiration soon", ErrorKind::ValueValidation),
        ("db tokens invalidate", ErrorKind::MissingRequiredArgument),
        ("db tokens invalidate a --group g", ErrorKind::ArgumentConflict),
        ("db config size-limit set a 2GB", ErrorKind::ValueValidation),
        ("db config attach enable a", ErrorKind::InvalidSubcommand),
        ("context add", ErrorKind::MissingRequiredArgument),
        ("completions powershell", ErrorKind::InvalidValue),
        ("group list --output yaml", ErrorKind::InvalidValue),
    ] {
        let error = parse(line).map(drop).expect_err(line);
        assert_eq!(error.kind(), kind, "{line}: {error}");
    }
}

#[test]
fn help_does_not_tell_the_token() {
    let help = Program::command().render_long_help().to_string();
    assert!(help.contains("TENANTRY_TOKEN"));
    let argument = Program::command();
    let token = argument.get_arguments().find(|argument| argument.get_id() == "token");
    assert!(token.is_some_and(clap::Arg::is_hide_env_values_set));
}

fn check(line: &str) -> Outcome {
    match parse(line).map(|program| program.command) {
        Ok(Command::Group(command)) => command.check(),
        Ok(Command::Db(command)) => command.check(),
        Ok(Command::Migrate(command)) => command.check(),
        Ok(_) => Ok(()),
        Err(error) => panic!("{line}: {error}"),
    }
}

#[test]
fn a_child_is_of_the_group_of_its_schema() {
    for line in [
        "db create alice --schema customer",
        "db create alice --schema default/customer",
        "db create alice --group shop --schema customer",
        "db create alice --group shop --schema shop/customer",
        "db create shop/alice --schema customer",
        "db create shop/alice --schema shop/customer",
        "migrate retry shop/customer alice shop/bob",
        "migrate retry customer alice default/bob",
    ] {
        check(line).unwrap_or_else(|failure| panic!("{line}: {failure:?}"));
    }
    for line in [
        "db create alice --schema shop/customer",
        "db create alice --group shop --schema default/customer",
        "db create shop/alice --schema other/customer",
        "db create shop/alice --group shop",
        "migrate retry shop/customer other/bob",
    ] {
        assert!(matches!(check(line), Err(Failure::Usage(_))), "{line}");
    }
}

#[test]
fn a_branch_is_of_the_group_of_its_source() {
    for line in [
        "db branch alice alice-test",
        "db branch alice default/alice-test",
        "db branch default/alice alice-test",
        "db branch shop/alice alice-test",
        "db branch shop/alice shop/alice-test",
    ] {
        check(line).unwrap_or_else(|failure| panic!("{line}: {failure:?}"));
    }
    for line in [
        "db branch alice shop/alice-test",
        "db branch shop/alice default/alice-test",
        "db branch shop/alice other/alice-test",
    ] {
        assert!(matches!(check(line), Err(Failure::Usage(_))), "{line}");
    }
}
