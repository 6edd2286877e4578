//! The characters that `trim()` takes away, in a form that makes a trim take
//! time linear in its text.
//!
//! A character is what SQLite takes for one: a byte below 0xC0, or any other
//! byte with all the continuation bytes behind it. So in text that is not
//! UTF-8 one can be the beginning or the end of another, and can be of any
//! length; where two of the set fit, the one named first goes. Nothing here
//! allocates: the caller brings the room.

use std::ops::Range;

/// Where a character stands in the text of the set.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Char {
    start: u32,
    end: u32,
}

/// Stands behind every character's place.
const NOWHERE: u32 = u32::MAX;

/// A set of characters.
pub(super) struct TrimSet<'a> {
    text: &'a [u8],
    /// Where each character of one byte stands first.
    short: [u32; 256],
    /// The others, sorted by their bytes and then by their place.
    long: &'a [Char],
}

impl<'a> TrimSet<'a> {
    /// How many characters there are in `text`, and how many of them are of
    /// more than one byte.
    pub(super) fn count(text: &[u8]) -> (usize, usize) {
        chars(text).fold((0, 0), |(all, long), char| (all + 1, long + usize::from(char.len() > 1)))
    }

    /// The set of the characters in `text`; `room` is for those of more than
    /// one byte.
    pub(super) fn new(text: &'a [u8], room: &'a mut [Char]) -> Self {
        let mut short = [NOWHERE; 256];
        let mut free = room.iter_mut();
        for char in chars(text) {
            let start = char.start as u32;
            if char.len() == 1 {
                let place = &mut short[usize::from(text[char.start])];
                *place = start.min(*place);
            } else if let Some(place) = free.next() {
                *place = Char { start, end: char.end as u32 };
            }
        }
        room.sort_unstable_by_key(|&char| (bytes(text, char), char.start));
        Self { text, short, long: room }
    }

    /// `input` without the characters of the set at its start.
    pub(super) fn trim_start<'i>(&self, input: &'i [u8]) -> &'i [u8] {
        let mut rest = input;
        while let Some(&first) = rest.first() {
            let (mut place, mut length) = (self.short(first), 1);
            let mut among = self.narrow(self.long, 0, first);
            let mut depth = 1;
            // Goes no further than the continuation bytes behind the first.
            while !among.is_empty()
                && let Some(&byte) = rest.get(depth)
            {
                among = self.narrow(among, depth, byte);
                depth += 1;
                let whole = self.whole(among, depth);
                if whole < place {
                    (place, length) = (whole, depth);
                }
            }
            if place == NOWHERE {
                break;
            }
            rest = &rest[length..];
        }
        rest
    }

    /// `input` without the characters of the set at its end.
    pub(super) fn trim_end<'i>(&self, input: &'i [u8]) -> &'i [u8] {
        let mut rest = input;
        while !rest.is_empty() {
            let start = last_run(rest);
            let left = self.trim_run(&rest[start..]);
            rest = &rest[..start + left];
            if left > 0 {
                break;
            }
        }
        rest
    }

    /// How much of a run is left when its end is trimmed. What fits at an end is the last byte or
    /// the whole run, so from the start on, each end's answer gives the next one's.
    fn trim_run(&self, run: &[u8]) -> usize {
        let mut left = 0;
        let mut among = self.long;
        for (depth, &byte) in run.iter().enumerate() {
            among = self.narrow(among, depth, byte);
            let (whole, last) = (self.whole(among, depth + 1), self.short(byte));
            if whole < last {
                left = 0;
            } else if last == NOWHERE {
                left = depth + 1;
            }
        }
        left
    }

    fn short(&self, byte: u8) -> u32 {
        self.short[usize::from(byte)]
    }

    /// Of characters with the same first `depth` bytes, those that go on with `byte`.
    fn narrow<'s>(&self, among: &'s [Char], depth: usize, byte: u8) -> &'s [Char] {
        let next = |char: &Char| bytes(self.text, *char).get(depth).copied();
        let among = &among[among.partition_point(|char| next(char) < Some(byte))..];
        &among[..among.partition_point(|char| next(char) == Some(byte))]
    }

    /// Where the character stands that is only the `length` bytes that all of
    /// these begin with.
    fn whole(&self, among: &[Char], length: usize) -> u32 {
        let shortest = among.first().filter(|char| bytes(self.text, **char).len() == length);
        shortest.map_or(NOWHERE, |char| char.start)
    }
}

/// Whether SQLite sees no character begin at this byte.
pub(super) fn is_continuation(byte: u8) -> bool {
    byte & 0xc0 == 0x80
}

fn bytes(text: &[u8], char: Char) -> &[u8] {
    &text[char.start as usize..char.end as usize]
}

fn chars(text: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at;
        let first = *text.get(start)?;
        at += 1;
        if first >= 0xc0 {
            at += text[at..].iter().take_while(|byte| is_continuation(**byte)).count();
        }
        Some(start..at)
    })
}

/// Where the run at the end of a text starts: its last byte, or all its last
/// continuation bytes, and the byte before them if a character begins there.
fn last_run(text: &[u8]) -> usize {
    let behind = text.iter().rev().take_while(|byte| is_continuation(**byte)).count();
    let start = text.len() - behind;
    match text[..start].last() {
        Some(&byte) if behind == 0 || byte >= 0xc0 => start - 1,
        _ => start,
    }
}
