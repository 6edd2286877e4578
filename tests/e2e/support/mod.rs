//! What the tests are written in: a server, a world of their own on it, and
//! databases that speak in rows.

pub(crate) mod cells;
pub(crate) mod cli;
pub(crate) mod client;
pub(crate) mod db;
pub(crate) mod fleet;
pub(crate) mod forge;
pub(crate) mod process;
pub(crate) mod raw;
pub(crate) mod server;
pub(crate) mod shop_data;
pub(crate) mod stream;
pub(crate) mod table;
pub(crate) mod terminal;
pub(crate) mod tx;
pub(crate) mod wait;
pub(crate) mod world;

pub(crate) use cells::{Cell, Sql, cells, sql, text};
pub(crate) use cli::Cli;
pub(crate) use client::{Client, expect_error};
pub(crate) use db::Db;
pub(crate) use fleet::Fleet;
pub(crate) use forge::Forge;
pub(crate) use server::Server;
pub(crate) use stream::RowStream;
pub(crate) use tenantry_client::v1;
pub(crate) use tonic::{Code, Status};
pub(crate) use tx::Tx;
pub(crate) use wait::{bounded, until};
pub(crate) use world::World;
