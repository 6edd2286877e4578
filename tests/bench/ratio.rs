//! Figures, and how they are told.

use std::fmt;

/// A measured figure with the bound that it is to keep.
pub(crate) struct Figure {
    pub(crate) name: &'static str,
    /// One value per round, in the order of the rounds.
    pub(crate) rounds: Vec<f64>,
    pub(crate) bound: Bound,
    /// What was seen beside it.
    pub(crate) detail: String,
}

/// What a figure is to keep.
pub(crate) enum Bound {
    AtLeast(f64),
    AtMost(f64),
    Below(f64),
}

impl Figure {
    fn median(&self) -> f64 {
        median(&self.rounds)
    }

    pub(crate) fn is_kept(&self) -> bool {
        match self.bound {
            Bound::AtLeast(bound) => self.median() >= bound,
            Bound::AtMost(bound) => self.median() <= bound,
            Bound::Below(bound) => self.median() < bound,
        }
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (least, most) =
            self.rounds.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), &round| {
                (least.min(round), most.max(round))
            });
        let bound = match self.bound {
            Bound::AtLeast(bound) => format!("at least {bound}"),
            Bound::AtMost(bound) => format!("at most {bound}"),
            Bound::Below(bound) => format!("below {bound}"),
        };
        let verdict = if self.is_kept() { "kept" } else { "NOT KEPT" };
        write!(
            f,
            "{}: {:.2} (rounds {least:.2} to {most:.2}; {bound}: {verdict}) {}",
            self.name,
            self.median(),
            self.detail
        )
    }
}

/// The middle value.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}
