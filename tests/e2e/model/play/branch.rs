//! Branches: children that begin as another one is.

use tokio::task::JoinHandle;
use tonic::Status;

use super::together::{Op, Order};
use super::{Child, Play, name_of};
use crate::model::oracle::Oracle;
use crate::model::step::Script;

/// A branch that is made while other things happen.
pub(super) struct Branching {
    pub(super) source: String,
    pub(super) name: String,
    /// What its source held before.
    before: Option<Oracle>,
    /// What is done to its source meanwhile.
    op: Option<Op>,
    made: JoinHandle<Result<String, Status>>,
}

impl Play<'_> {
    pub(super) async fn branch(&mut self, source: u8, name: u8) {
        let Some(source) = self.pick(source) else { return };
        let name = name_of(name);
        let made = self.fleet.try_branch(&source, &name).await.map(|branch| branch.id);
        let is_new = made.is_ok();
        self.note_created(name.clone(), made);
        // One of a child without a file has none.
        let db = self.children[&source].db.as_ref().map(Oracle::copy);
        if is_new && db.is_some() {
            self.children.get_mut(&name).expect("it is there").db = db;
            self.compare(&name).await;
        }
        self.counts.branched += usize::from(is_new);
    }

    /// Begins to make one, unless one of these has to do with it.
    pub(super) fn start_branch(
        &mut self,
        (source, name): (u8, u8),
        op_of: impl Fn(&str) -> Option<Op>,
        others: [&Option<String>; 2],
    ) -> Option<Branching> {
        let (source, name) = (self.pick(source)?, name_of(name));
        let is_other = |name: &String| others.contains(&&Some(name.clone()));
        if self.children.contains_key(&name) || is_other(&name) || is_other(&source) {
            return None;
        }
        let before = self.children[&source].db.as_ref().map(Oracle::copy);
        let made = tokio::spawn({
            let (fleet, source, name) = (self.fleet.clone(), source.clone(), name.clone());
            async move { fleet.try_branch(&source, &name).await.map(|branch| branch.id) }
        });
        Some(Branching { op: op_of(&source), source, name, before, made })
    }

    /// Finds out what became of it: a state that its source had meanwhile, brought
    /// to where the fleet is.
    pub(super) async fn settle_branch(
        &mut self,
        branching: Branching,
        script: Option<&Script>,
        killed: bool,
    ) {
        let Branching { source, name, before, op, made } = branching;
        let at = format!("{}: {name}, a branch of {source}", self.at);
        let id = match made.await.expect("it ends") {
            Ok(id) => id,
            Err(_) if killed => {
                let all = self.fleet.children(Default::default()).await;
                match all.into_iter().find(|child| child.name == name) {
                    Some(child) => child.id,
                    None => return,
                }
            }
            Err(status) => panic!("{at}: {status:?}"),
        };
        self.counts.branched += 1;
        let (generation, rows) = self.ask_dump(&name).await;
        assert_eq!(generation, self.generation, "{at}");
        let ends: Vec<Oracle> = match (before, op) {
            (None, _) => vec![self.parent.copy()],
            (Some(before), Some(op)) => [Order::Never, Order::Before, Order::After]
                .into_iter()
                .filter_map(|order| order.lead(&before, &op, script))
                .collect(),
            (Some(before), None) => {
                let passes = script.is_none_or(|script| before.migrate(script).is_ok());
                assert!(passes, "{at}: the migration cannot pass on it");
                vec![before]
            }
        };
        let seen: Vec<_> = ends.iter().map(Oracle::dump).collect();
        let db = ends.into_iter().find(|end| end.dump() == rows);
        assert!(db.is_some(), "{at}: it holds {rows:#?}\nand could hold {seen:#?}");
        self.children.insert(name, Child { id, db });
    }
}
