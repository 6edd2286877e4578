//! The rows that every request looks up, kept in memory.
//!
//! The cache is exact: once a change is acknowledged, no lookup answers the row
//! from before it. The writer strikes a row after the commit and before the
//! answer. What remains is the reader that read the old row before the commit
//! and comes to store it after the strike: each miss hands out a [`Ticket`],
//! and a strike in between makes that ticket worthless.

use std::hash::{BuildHasher, Hash, RandomState};
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use lru::LruCache;

use super::{Database, Group};
use crate::names::{DatabaseId, DatabaseName, DatabaseRef, GroupName, NameOrId};

/// The most groups, and apart from them the most references to databases, that
/// are kept.
const ENTRIES_MAX: NonZeroUsize = NonZeroUsize::new(100_000).expect("not zero");

/// Strikes are counted by slot and not by key, to take a fixed place. Two keys
/// of one slot cost each other a read now and then.
const SLOTS: usize = 1024;

/// What a lookup found.
pub(super) enum Lookup<T> {
    /// The row.
    Hit(T),
    /// Nothing: read it, and store it with this.
    Miss(Ticket),
}

/// The right to store what is read after it was given.
#[derive(Clone, Copy)]
pub(super) struct Ticket {
    key: Seen,
    group: Seen,
}

/// How many strikes a slot had seen.
#[derive(Clone, Copy)]
struct Seen {
    slot: usize,
    strikes: u64,
}

/// Counts strikes.
struct Strikes([u64; SLOTS]);

impl Strikes {
    fn see(&self, slot: usize) -> Seen {
        Seen { slot, strikes: self.0[slot] }
    }

    fn are_as(&self, seen: Seen) -> bool {
        self.0[seen.slot] == seen.strikes
    }

    fn add(&mut self, slot: usize) {
        self.0[slot] += 1;
    }
}

/// The cache of one catalog.
pub(super) struct Cache {
    slots: RandomState,
    kept: Mutex<Kept>,
}

struct Kept {
    groups: LruCache<GroupName, Arc<Group>>,
    databases: LruCache<DatabaseRef, KeptDatabase>,
    /// Strikes of groups, each one of all the databases in it too.
    group_strikes: Strikes,
    database_strikes: Strikes,
}

struct KeptDatabase {
    row: Arc<Database>,
    /// The row counts only while its group was not struck.
    group: Seen,
}

impl Cache {
    pub(super) fn new() -> Self {
        Self {
            slots: RandomState::new(),
            kept: Mutex::new(Kept {
                groups: LruCache::new(ENTRIES_MAX),
                databases: LruCache::new(ENTRIES_MAX),
                group_strikes: Strikes([0; SLOTS]),
                database_strikes: Strikes([0; SLOTS]),
            }),
        }
    }

    pub(super) fn group(&self, name: &GroupName) -> Lookup<Arc<Group>> {
        let mut kept = self.lock();
        if let Some(group) = kept.groups.get(name) {
            return Lookup::Hit(Arc::clone(group));
        }
        let group = kept.group_strikes.see(self.slot(name));
        Lookup::Miss(Ticket { key: group, group })
    }

    pub(super) fn keep_group(&self, ticket: Ticket, row: &Arc<Group>) {
        let mut kept = self.lock();
        if kept.group_strikes.are_as(ticket.group) {
            kept.groups.put(row.name.clone(), Arc::clone(row));
        }
    }

    pub(super) fn database(&self, reference: &DatabaseRef) -> Lookup<Arc<Database>> {
        let mut kept = self.lock();
        let Kept { databases, group_strikes, database_strikes, .. } = &mut *kept;
        if let Some(found) = databases.get(reference)
            && group_strikes.are_as(found.group)
        {
            return Lookup::Hit(Arc::clone(&found.row));
        }
        Lookup::Miss(Ticket {
            key: database_strikes.see(self.slot(reference)),
            group: group_strikes.see(self.slot(&reference.group)),
        })
    }

    pub(super) fn keep_database(
        &self,
        ticket: Ticket,
        reference: DatabaseRef,
        row: &Arc<Database>,
    ) {
        let mut kept = self.lock();
        if kept.database_strikes.are_as(ticket.key) && kept.group_strikes.are_as(ticket.group) {
            let row = KeptDatabase { row: Arc::clone(row), group: ticket.group };
            kept.databases.put(reference, row);
        }
    }

    /// Drops everything: nobody knows what has changed.
    pub(super) fn strike_all(&self) {
        let mut kept = self.lock();
        kept.groups.clear();
        kept.databases.clear();
        for slot in 0..SLOTS {
            kept.group_strikes.add(slot);
            kept.database_strikes.add(slot);
        }
    }

    /// Drops a group and every database in it.
    pub(super) fn strike_group(&self, name: &GroupName) {
        let mut kept = self.lock();
        kept.group_strikes.add(self.slot(name));
        kept.groups.pop(name);
    }

    /// Drops a database under its name and under its id.
    pub(super) fn strike_database(&self, group: &GroupName, name: &DatabaseName, id: DatabaseId) {
        let mut kept = self.lock();
        for database in [NameOrId::Name(name.clone()), NameOrId::Id(id)] {
            let reference = DatabaseRef { group: group.clone(), database };
            kept.database_strikes.add(self.slot(&reference));
            kept.databases.pop(&reference);
        }
    }

    fn slot(&self, key: &impl Hash) -> usize {
        usize::try_from(self.slots.hash_one(key) % SLOTS as u64).unwrap_or_default()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Kept> {
        // No holder can leave it half changed by panicking.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
