//! What bad input gets: each row a request, and the answer with its code, its
//! reason and its words. After each, nothing in the group has changed.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tenantry_client::v1::{Access, CreateTokenRequest, Database, RevokeTokenRequest};

use crate::support::raw::{Call, rpc};
use crate::support::table::{check, is_updating, outcome};
use crate::support::{Db, Server, World};

/// A row is a line that says who asks what, and a line with the answer. The
/// messages are brought up to date with `UPDATE_SNAPSHOTS=1`; codes and reasons
/// only by hand.
const TABLE: &str = r##"
# Names
admin CreateDatabase {"database": {"group": "$group", "name": "../x"}}
    INVALID_ARGUMENT INVALID_NAME the database name may hold only a-z, 0-9 and '-', and starts with a letter or digit
admin CreateDatabase {"database": {"group": "$group", "name": "$letters65"}}
    INVALID_ARGUMENT INVALID_NAME the database name is longer than 64 characters
admin CreateDatabase {"database": {"group": "$group", "name": ""}}
    INVALID_ARGUMENT INVALID_NAME the database name is empty
admin CreateDatabase {"database": {"group": "$group"}}
    INVALID_ARGUMENT INVALID_NAME the database name is empty
admin CreateDatabase {}
    INVALID_ARGUMENT INVALID_ARGUMENT database: must be set
admin CreateDatabase {"database": {"group": "$group", "name": "Alice"}}
    INVALID_ARGUMENT INVALID_NAME the database name may hold only a-z, 0-9 and '-', and starts with a letter or digit
admin CreateDatabase {"database": {"group": "$group", "name": "älice"}}
    INVALID_ARGUMENT INVALID_NAME the database name may hold only a-z, 0-9 and '-', and starts with a letter or digit
admin CreateDatabase {"database": {"group": "$group", "name": "-alice"}}
    INVALID_ARGUMENT INVALID_NAME the database name may hold only a-z, 0-9 and '-', and starts with a letter or digit
admin CreateDatabase {"database": {"group": "$group", "name": "al ice"}}
    INVALID_ARGUMENT INVALID_NAME the database name may hold only a-z, 0-9 and '-', and starts with a letter or digit
admin CreateDatabase {"database": {"group": "$group", "name": "a/b"}}
    INVALID_ARGUMENT INVALID_NAME the database name may hold only a-z, 0-9 and '-', and starts with a letter or digit
admin CreateDatabase {"database": {"group": "$group", "name": "x\u0000"}}
    INVALID_ARGUMENT INVALID_NAME the database name may hold only a-z, 0-9 and '-', and starts with a letter or digit
admin CreateDatabase {"database": {"group": "$group", "name": "6fa459ea-ee8a-3ca4-894e-db77e160355e"}}
    INVALID_ARGUMENT INVALID_NAME the database name has the form of a UUID, which would be ambiguous
admin CreateDatabase {"database": {"group": "../x", "name": "alice"}}
    INVALID_ARGUMENT INVALID_NAME the group name may hold only a-z, 0-9 and '-', and starts with a letter or digit
admin CreateDatabase {"database": {"group": "$group", "name": "x", "labels": {"A b": "x"}}}
    INVALID_ARGUMENT INVALID_ARGUMENT database.labels: a key must have 1 to 63 of a-z, 0-9, '_', '.', '/' and '-'
admin CreateDatabase {"database": {"group": "$group", "name": "x", "labels": {"": "x"}}}
    INVALID_ARGUMENT INVALID_ARGUMENT database.labels: a key must have 1 to 63 of a-z, 0-9, '_', '.', '/' and '-'
admin CreateDatabase {"database": {"group": "$group", "name": "x", "labels": {"$letters65": "x"}}}
    INVALID_ARGUMENT INVALID_ARGUMENT database.labels: a key must have 1 to 63 of a-z, 0-9, '_', '.', '/' and '-'
admin CreateDatabase {"database": {"group": "$group", "name": "x", "kind": 77}}
    INVALID_ARGUMENT INVALID_ARGUMENT kind: must be REGULAR, SCHEMA or CHILD
admin CreateGroup {"group": {"name": "../x"}}
    INVALID_ARGUMENT INVALID_NAME the group name may hold only a-z, 0-9 and '-', and starts with a letter or digit
admin CreateGroup {"group": {"name": ""}}
    INVALID_ARGUMENT INVALID_NAME the group name is empty
admin CreateGroup {}
    INVALID_ARGUMENT INVALID_ARGUMENT group: must be set
admin GetDatabase {"name": "../x"}
    INVALID_ARGUMENT INVALID_NAME the group name may hold only a-z, 0-9 and '-', and starts with a letter or digit
admin GetDatabase {"name": ""}
    INVALID_ARGUMENT INVALID_NAME the database name is empty
admin Execute {"database": "a/b/c", "statement": {"sql": "SELECT 1"}}
    INVALID_ARGUMENT INVALID_NAME the database name may hold only a-z, 0-9 and '-', and starts with a letter or digit
admin DeleteDatabase {"name": "$group/"}
    INVALID_ARGUMENT INVALID_NAME the database name is empty

# What is not there
admin Execute {"database": "$group/nobody", "statement": {"sql": "SELECT 1"}}
    NOT_FOUND DATABASE_NOT_FOUND there is no database '$group/nobody'; check its name and its group's
admin Execute {"database": "no-such-group/alice", "statement": {"sql": "SELECT 1"}}
    NOT_FOUND DATABASE_NOT_FOUND there is no database 'no-such-group/alice'; check its name and its group's
admin Query {"database": "$group/nobody", "statement": {"sql": "SELECT 1"}}
    NOT_FOUND DATABASE_NOT_FOUND there is no database '$group/nobody'; check its name and its group's
admin DeleteDatabase {"name": "$group/nobody"}
    NOT_FOUND DATABASE_NOT_FOUND there is no database '$group/nobody'; check its name and its group's
admin CreateDatabase {"database": {"group": "no-such-group", "name": "alice"}}
    NOT_FOUND GROUP_NOT_FOUND there is no group 'no-such-group'; check its name
admin CreateToken {"databases": ["$group/nobody"]}
    NOT_FOUND DATABASE_NOT_FOUND there is no database '$group/nobody'; check its name and its group's
admin CreateToken {"groups": ["no-such-group"]}
    NOT_FOUND GROUP_NOT_FOUND there is no group 'no-such-group'; check its name
admin RevokeToken {"id": "6fa459ea-ee8a-3ca4-894e-db77e160355e"}
    NOT_FOUND TOKEN_NOT_FOUND there is no token 6fa459ea-ee8a-3ca4-894e-db77e160355e; list those that there are
admin RevokeToken {"id": "garbage"}
    NOT_FOUND TOKEN_NOT_FOUND there is no token of this id; list those that there are
admin InvalidateTokens {}
    INVALID_ARGUMENT INVALID_ARGUMENT target: must be a database or a group

# Groups
admin DeleteGroup {"name": "$group"}
    FAILED_PRECONDITION GROUP_NOT_EMPTY the group '$group' still has databases; delete them first
admin DeleteGroup {"name": "default"}
    INVALID_ARGUMENT INVALID_ARGUMENT name: the group 'default' always exists
admin CreateGroup {"group": {"name": "$group"}}
    ALREADY_EXISTS ALREADY_EXISTS the group '$group' exists already; choose another name

# Attachments of the request
attacher Execute {"database": "$db", "statement": {"sql": "SELECT 1"}, "attachments": $eleven}
    INVALID_ARGUMENT ATTACH_LIMIT 11 databases are to be attached; at most 10 can be
attacher Execute {"database": "$db", "statement": {"sql": "SELECT 1"}, "attachments": [{"database": "$group/closed", "alias": "c"}]}
    PERMISSION_DENIED ATTACH_NOT_ALLOWED the database '$group/closed' cannot be attached: its allow_attach is off
writer Execute {"database": "$db", "statement": {"sql": "SELECT 1"}, "attachments": [{"database": "$group/open", "alias": "c"}]}
    PERMISSION_DENIED ATTACH_NOT_ALLOWED the database '$group/open' cannot be attached: the token does not list it for attaching, or there is none
attacher Execute {"database": "$db", "statement": {"sql": "SELECT 1"}, "attachments": [{"database": "$group/nobody", "alias": "c"}]}
    PERMISSION_DENIED ATTACH_NOT_ALLOWED the database '$group/nobody' cannot be attached: the token does not list it for attaching, or there is none
attacher Execute {"database": "$db", "statement": {"sql": "SELECT 1"}, "attachments": [{"database": "$foreign", "alias": "c"}]}
    PERMISSION_DENIED ATTACH_NOT_ALLOWED the database '$foreign' cannot be attached: only databases of the same group can be attached
admin Execute {"database": "$db", "statement": {"sql": "SELECT 1"}, "attachments": [{"database": "$foreign", "alias": "c"}]}
    PERMISSION_DENIED ATTACH_NOT_ALLOWED the database '$foreign' cannot be attached: only databases of the same group can be attached
admin Execute {"database": "$db", "statement": {"sql": "SELECT 1"}, "attachments": [{"database": "$db", "alias": "c"}]}
    INVALID_ARGUMENT INVALID_ATTACHMENT a database cannot be attached to itself
admin Execute {"database": "$db", "statement": {"sql": "SELECT 1"}, "attachments": [{"database": "$group/$db_id", "alias": "c"}]}
    INVALID_ARGUMENT INVALID_ATTACHMENT a database cannot be attached to itself
attacher Execute {"database": "$db", "statement": {"sql": "SELECT 1"}, "attachments": [{"database": "$group/open", "alias": "main"}]}
    INVALID_ARGUMENT INVALID_ATTACHMENT the alias 'main' is reserved
attacher Execute {"database": "$db", "statement": {"sql": "SELECT 1"}, "attachments": [{"database": "$group/open", "alias": "TEMP"}]}
    INVALID_ARGUMENT INVALID_ATTACHMENT the alias 'TEMP' is reserved
attacher Execute {"database": "$db", "statement": {"sql": "SELECT 1"}, "attachments": [{"database": "$group/open", "alias": "sqlite_x"}]}
    INVALID_ARGUMENT INVALID_ATTACHMENT the alias 'sqlite_x' is reserved
attacher Execute {"database": "$db", "statement": {"sql": "SELECT 1"}, "attachments": [{"database": "$group/open", "alias": "a\"b"}]}
    INVALID_ARGUMENT INVALID_ATTACHMENT the alias 'a"b' may hold only letters, digits, '_' and '-', and does not start with '-'
attacher Execute {"database": "$db", "statement": {"sql": "SELECT 1"}, "attachments": [{"database": "$group/open", "alias": "c"}, {"database": "$group/open", "alias": "C"}]}
    INVALID_ARGUMENT INVALID_ATTACHMENT the alias 'C' is used twice
attacher Execute {"database": "$db", "statement": {"sql": "SELECT 1"}, "attachments": [{"database": "/etc/passwd", "alias": "c"}]}
    INVALID_ARGUMENT INVALID_NAME the group name is empty
attacher Query {"database": "$db", "statement": {"sql": "SELECT 1"}, "attachments": [{"database": "$group/closed", "alias": "c"}]}
    PERMISSION_DENIED ATTACH_NOT_ALLOWED the database '$group/closed' cannot be attached: its allow_attach is off
attacher ExecuteBatch {"database": "$db", "steps": [{"statement": {"sql": "SELECT 1"}}], "attachments": [{"database": "$group/closed", "alias": "c"}]}
    PERMISSION_DENIED ATTACH_NOT_ALLOWED the database '$group/closed' cannot be attached: its allow_attach is off
attacher Transact [{"begin": {"database": "$db", "attachments": [{"database": "$group/closed", "alias": "c"}]}}]
    PERMISSION_DENIED ATTACH_NOT_ALLOWED the database '$group/closed' cannot be attached: its allow_attach is off
attacher Describe {"database": "$db", "sql": "SELECT 1", "attachments": [{"database": "$group/closed", "alias": "c"}]}
    PERMISSION_DENIED ATTACH_NOT_ALLOWED the database '$group/closed' cannot be attached: its allow_attach is off

# ATTACH as SQL
attacher sql ATTACH 'closed' AS c; SELECT 1
    PERMISSION_DENIED ATTACH_NOT_ALLOWED the database '$group/closed' cannot be attached: its allow_attach is off
writer sql ATTACH 'open' AS c; SELECT 1
    PERMISSION_DENIED ATTACH_NOT_ALLOWED the database '$group/open' cannot be attached: the token does not list it for attaching, or there is none
admin sql ATTACH 'alice' AS c; SELECT 1
    INVALID_ARGUMENT INVALID_ATTACHMENT a database cannot be attached to itself
attacher sql ATTACH 'open' AS main; SELECT 1
    INVALID_ARGUMENT INVALID_ATTACHMENT the alias 'main' is reserved
attacher sql ATTACH 'open' AS c; ATTACH 'open' AS C; SELECT 1
    INVALID_ARGUMENT INVALID_ATTACHMENT the alias 'C' is used twice
admin sql ATTACH '/etc/passwd' AS c; SELECT 1
    INVALID_ARGUMENT INVALID_ATTACHMENT '/etc/passwd' is neither the name nor the id of a database; files cannot be attached
admin sql ATTACH '../alice.db' AS c; SELECT 1
    INVALID_ARGUMENT INVALID_ATTACHMENT '../alice.db' is neither the name nor the id of a database; files cannot be attached
admin sql ATTACH 'file:alice.db?mode=rwc' AS c; SELECT 1
    INVALID_ARGUMENT INVALID_ATTACHMENT 'file:alice.db?mode=rwc' is neither the name nor the id of a database; files cannot be attached
admin sql ATTACH ':memory:' AS c; SELECT 1
    INVALID_ARGUMENT INVALID_ATTACHMENT ':memory:' is neither the name nor the id of a database; files cannot be attached
admin sql ATTACH '' AS c; SELECT 1
    INVALID_ARGUMENT INVALID_ATTACHMENT '' is neither the name nor the id of a database; files cannot be attached
admin sql ATTACH 'op' || 'en' AS c; SELECT 1
    INVALID_ARGUMENT INVALID_ATTACHMENT ATTACH takes a database's name or id as a plain word or string, and an alias: ATTACH "name" AS alias
admin sql ATTACH (SELECT 'open') AS c; SELECT 1
    INVALID_ARGUMENT INVALID_ATTACHMENT ATTACH takes a database's name or id as a plain word or string, and an alias: ATTACH "name" AS alias
admin Execute {"database": "$db", "statement": {"sql": "ATTACH ? AS c", "args": [{"text": "open"}]}}
    INVALID_ARGUMENT INVALID_ATTACHMENT ATTACH takes a database's name or id as a plain word or string, and an alias: ATTACH "name" AS alias
admin Execute {"database": "$db", "statement": {"sql": "ATTACH 'open' AS :c", "namedArgs": {"c": {"text": "c"}}}}
    INVALID_ARGUMENT INVALID_ATTACHMENT ATTACH takes a database's name or id as a plain word or string, and an alias: ATTACH "name" AS alias
admin sql ATTACH 'open' AS c KEY 'k'; SELECT 1
    INVALID_ARGUMENT INVALID_ATTACHMENT ATTACH takes a database's name or id as a plain word or string, and an alias: ATTACH "name" AS alias
admin sql EXPLAIN ATTACH ':memory:' AS c
    FAILED_PRECONDITION OPERATION_BLOCKED ATTACH and DETACH take a database's name or id as a plain word or string, and nothing else
admin sql EXPLAIN QUERY PLAN ATTACH '/etc/passwd' AS c
    FAILED_PRECONDITION OPERATION_BLOCKED ATTACH and DETACH take a database's name or id as a plain word or string, and nothing else
admin sql DETACH main
    INVALID_ARGUMENT INVALID_ATTACHMENT the alias 'main' is reserved
admin sql DETACH nobody
    INVALID_ARGUMENT INVALID_ATTACHMENT no database is attached as 'nobody'

# What nobody may
admin sql VACUUM INTO '$outside'
    FAILED_PRECONDITION OPERATION_BLOCKED VACUUM is not allowed
admin sql VACUUM
    FAILED_PRECONDITION OPERATION_BLOCKED VACUUM is not allowed
admin sql SELECT load_extension('/tmp/x.so')
    FAILED_PRECONDITION OPERATION_BLOCKED the function load_extension() is not allowed
admin sql PRAGMA journal_mode = DELETE
    FAILED_PRECONDITION OPERATION_BLOCKED PRAGMA journal_mode is not allowed, or not with a value; the README lists those that are
admin sql PRAGMA writable_schema = ON
    FAILED_PRECONDITION OPERATION_BLOCKED PRAGMA writable_schema is not allowed, or not with a value; the README lists those that are
admin sql PRAGMA synchronous = OFF
    FAILED_PRECONDITION OPERATION_BLOCKED PRAGMA synchronous is not allowed, or not with a value; the README lists those that are
admin sql PRAGMA foreign_keys = OFF
    FAILED_PRECONDITION OPERATION_BLOCKED PRAGMA foreign_keys is not allowed, or not with a value; the README lists those that are
admin sql PRAGMA locking_mode = EXCLUSIVE
    FAILED_PRECONDITION OPERATION_BLOCKED PRAGMA locking_mode is not allowed, or not with a value; the README lists those that are
admin sql PRAGMA wal_checkpoint(TRUNCATE)
    FAILED_PRECONDITION OPERATION_BLOCKED PRAGMA wal_checkpoint is not allowed, or not with a value; the README lists those that are
admin sql PRAGMA max_page_count = 4294967294
    FAILED_PRECONDITION OPERATION_BLOCKED PRAGMA max_page_count is not allowed, or not with a value; the README lists those that are
admin sql PRAGMA mmap_size = 1000000000
    FAILED_PRECONDITION OPERATION_BLOCKED PRAGMA mmap_size is not allowed, or not with a value; the README lists those that are
admin sql PRAGMA cache_size = 1000000
    FAILED_PRECONDITION OPERATION_BLOCKED PRAGMA cache_size is not allowed, or not with a value; the README lists those that are
admin sql PRAGMA temp_store_directory = '/tmp'
    FAILED_PRECONDITION OPERATION_BLOCKED PRAGMA temp_store_directory is not allowed, or not with a value; the README lists those that are
admin sql PRAGMA database_list
    FAILED_PRECONDITION OPERATION_BLOCKED PRAGMA database_list is not allowed, or not with a value; the README lists those that are
admin sql PRAGMA trusted_schema = ON
    FAILED_PRECONDITION OPERATION_BLOCKED PRAGMA trusted_schema is not allowed, or not with a value; the README lists those that are
admin sql PRAGMA no_such_pragma
    FAILED_PRECONDITION OPERATION_BLOCKED PRAGMA no_such_pragma is not allowed, or not with a value; the README lists those that are
admin sql SELECT * FROM pragma_database_list
    FAILED_PRECONDITION OPERATION_BLOCKED PRAGMA database_list is not allowed, or not with a value; the README lists those that are
admin sql EXPLAIN PRAGMA writable_schema = ON
    FAILED_PRECONDITION OPERATION_BLOCKED PRAGMA writable_schema is not allowed, or not with a value; the README lists those that are
admin sql EXPLAIN QUERY PLAN PRAGMA writable_schema = ON
    FAILED_PRECONDITION OPERATION_BLOCKED PRAGMA writable_schema is not allowed, or not with a value; the README lists those that are
admin sql EXPLAIN VACUUM INTO '$outside'
    FAILED_PRECONDITION OPERATION_BLOCKED VACUUM is not allowed
admin sql INSERT INTO sqlite_schema VALUES ('table', 'x', 'x', 0, 'CREATE TABLE x (y)')
    INVALID_ARGUMENT SQL_ERROR table sqlite_master may not be modified
admin sql UPDATE sqlite_schema SET sql = ''
    INVALID_ARGUMENT SQL_ERROR table sqlite_master may not be modified
admin sql CREATE VIRTUAL TABLE x USING no_such_module
    FAILED_PRECONDITION OPERATION_BLOCKED virtual tables of module 'no_such_module' are not allowed; fts5 and rtree are
admin Describe {"database": "$db", "sql": "PRAGMA writable_schema = ON"}
    FAILED_PRECONDITION OPERATION_BLOCKED PRAGMA writable_schema is not allowed, or not with a value; the README lists those that are
admin Describe {"database": "$db", "sql": "EXPLAIN QUERY PLAN PRAGMA writable_schema = ON"}
    FAILED_PRECONDITION OPERATION_BLOCKED PRAGMA writable_schema is not allowed, or not with a value; the README lists those that are
admin Describe {"database": "$db", "sql": "VACUUM INTO '$outside'"}
    FAILED_PRECONDITION OPERATION_BLOCKED VACUUM is not allowed
admin Query {"database": "$db", "statement": {"sql": "PRAGMA journal_mode = DELETE"}}
    FAILED_PRECONDITION OPERATION_BLOCKED PRAGMA journal_mode is not allowed, or not with a value; the README lists those that are
admin ExecuteBatch {"database": "$db", "steps": [{"statement": {"sql": "EXPLAIN PRAGMA synchronous = OFF"}}]}
    FAILED_PRECONDITION OPERATION_BLOCKED PRAGMA synchronous is not allowed, or not with a value; the README lists those that are
admin Transact [{"begin": {"database": "$db"}}, {"execute": {"statement": {"sql": "EXPLAIN QUERY PLAN PRAGMA writable_schema = ON"}}}, {"rollback": {}}]
    FAILED_PRECONDITION OPERATION_BLOCKED PRAGMA writable_schema is not allowed, or not with a value; the README lists those that are
admin Transact [{"begin": {"database": "$db"}}, {"execute": {"statement": {"sql": "VACUUM INTO '$outside'"}}}, {"rollback": {}}]
    FAILED_PRECONDITION OPERATION_BLOCKED VACUUM is not allowed

# Writing where only reading is permitted
reader sql INSERT INTO t VALUES (9, 'nine')
    PERMISSION_DENIED READ_ONLY the token permits no writing here
reader sql UPDATE t SET x = 'stolen'
    PERMISSION_DENIED READ_ONLY the token permits no writing here
reader sql WITH n AS (SELECT 1) DELETE FROM t RETURNING x
    PERMISSION_DENIED READ_ONLY the token permits no writing here
reader sql CREATE TABLE u (y)
    PERMISSION_DENIED READ_ONLY the token permits no writing here
reader sql PRAGMA user_version = 7
    PERMISSION_DENIED READ_ONLY the token permits no writing here
reader sql EXPLAIN DELETE FROM t
    PERMISSION_DENIED READ_ONLY the token permits no writing here
reader Describe {"database": "$db", "sql": "DELETE FROM t"}
    PERMISSION_DENIED READ_ONLY the token permits no writing here
reader Query {"database": "$db", "statement": {"sql": "DELETE FROM t RETURNING x"}}
    PERMISSION_DENIED READ_ONLY the token permits no writing here
reader ExecuteBatch {"database": "$db", "steps": [{"statement": {"sql": "DELETE FROM t"}}], "mode": "TRANSACTION_MODE_IMMEDIATE"}
    PERMISSION_DENIED READ_ONLY the token permits no writing here
reader Transact [{"begin": {"database": "$db"}}, {"execute": {"statement": {"sql": "DELETE FROM t"}}}, {"commit": {}}]
    PERMISSION_DENIED READ_ONLY the token permits no writing here
writer Transact [{"begin": {"database": "$db", "mode": "TRANSACTION_MODE_READ_ONLY"}}, {"execute": {"statement": {"sql": "DELETE FROM t"}}}, {"commit": {}}]
    PERMISSION_DENIED READ_ONLY a READ_ONLY transaction cannot write
attacher sql ATTACH 'open' AS c; DELETE FROM c.t
    PERMISSION_DENIED READ_ONLY the attached database 'c' can only be read
attacher sql ATTACH 'open' AS c; DROP TABLE c.t
    PERMISSION_DENIED READ_ONLY the attached database 'c' can only be read
reader UpdateDatabase {"database": {"group": "$group", "name": "alice", "blockReads": true}, "updateMask": "blockReads"}
    PERMISSION_DENIED PERMISSION_DENIED this needs a token that is admin of the group '$group'
writer DeleteDatabase {"name": "$db"}
    PERMISSION_DENIED PERMISSION_DENIED this needs a token that is admin of the group '$group'

# SQL that cannot be
writer sql SELEC 1
    INVALID_ARGUMENT SQL_ERROR near "SELEC": syntax error (offset 0)
writer sql INSERT INTO t VALUES (8, 'eight'); SELECT * FORM t
    INVALID_ARGUMENT SQL_ERROR near "FORM": syntax error (offset 44)
writer sql SELECT 'unfinished
    INVALID_ARGUMENT SQL_ERROR unrecognized token: "'unfinished" (offset 7)
writer sql SELECT nobody FROM t
    INVALID_ARGUMENT SQL_ERROR no such column: nobody (offset 7)
writer sql SELECT * FROM nowhere
    INVALID_ARGUMENT SQL_ERROR no such table: nowhere
writer sql SELECT no_such_function(1)
    INVALID_ARGUMENT SQL_ERROR no such function: no_such_function (offset 7)
writer sql INSERT INTO t VALUES (1, 'again')
    FAILED_PRECONDITION CONSTRAINT UNIQUE constraint failed: t.id
writer sql INSERT INTO t (id, x) VALUES (9, 'nine'); INSERT INTO t (id, x) VALUES (9, NULL)
    FAILED_PRECONDITION CONSTRAINT NOT NULL constraint failed: t.x
writer sql BEGIN; INSERT INTO t VALUES (9, 'nine')
    FAILED_PRECONDITION TRANSACTION_STATE the SQL left a transaction open, which was rolled back; end it with COMMIT, or use Transact
writer sql COMMIT
    INVALID_ARGUMENT SQL_ERROR cannot commit - no transaction is active
writer Execute {"database": "$db", "statement": {"sql": "INSERT INTO t VALUES (?, ?)", "args": [{"integer": "9"}]}}
    INVALID_ARGUMENT ARGUMENT_MISMATCH the parameter ?2 has no argument
writer Execute {"database": "$db", "statement": {"sql": "INSERT INTO t VALUES (?, ?)", "args": [{"integer": "9"}, {"text": "x"}, {"text": "y"}]}}
    INVALID_ARGUMENT ARGUMENT_MISMATCH 3 arguments came for 2 parameters
writer Execute {"database": "$db", "statement": {"sql": "INSERT INTO t VALUES (:a, :b)", "namedArgs": {"a": {"integer": "9"}}}}
    INVALID_ARGUMENT ARGUMENT_MISMATCH the parameter :b has no argument
writer Execute {"database": "$db", "statement": {"sql": "INSERT INTO t VALUES (:a, 'x')", "namedArgs": {"a": {"integer": "9"}, "c": {"integer": "9"}}}}
    INVALID_ARGUMENT ARGUMENT_MISMATCH no parameter is named 'c'
writer Execute {"database": "$db"}
    INVALID_ARGUMENT INVALID_ARGUMENT statement: is required
writer Query {"database": "$db", "statement": {"sql": "INSERT INTO t VALUES (9, 'nine')"}}
    INVALID_ARGUMENT INVALID_ARGUMENT the statement returns no rows; run it with Execute
writer Query {"database": "$db", "statement": {"sql": "SELECT 1; SELECT 2"}}
    INVALID_ARGUMENT INVALID_ARGUMENT exactly one SQL statement is needed here
writer Query {"database": "$db", "statement": {"sql": "SELECT 1"}, "encoding": 9}
    INVALID_ARGUMENT INVALID_ARGUMENT encoding: is not a known encoding
writer ExecuteBatch {"database": "$db"}
    INVALID_ARGUMENT INVALID_ARGUMENT steps: must be 1 to 1000
writer ExecuteBatch {"database": "$db", "steps": [{"statement": {"sql": "SELECT 1"}, "condition": {"ok": 0}}]}
    INVALID_ARGUMENT INVALID_ARGUMENT steps[0].condition: must refer to an earlier step
writer Transact [{}]
    INVALID_ARGUMENT INVALID_ARGUMENT request: one must be set
writer Transact [{"execute": {"statement": {"sql": "SELECT 1"}}}]
    FAILED_PRECONDITION TRANSACTION_STATE the first message must be `begin`
writer Describe {"database": "$db", "sql": "SELECT 1; SELECT 2"}
    INVALID_ARGUMENT INVALID_ARGUMENT exactly one SQL statement is needed here

# Too much
writer Execute {"database": "$db", "statement": {"sql": "$megabytes10"}}
    INVALID_ARGUMENT STATEMENT_TOO_LARGE the SQL text has 10485769 bytes and may have 1000000; send less of it at a time, and large values as arguments
writer Query {"database": "$db", "statement": {"sql": "$megabytes10"}}
    INVALID_ARGUMENT STATEMENT_TOO_LARGE the SQL text has 10485769 bytes and may have 1000000; send less of it at a time, and large values as arguments
writer Describe {"database": "$db", "sql": "$megabytes10"}
    INVALID_ARGUMENT STATEMENT_TOO_LARGE the SQL text has 10485769 bytes and may have 1000000; send less of it at a time, and large values as arguments
writer sql SELECT hex(zeroblob(4000000))
    RESOURCE_EXHAUSTED RESULT_TOO_LARGE the result is larger than a response may be; use Query, which streams it
writer sql INSERT INTO t VALUES (9, 'nine') RETURNING hex(zeroblob(3000000))
    RESOURCE_EXHAUSTED RESULT_TOO_LARGE the result is larger than a response may be; use Query, which streams it
writer sql INSERT INTO t VALUES (9, zeroblob(7000000))
    RESOURCE_EXHAUSTED SIZE_LIMIT the database has reached its size limit; delete rows or raise size_limit_bytes
writer within 300 ms: sql WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n WHERE i < 0
    DEADLINE_EXCEEDED DEADLINE the request ran longer than its deadline; give it more time or less to do
writer within 300 ms: sql INSERT INTO t WITH RECURSIVE n(i) AS (SELECT 10 UNION ALL SELECT i + 1 FROM n) SELECT i, '' FROM n WHERE i < 20
    DEADLINE_EXCEEDED DEADLINE the request ran longer than its deadline; give it more time or less to do
writer within 300 ms: Query {"database": "$db", "statement": {"sql": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n WHERE i < 0"}}
    DEADLINE_EXCEEDED DEADLINE the request ran longer than its deadline; give it more time or less to do

# Tokens
nobody sql DELETE FROM t
    UNAUTHENTICATED TOKEN_MISSING no token came with the request; send metadata 'authorization: Bearer <token>'
malformed sql DELETE FROM t
    UNAUTHENTICATED TOKEN_INVALID the token is not a JWT signed with EdDSA; send it whole, as it was minted
unsigned sql DELETE FROM t
    UNAUTHENTICATED TOKEN_INVALID the token's signature does not hold; send it whole, as it was minted
expired sql DELETE FROM t
    UNAUTHENTICATED TOKEN_EXPIRED the token has expired; mint a new one
revoked sql DELETE FROM t
    UNAUTHENTICATED TOKEN_REVOKED the token was revoked; mint a new one
stranger sql DELETE FROM t
    NOT_FOUND DATABASE_NOT_FOUND there is no database '$db'; check its name and its group's
elsewhere sql DELETE FROM t
    UNAUTHENTICATED TOKEN_INVALID the token is signed by a key that this server does not know; mint a new one
writer CreateToken {"databases": ["$db"]}
    PERMISSION_DENIED PERMISSION_DENIED to manage tokens here, be an admin of the group '$group'
writer CreateToken {"serverAdmin": true}
    PERMISSION_DENIED PERMISSION_DENIED to mint a server admin's token, be a server admin

# A stream that is cut in the middle of a transaction
writer Transact [{"begin": {"database": "$db", "mode": "TRANSACTION_MODE_IMMEDIATE"}}, {"execute": {"statement": {"sql": "DELETE FROM t"}}}]
    OK
"##;

/// The largest size of the database that the rows speak to.
const SIZE_LIMIT_BYTES: u64 = 1 << 20;

/// What the rows are about.
struct Scene {
    world: World,
    /// Everything that must not change.
    databases: Vec<Db>,
    /// Who asks, with their tokens.
    tokens: BTreeMap<&'static str, Option<String>>,
    /// What `$name` stands for.
    names: Vec<(&'static str, String)>,
    /// Where nothing may appear.
    outside: TempDir,
}

impl Scene {
    async fn set() -> Self {
        let world = World::shared().await;
        let database = |name: &str| Database {
            name: name.to_owned(),
            size_limit_bytes: SIZE_LIMIT_BYTES,
            allow_attach: name != "closed",
            ..Default::default()
        };
        let db = world.create(database("alice")).await;
        let open = world.create(database("open")).await;
        let closed = world.create(database("closed")).await;
        let group = world.another_group().await;
        let foreign = world.create(Database { group, ..database("foreign") }).await;
        let databases = vec![db.clone(), open.clone(), closed.clone(), foreign.clone()];
        for each in &databases {
            each.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, x NOT NULL); INSERT INTO t VALUES (1, 'one')").await;
        }
        let writer = world.token(&db, Access::ReadWrite, &[]).await;
        let revoked = world
            .mint(CreateTokenRequest {
                databases: vec![db.reference().into()],
                ..Default::default()
            })
            .await;
        let id = revoked.metadata.expect("its description").id;
        world.admin.tokens().revoke_token(RevokeTokenRequest { id }).await.expect("it is revoked");
        let unsigned = format!("{}.", writer.rsplit_once('.').expect("a signature").0);
        let tokens = BTreeMap::from([
            ("admin", world.admin.token().map(str::to_owned)),
            ("attacher", Some(world.token(&db, Access::ReadWrite, &[&open, &closed]).await)),
            ("reader", Some(world.token(&db, Access::ReadOnly, &[]).await)),
            ("nobody", None),
            ("malformed", Some("not.a.token".to_owned())),
            ("unsigned", Some(unsigned)),
            ("expired", Some(world.forge().expired(&writer))),
            ("revoked", Some(revoked.token)),
            ("stranger", Some(world.token(&foreign, Access::ReadWrite, &[]).await)),
            ("elsewhere", Some(Server::start().admin_token())),
            ("writer", Some(writer)),
        ]);
        let outside = tempfile::tempdir().expect("a directory");
        let eleven: Vec<Value> = (0..11)
            .map(|i| json!({ "database": open.reference(), "alias": format!("a{i}") }))
            .collect();
        let names = vec![
            ("$db_id", db.id().to_owned()),
            ("$db", db.reference().to_owned()),
            ("$foreign", foreign.reference().to_owned()),
            ("$group", world.group.clone()),
            ("$letters65", "x".repeat(65)),
            ("$megabytes10", format!("SELECT '{}'", "x".repeat(10 << 20))),
            ("$eleven", Value::from(eleven).to_string()),
            ("$outside", outside.path().join("stolen.db").display().to_string()),
        ];
        Self { world, databases, tokens, names, outside }
    }

    fn filled(&self, text: &str) -> String {
        self.names.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value))
    }

    /// Puts the names back, so that every run reads the same.
    fn emptied(&self, text: &str) -> String {
        let short = self.names.iter().filter(|(_, value)| value.len() < 100);
        short.fold(text.to_owned(), |text, (name, value)| text.replace(value, name))
    }

    /// Everything that could have changed.
    async fn state(&self) -> String {
        let mut listing = self.world.listing().await;
        // What a write left in the log that was rolled back is no change.
        listing.iter_mut().for_each(|database| database.size_bytes = 0);
        let mut state = format!("{listing:?}");
        for db in &self.databases {
            state += &db.digest().await;
        }
        state += &format!("{:?}", self.outside.path().read_dir().expect("a directory").count());
        state
    }

    /// Makes the request of a row; answers the outcome.
    async fn ask(&self, request: &str) -> String {
        let (who, rest) = request.split_once(' ').expect("who asks");
        let (deadline, rest) = match rest
            .strip_prefix("within ")
            .and_then(|rest| rest.split_once(" ms: "))
        {
            Some((ms, rest)) => (Some(Duration::from_millis(ms.parse().expect("a number"))), rest),
            None => (None, rest),
        };
        let (name, message) = rest.split_once(' ').expect("an RPC and its message");
        let (name, message) = match name {
            "sql" => {
                let statement = json!({ "sql": self.filled(message) });
                (
                    "Execute",
                    json!({ "database": self.databases[0].reference(), "statement": statement }),
                )
            }
            name => (name, serde_json::from_str(&self.filled(message)).expect("JSON")),
        };
        let messages = match message {
            Value::Array(messages) => messages,
            message => vec![message],
        };
        let token = self.tokens.get(who).unwrap_or_else(|| panic!("who is {who}?")).clone();
        let answer = self.world.raw().call(&rpc(name), Call { token, deadline, messages }).await;
        self.emptied(&outcome(&answer)).trim().to_owned()
    }
}

/// The code and the reason of an outcome.
fn verdict(outcome: &str) -> Vec<&str> {
    outcome.split(' ').take(2).collect()
}

#[tokio::test]
async fn bad_input_gets_its_answer_and_changes_nothing() {
    let scene = Scene::set().await;
    let before = scene.state().await;
    let mut lines = TABLE.lines().peekable();
    let (mut actual, mut wrong) = (String::new(), Vec::new());
    while let Some(line) = lines.next() {
        actual += line;
        actual.push('\n');
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let expected = lines.next().expect("each request has its answer").trim();
        let outcome = scene.ask(line).await;
        let is_right = verdict(&outcome) == verdict(expected);
        actual += &format!("    {}\n", if is_right { &outcome } else { expected });
        if !is_right {
            wrong.push(format!("{line}\n    expected {expected}\n    got      {outcome}"));
        }
        assert_eq!(scene.state().await, before, "this changed something: {line}");
    }
    if wrong.is_empty() || is_updating() {
        check("bad_input.rs", TABLE, &actual);
    }
    assert!(wrong.is_empty(), "{} rows:\n{}", wrong.len(), wrong.join("\n"));
}
